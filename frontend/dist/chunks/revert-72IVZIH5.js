import{a,b}from"./chunk-R3FPL57C.js";import"./chunk-IGRFNPVN.js";import"./chunk-ZQC6RB66.js";import"./chunk-74HCTARA.js";export{a as drawDifference,b as openRevert};
