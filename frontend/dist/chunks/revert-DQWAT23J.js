import{a,b}from"./chunk-CTLAYQ6A.js";import"./chunk-MU7JWGJ5.js";import"./chunk-JLEHQFW3.js";export{a as drawDifference,b as openRevert};
