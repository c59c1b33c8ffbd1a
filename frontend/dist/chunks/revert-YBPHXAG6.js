import{a,b}from"./chunk-CKXBYIJA.js";import"./chunk-O3UVCB3Q.js";import"./chunk-SNWLEB2L.js";export{a as drawDifference,b as openRevert};
