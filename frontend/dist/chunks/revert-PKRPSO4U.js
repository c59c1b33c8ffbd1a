import{a,b}from"./chunk-GDGMZQZR.js";import"./chunk-YGNX2ITP.js";import"./chunk-S7LXAGAO.js";export{a as drawDifference,b as openRevert};
