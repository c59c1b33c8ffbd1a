// Relay on uWebSockets through its own publish/subscribe: what one client says goes to the topic.
// Started by bench with the port as its argument.
"use strict";
// The binary itself: the package's main file would fall back to plain JavaScript without failing.
const { platform, arch, versions } = process;
const uws = require(`@trufflesuite/uws-js-unofficial/binaries/uws_${platform}_${arch}_${versions.modules}.node`);

const app = uws.App();
app.ws("/*", {
  compression: uws.DISABLED,
  idleTimeout: 120,
  open: (socket) => socket.subscribe("room"),
  message: (socket, message, isBinary) => app.publish("room", message, isBinary),
});
app.listen("127.0.0.1", Number(process.argv[2]), (token) => {
  if (!token) process.exit(1);
});
