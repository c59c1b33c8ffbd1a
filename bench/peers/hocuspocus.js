// Hocuspocus without a store: a document begins with the text that everybody begins with, written by client 1.
// Started by bench with the port as its argument.
"use strict";
const { Server } = require("@hocuspocus/server");
const text = require("./text.js");

const server = new Server({
  port: Number(process.argv[2]),
  address: "127.0.0.1",
  quiet: true,
  async onLoadDocument({ document }) {
    const { clientID } = document;
    document.clientID = 1;
    document.getText("text").insert(0, text);
    document.clientID = clientID;
  },
});
server.listen();
