import{a,b}from"./chunk-2A5GDWBE.js";import"./chunk-Z55BD2VV.js";import"./chunk-F55XRWB2.js";export{a as drawDifference,b as openRevert};
