import{a,b}from"./chunk-KI6SP5Z6.js";import"./chunk-CV7ZBC4Q.js";import"./chunk-LTAZQYXI.js";export{a as drawDifference,b as openRevert};
