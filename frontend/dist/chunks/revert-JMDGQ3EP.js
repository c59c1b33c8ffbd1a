import{a,b}from"./chunk-36XAJYGK.js";import"./chunk-LRDPELF7.js";import"./chunk-QUS35WF6.js";export{a as drawDifference,b as openRevert};
