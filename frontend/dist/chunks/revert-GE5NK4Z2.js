import{a,b}from"./chunk-FJY5E53Q.js";import"./chunk-RXY5VIMQ.js";import"./chunk-OZJFY6K3.js";export{a as drawDifference,b as openRevert};
