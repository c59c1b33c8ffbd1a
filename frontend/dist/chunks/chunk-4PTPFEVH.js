var n=null;function t(e){n=e}function a(){let e=n;return n=null,e}function l(){return n!==null}export{t as a,a as b,l as c};
