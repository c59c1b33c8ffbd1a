import{a,b}from"./chunk-CKCYKOFN.js";import"./chunk-H7WG3JDA.js";import"./chunk-O2SNNNUT.js";export{a as drawDifference,b as openRevert};
