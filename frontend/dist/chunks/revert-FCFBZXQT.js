import{a,b}from"./chunk-FKWQPFCO.js";import"./chunk-JUDHLC7B.js";import"./chunk-3CB76GGZ.js";import"./chunk-FGXQ5DRL.js";export{a as drawDifference,b as openRevert};
