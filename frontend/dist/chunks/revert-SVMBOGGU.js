import{a,b}from"./chunk-TJQ2M4RE.js";import"./chunk-75OYI26E.js";import"./chunk-D7SCZGJX.js";import"./chunk-FGXQ5DRL.js";export{a as drawDifference,b as openRevert};
