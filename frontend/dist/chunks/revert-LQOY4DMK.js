import{a,b}from"./chunk-UX7WOHV2.js";import"./chunk-NVZHB3L2.js";import"./chunk-L26KPIKL.js";export{a as drawDifference,b as openRevert};
