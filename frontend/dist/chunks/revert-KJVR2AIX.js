import{a,b}from"./chunk-K6IQSB42.js";import"./chunk-2UUJ62QA.js";import"./chunk-T3MERNDT.js";import"./chunk-FGXQ5DRL.js";export{a as drawDifference,b as openRevert};
