import{a,b}from"./chunk-HUO6UAQE.js";import"./chunk-AZ6GWXFH.js";import"./chunk-OYDMNL7C.js";export{a as drawDifference,b as openRevert};
