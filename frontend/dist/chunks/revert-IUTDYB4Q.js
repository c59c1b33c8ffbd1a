import{a,b}from"./chunk-6PIY774E.js";import"./chunk-BEDWE64D.js";import"./chunk-FZH23MM2.js";import"./chunk-FGXQ5DRL.js";export{a as drawDifference,b as openRevert};
