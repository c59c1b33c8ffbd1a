import{a,b}from"./chunk-ORIVEBLF.js";import"./chunk-RI7N5M4W.js";import"./chunk-BIDE5MZX.js";export{a as drawDifference,b as openRevert};
