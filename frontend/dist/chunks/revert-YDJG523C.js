import{a,b}from"./chunk-ZJJQIPWX.js";import"./chunk-HOAGTJBW.js";import"./chunk-TBX6AIOV.js";export{a as drawDifference,b as openRevert};
