import{a,b}from"./chunk-VKOY7V7A.js";import"./chunk-4XIKEH3O.js";import"./chunk-KVZSERND.js";import"./chunk-FGXQ5DRL.js";export{a as drawDifference,b as openRevert};
