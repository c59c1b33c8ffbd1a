import{a,b}from"./chunk-RA2PK2E4.js";import"./chunk-ZHIGD7TM.js";import"./chunk-PVQNVIZW.js";export{a as drawDifference,b as openRevert};
