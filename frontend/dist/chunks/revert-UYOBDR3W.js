import{a,b}from"./chunk-SRRYT6D5.js";import"./chunk-TDRTEMJU.js";import"./chunk-U4V6JHVQ.js";export{a as drawDifference,b as openRevert};
