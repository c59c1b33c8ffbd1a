import{a,b}from"./chunk-NJOXS2W2.js";import"./chunk-6WQNPPE4.js";import"./chunk-KAWXCBP4.js";export{a as drawDifference,b as openRevert};
