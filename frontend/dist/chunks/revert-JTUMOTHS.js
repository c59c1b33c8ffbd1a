import{a,b}from"./chunk-ZA3OE5UZ.js";import"./chunk-WKFKQBZZ.js";import"./chunk-2WJKTST2.js";export{a as drawDifference,b as openRevert};
