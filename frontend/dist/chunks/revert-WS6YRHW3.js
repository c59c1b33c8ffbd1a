import{a,b}from"./chunk-NUDJWWRP.js";import"./chunk-CM52EVY6.js";import"./chunk-L7RGI2PJ.js";export{a as drawDifference,b as openRevert};
