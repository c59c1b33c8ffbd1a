import{a,b}from"./chunk-YNHSO5EN.js";import"./chunk-FGO5LQHH.js";import"./chunk-PPXKXZMM.js";export{a as drawDifference,b as openRevert};
