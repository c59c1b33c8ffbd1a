// Relay on Socket.IO, WebSocket transport only: an event of one client goes to the whole room.
// Started by bench with the port as its argument.
"use strict";
const { Server } = require("socket.io");

const io = new Server(Number(process.argv[2]), { transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => {
  socket.join("room");
  socket.on("m", (data) => io.to("room").emit("m", data));
});
