import{a,b}from"./chunk-NRMSEXF7.js";import"./chunk-ZFABAI6M.js";import"./chunk-HAYULUJH.js";export{a as drawDifference,b as openRevert};
