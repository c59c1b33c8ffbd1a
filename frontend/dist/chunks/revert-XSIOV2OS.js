import{a,b}from"./chunk-NVMEQN5W.js";import"./chunk-O57J7BDI.js";import"./chunk-5TIAYONH.js";export{a as drawDifference,b as openRevert};
