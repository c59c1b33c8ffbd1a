import{a,b}from"./chunk-MTOIYGFR.js";import"./chunk-IE5ZE32H.js";import"./chunk-P3FOMWKU.js";export{a as drawDifference,b as openRevert};
