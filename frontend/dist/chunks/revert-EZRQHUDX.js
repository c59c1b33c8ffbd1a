import{a,b}from"./chunk-KTV5FMFC.js";import"./chunk-XV3XJYQZ.js";import"./chunk-FISVG6X5.js";export{a as drawDifference,b as openRevert};
