import{a,b,c,d,e,f,g}from"./chunk-PMTYQ7YM.js";import"./chunk-FGXQ5DRL.js";export{a as bridgedOf,b as fillVia,g as joinedLines,f as joinedWords,e as peopleOf,c as viaTag,d as whoseCard};
