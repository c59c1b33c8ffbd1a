import{a,b}from"./chunk-D43BRXAN.js";import"./chunk-LVW57SPE.js";import"./chunk-DK3XQUWO.js";import"./chunk-FGXQ5DRL.js";export{a as drawDifference,b as openRevert};
