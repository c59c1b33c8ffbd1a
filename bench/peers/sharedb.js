// ShareDB with its database in memory and its text type. Started by bench with the port as its argument, and with how
// many documents there shall be: bench-1 and so on.
"use strict";
const { Duplex } = require("node:stream");
const { WebSocketServer } = require("ws");
const ShareDB = require("sharedb");
const { type } = require("ot-text");
const text = require("./text.js");

// One socket as the stream of messages that ShareDB listens to.
class SocketStream extends Duplex {
  constructor(socket) {
    super({ objectMode: true });
    this.socket = socket;
    socket.on("message", (data) => this.push(JSON.parse(data)));
    socket.on("close", () => {
      this.push(null);
      this.destroy();
    });
  }

  _read() {}

  _write(message, encoding, done) {
    this.socket.send(JSON.stringify(message));
    done();
  }
}

ShareDB.types.register(type);
const backend = new ShareDB();
const connection = backend.connect();
let left = Number(process.argv[3]);
for (let number = left; number > 0; number--) {
  connection.get("bench", `bench-${number}`).create(text, type.name, (error) => {
    if (error) throw error;
    if (--left === 0) listen();
  });
}

function listen() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });
  server.on("connection", (socket) => backend.listen(new SocketStream(socket)));
}
