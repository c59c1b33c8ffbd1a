// A bot on Mattermost's own client: whoever says marco is answered polo. Run by tests/integrations/test_stock_clients.py.
// It says `ready` once it listens, and `done` once it has answered.

import client from "@mattermost/client";
import WebSocket from "ws";

const { Client4, WebSocketClient } = client;
const { SITE, TOKEN, CHANNEL } = process.env;
// Node 20 has neither; a browser has both.
globalThis.CloseEvent ??= class extends Event {};
globalThis.WebSocket = WebSocket;

const api = new Client4();
api.setUrl(SITE);
api.setToken(TOKEN);
const me = await api.getMe();
if (me.username !== "builds") throw new Error(`signed in as ${me.username}`);
const listed = await api.getPosts(CHANNEL, 0, 60);
if (listed.order.length !== 0) throw new Error("there are posts already");

const socket = new WebSocketClient();
socket.addMessageListener(async (message) => {
  // The line opens before the server listens for it; hello says that it does.
  if (message.event === "hello") console.log("ready");
  if (message.event !== "posted") return;
  const post = JSON.parse(message.data.post);
  if (post.message !== "marco") return;
  const made = await api.createPost({ channel_id: CHANNEL, message: "polo", root_id: post.id });
  await api.patchPost({ id: made.id, message: "polo!" });
  await api.addReaction(me.id, post.id, "+1");
  socket.close();
  console.log("done");
  process.exit(0);
});
socket.initialize(`${SITE.replace("http", "ws")}/api/v4/websocket`, TOKEN);
