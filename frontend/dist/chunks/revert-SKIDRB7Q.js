import{a,b}from"./chunk-TYLUZ45E.js";import"./chunk-UPNID7SW.js";import"./chunk-TADBBO6V.js";import"./chunk-74HCTARA.js";export{a as drawDifference,b as openRevert};
