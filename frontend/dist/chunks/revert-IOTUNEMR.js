import{a,b}from"./chunk-4TKUHX2X.js";import"./chunk-PXBRKIOK.js";import"./chunk-U3SZYRUW.js";export{a as drawDifference,b as openRevert};
