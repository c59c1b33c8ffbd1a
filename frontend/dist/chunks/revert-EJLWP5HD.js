import{a,b}from"./chunk-ISAGDZI2.js";import"./chunk-SFGVAZNY.js";import"./chunk-GMAN54RY.js";import"./chunk-74HCTARA.js";export{a as drawDifference,b as openRevert};
