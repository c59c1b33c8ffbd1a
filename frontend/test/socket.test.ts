// The connection against the protocol: greetings, order, gaps, resume, flow control, heartbeat, back-off, close codes.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { AnyEvent } from "../src/events";
import { CommandError, Connection } from "../src/socket";
import { fakeLine, FakeSocket, settle } from "./fake_socket";

interface Seen {
  connection: Connection;
  events: AnyEvent[];
  states: string[];
  snapshots: [string, number][];
  denied: string[];
  reloads: number;
}

function connect(): Seen {
  const seen: Seen = { events: [], states: [], snapshots: [], denied: [], reloads: 0 } as unknown as Seen;
  seen.connection = new Connection("ws://house/ws/chat/", {
    onSnapshotNeeded: (topic, head) => seen.snapshots.push([topic, head]),
    onDenied: (topic) => seen.denied.push(topic),
    onReload: () => (seen.reloads += 1),
  });
  seen.connection.onEvent((event) => seen.events.push(event));
  seen.connection.onState((state) => seen.states.push(state));
  return seen;
}

function online(seq: number | null = 10): Seen {
  const seen = connect();
  seen.connection.subscribe("room:1", seq);
  seen.connection.start();
  FakeSocket.last.hello();
  return seen;
}

function event(seq: number): unknown {
  return { type: "reaction.added", topic: "room:1", seq, at: "2026-11-22T09:00:00Z", data: { message: "m", user: 2, emoji: "👍" } };
}

const seqs = (seen: Seen) => seen.events.map((one) => one.seq);

const clock = fakeLine();

test("a tab subscribes after the greeting, from the seq it has", () => {
  const seen = connect();
  seen.connection.subscribe("room:1", 104);
  seen.connection.subscribe("room:2", null);
  seen.connection.start();
  assert.deepEqual(FakeSocket.last.sent, []);
  FakeSocket.last.hello();
  assert.deepEqual(FakeSocket.last.frame("subscribe").data, { topics: { "room:1": 104, "room:2": null } });
  assert.deepEqual(seen.states, ["online"]);
});

test("a tab takes each event once and in order", async () => {
  const seen = online();
  FakeSocket.last.ack("subscribe", { "room:1": { mode: "resume", head: 12 } });
  await settle();
  for (const seq of [11, 11, 12, 10, 13]) FakeSocket.last.say(event(seq));
  assert.deepEqual(seqs(seen), [11, 12, 13]);
  assert.equal(seen.connection.seqOf("room:1"), 13);
});

test("a gap asks the log again, once, and takes nothing out of order", async () => {
  const seen = online();
  FakeSocket.last.ack("subscribe", { "room:1": { mode: "resume", head: 10 } });
  await settle();
  for (const seq of [11, 13, 14]) FakeSocket.last.say(event(seq));
  assert.deepEqual(seqs(seen), [11]);
  assert.equal(FakeSocket.last.sent.filter((frame) => frame.type === "subscribe").length, 2);
  assert.deepEqual(FakeSocket.last.frame("subscribe").data, { topics: { "room:1": 11 } });
  FakeSocket.last.ack("subscribe", { "room:1": { mode: "resume", head: 14 } });
  await settle();
  for (const seq of [12, 13, 14]) FakeSocket.last.say(event(seq));
  assert.deepEqual(seqs(seen), [11, 12, 13, 14]);
});

test("events without a seq pass beside the order, of heard topics only", () => {
  const seen = online();
  FakeSocket.last.say({ type: "typing", topic: "room:1", data: { user: 3, thread: null } });
  FakeSocket.last.say({ type: "typing", topic: "room:9", data: { user: 3, thread: null } });
  assert.deepEqual(seen.events.map((one) => one.topic), ["room:1"]);
});

test("a snapshot answer and a reset go on from the head and ask for state", async () => {
  const seen = online();
  FakeSocket.last.ack("subscribe", { "room:1": { mode: "snapshot", head: 9001 } });
  await settle();
  FakeSocket.last.say(event(9002));
  FakeSocket.last.say({ type: "reset", topic: "room:1", data: { head: 9500 } });
  FakeSocket.last.say(event(9501));
  assert.deepEqual(seen.snapshots, [["room:1", 9001], ["room:1", 9500]]);
  assert.deepEqual(seqs(seen), [9002, 9501]);
});

test("a denied topic is let go", async () => {
  const seen = online();
  FakeSocket.last.ack("subscribe", { "room:1": { mode: "denied", head: 0 } });
  await settle();
  assert.deepEqual(seen.denied, ["room:1"]);
  assert.equal(seen.connection.seqOf("room:1"), null);
});

test("a refused subscribe is asked again", async () => {
  online();
  FakeSocket.last.refuse("subscribe", "rate_limited", 1);
  await settle();
  clock.tick(1000);
  assert.equal(FakeSocket.last.sent.filter((frame) => frame.type === "subscribe").length, 2);
});

test("a command resolves with its ack and rejects with its error", async () => {
  const seen = online();
  const sent = seen.connection.command("read.set", { seq: 12 }, "room:1");
  assert.deepEqual(FakeSocket.last.frame("read.set"), { type: "read.set", ref: FakeSocket.last.frame("read.set").ref, topic: "room:1", data: { seq: 12 } });
  FakeSocket.last.ack("read.set", { seq: 13 });
  assert.deepEqual(await sent, { seq: 13 });
  const refused = seen.connection.command("read.set", { seq: 14 }, "room:1");
  FakeSocket.last.refuse("read.set", "rate_limited", 3);
  await assert.rejects(refused, (error: CommandError) => error.code === "rate_limited" && error.retry_after === 3);
});

test("a command without a connection, or cut off by its end, says so", async () => {
  const seen = connect();
  await assert.rejects(seen.connection.command("ping", {}), { code: "offline" });
  seen.connection.start();
  FakeSocket.last.hello();
  const cut = seen.connection.command("read.set", { seq: 1 }, "room:1");
  FakeSocket.last.end(1006);
  await assert.rejects(cut, { code: "lost" });
});

test("a frame beyond the limit is not sent at all", async () => {
  const seen = online();
  const body = "é".repeat(40_000);
  await assert.rejects(seen.connection.command("message.edit", { id: "m", body }, "room:1"), { code: "too_large" });
  assert.equal(FakeSocket.last.sent.some((frame) => frame.type === "message.edit"), false);
});

test("half a character is refused here, where its command is still known", async () => {
  const seen = online();
  await assert.rejects(seen.connection.command("message.edit", { id: "m", body: "half \ud800 pair" }, "room:1"), { code: "invalid" });
  void seen.connection.command("message.edit", { id: "m", body: "whole 😀" }, "room:1").catch(() => undefined);
  assert.equal(FakeSocket.last.frame("message.edit").data["body"], "whole 😀");
});

test("a command that stays without an answer for a minute is given back", async () => {
  const seen = online();
  const sent = seen.connection.command("read.set", { seq: 1 }, "room:1");
  for (let beat = 0; beat < 12; beat++) {
    clock.tick(5_000);
    FakeSocket.last.say({ type: "typing", topic: "room:1", data: { user: 3, thread: null } });
  }
  await assert.rejects(sent, { code: "unanswered" });
});

test("flow control tells after 50 frames, and after 2 s for fewer", () => {
  online(0);
  for (let seq = 1; seq <= 50; seq++) FakeSocket.last.say(event(seq));
  assert.deepEqual(FakeSocket.last.frame("received").data, { frames: 50 });
  FakeSocket.last.say(event(51));
  clock.tick(1999);
  assert.deepEqual(FakeSocket.last.frame("received").data, { frames: 50 });
  clock.tick(1);
  assert.deepEqual(FakeSocket.last.frame("received").data, { frames: 51 });
});

test("the heartbeat asks every 25 s and gives up after 10 s of silence", () => {
  const seen = online();
  const first = FakeSocket.last;
  clock.tick(25_000);
  first.ack("ping", { server_time: "2026-11-22T09:00:25Z" });
  clock.tick(25_000);
  assert.equal(first.sent.filter((frame) => frame.type === "ping").length, 2);
  clock.tick(9_999);
  assert.equal(seen.connection.state, "online");
  clock.tick(1);
  assert.equal(first.closedWith, 4000);
  assert.equal(seen.connection.state, "offline");
  clock.tick(250);
  assert.equal(FakeSocket.all.length, 2);
});

test("attempts back off with jitter, up to 30 s, and resume from the last seq", () => {
  const seen = online();
  FakeSocket.last.say(event(11));
  const delays: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    const before = FakeSocket.all.length;
    FakeSocket.last.end(1006);
    let waited = 0;
    while (FakeSocket.all.length === before) {
      clock.tick(50);
      waited += 50;
    }
    delays.push(waited);
  }
  assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  FakeSocket.last.hello();
  assert.deepEqual(FakeSocket.last.frame("subscribe").data, { topics: { "room:1": 11 } });
  assert.equal(seen.connection.state, "online");
});

test("retryNow tries at once", () => {
  const seen = online();
  FakeSocket.last.end(1006);
  assert.equal(typeof seen.connection.retryAt, "number");
  seen.connection.retryNow();
  assert.equal(FakeSocket.all.length, 2);
  clock.tick(60_000);
  assert.equal(FakeSocket.all.filter((socket) => socket.closedWith === undefined).length >= 1, true);
});

test("a socket that never greets counts as lost", () => {
  const seen = connect();
  seen.connection.start();
  clock.tick(10_000);
  assert.equal(seen.connection.state, "offline");
});

for (const [code, state] of [[4401, "signed_out"], [4403, "banned"], [4404, "stopped"], [4409, "stopped"], [4400, "stopped"]] as const) {
  test(`close code ${code} is final: ${state}, with the server's words`, () => {
    const seen = online();
    FakeSocket.last.say({ type: "error", ref: null, code: "forbidden", message: "The reason." });
    FakeSocket.last.end(code);
    assert.equal(seen.connection.state, state);
    assert.equal(seen.connection.reason, "The reason.");
    clock.tick(120_000);
    assert.equal(FakeSocket.all.length, 1);
    assert.equal(seen.reloads, code === 4400 ? 1 : 0);
  });
}

for (const [code, delay] of [[1012, 2500], [4503, 2500], [4429, 10_250], [4408, 250], [1011, 250]] as const) {
  test(`close code ${code} reconnects after ${delay} ms`, () => {
    online();
    FakeSocket.last.end(code);
    clock.tick(delay - 1);
    assert.equal(FakeSocket.all.length, 1);
    clock.tick(1);
    assert.equal(FakeSocket.all.length, 2);
  });
}

test("close code 1009 fails what was on its way as too large", async () => {
  const seen = online();
  const sent = seen.connection.command("read.set", { seq: 1 }, "room:1");
  FakeSocket.last.end(1009);
  await assert.rejects(sent, { code: "too_large" });
});

test("a server with another protocol makes the page reload", () => {
  const seen = connect();
  seen.connection.start();
  FakeSocket.last.hello(2);
  assert.equal(seen.reloads, 1);
  assert.equal(seen.connection.state, "stopped");
});

test("a connection that is stopped says so to who waits, stays away, and can be started again", async () => {
  const seen = online();
  const sent = seen.connection.command("read.set", { seq: 1 }, "room:1");
  seen.connection.stop();
  await assert.rejects(sent, { code: "lost" });
  assert.equal(FakeSocket.last.closedWith, 1000);
  clock.tick(120_000);
  assert.equal(FakeSocket.all.length, 1);
  seen.connection.start();
  FakeSocket.last.hello();
  assert.equal(FakeSocket.all.length, 2);
  assert.equal(seen.connection.state, "online");
});

test("a topic that is asked for in a way of its own is never subscribed, and a gap asks again", async () => {
  const asked: Record<string, number | null>[] = [];
  const connection = new Connection("ws://house/ws/editor/3/", {
    onSnapshotNeeded: () => assert.fail("the state is not lost"),
    ask: (topics) => {
      asked.push(topics);
      return Promise.resolve({ "document:3": { mode: "resume", head: 5 } });
    },
  });
  const taken: (number | undefined)[] = [];
  connection.onEvent((one) => taken.push(one.seq));
  connection.subscribe("document:3", 5);
  connection.start();
  FakeSocket.last.hello();
  await settle();
  for (const seq of [6, 8]) FakeSocket.last.say({ type: "reaction.added", topic: "document:3", seq, data: {} });
  assert.deepEqual(asked, [{ "document:3": 5 }, { "document:3": 6 }]);
  assert.deepEqual(taken, [6]);
  assert.equal(FakeSocket.last.sent.some((frame) => frame.type === "subscribe"), false);
});
