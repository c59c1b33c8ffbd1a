import{a,b}from"./chunk-IRNFMXBJ.js";import"./chunk-C6BVNV2F.js";import"./chunk-HOZ4TINH.js";import"./chunk-74HCTARA.js";export{a as drawDifference,b as openRevert};
