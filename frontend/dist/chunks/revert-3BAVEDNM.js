import{a,b}from"./chunk-BXL4WD7C.js";import"./chunk-EIXZFZW4.js";import"./chunk-33RHA3Q3.js";export{a as drawDifference,b as openRevert};
