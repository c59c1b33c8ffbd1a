// The server of y-websocket on Node ws, without a store: a document begins with the text that everybody begins with,
// written by client 1. Started by bench with the port as its argument.
"use strict";
const { WebSocketServer } = require("ws");
const { setContentInitializor, setupWSConnection } = require("@y/websocket-server/utils");
const text = require("./text.js");

setContentInitializor(async (document) => {
  const { clientID } = document;
  document.clientID = 1;
  document.getText("text").insert(0, text);
  document.clientID = clientID;
});
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });
server.on("connection", setupWSConnection);
