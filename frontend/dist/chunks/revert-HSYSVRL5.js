import{a,b}from"./chunk-AX47C6ID.js";import"./chunk-QIUWOPVA.js";import"./chunk-F5YLJFJN.js";export{a as drawDifference,b as openRevert};
