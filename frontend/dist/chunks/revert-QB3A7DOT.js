import{a,b}from"./chunk-6AWGPOK2.js";import"./chunk-UOAEUTAD.js";import"./chunk-ESKXD2R6.js";export{a as drawDifference,b as openRevert};
