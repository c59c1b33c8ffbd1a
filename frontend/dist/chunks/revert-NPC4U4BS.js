import{a,b}from"./chunk-KCRNU62C.js";import"./chunk-GIGKU256.js";import"./chunk-5CYTA5ZF.js";export{a as drawDifference,b as openRevert};
