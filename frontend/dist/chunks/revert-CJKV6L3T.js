import{a,b}from"./chunk-H5OVGW25.js";import"./chunk-ASASSFKN.js";import"./chunk-WMH7W75H.js";export{a as drawDifference,b as openRevert};
