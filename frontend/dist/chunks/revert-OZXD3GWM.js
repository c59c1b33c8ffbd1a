import{a,b}from"./chunk-65U5YIDJ.js";import"./chunk-E2JYGBRW.js";import"./chunk-G6ATFIKB.js";export{a as drawDifference,b as openRevert};
