// The socket of a document against the protocol: join, one push in flight, lost answers, gaps, refusals, carets.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Transaction } from "@codemirror/state";
import { Line } from "../src/editor/line";
import { PlainHost, Replica, startState, textOf } from "../src/editor/replica";
import type { CursorMoved } from "../src/protocol";
import { fakeLine, FakeSocket, settle } from "./fake_socket";

const TOPIC = "document:3";
const ME = "7-me";

interface Seen {
  line: Line;
  replica: Replica | null;
  refusals: string[];
  cursors: CursorMoved[];
}

const clock = fakeLine();

function copy(text: string, version: number): Replica {
  return new Replica(new PlainHost(startState({ clientId: ME, version, text }, [])), ME, textOf(text));
}

function connect(replica: Replica | null = null): Seen {
  const seen = { replica, refusals: [], cursors: [] } as unknown as Seen;
  seen.line = new Line("ws://house/ws/editor/3/", TOPIC, ME, {
    replica: () => seen.replica,
    snapshot: (snapshot) => (seen.replica = copy(snapshot.text, snapshot.version)),
    joined: () => undefined,
    taken: () => undefined,
    changed: () => undefined,
    refused: (error) => seen.refusals.push(error.code),
    ranges: () => [[0, 0]],
    moved: (cursor) => seen.cursors.push(cursor),
  });
  seen.line.start();
  return seen;
}

function snapshot(text: string, version: number): unknown {
  return { type: "document.snapshot", topic: TOPIC, data: { version, text, name: "a.py", language: "", read_only: false, people: [] } };
}

/** CRC-32 of "abc", the stored text, whatever was typed on it. */
const ABC = 891568578;

function updates(version: number, changes: unknown, client_id = ME): unknown {
  return { type: "document.updates", topic: TOPIC, seq: version, data: { updates: [{ version, client_id, author: 7, changes, run: null }] } };
}

function joined(version: number): unknown {
  return { mode: "snapshot", version, document: {}, can_edit: true, people: [] };
}

async function online(text = "abc", version = 4): Promise<Seen> {
  const seen = connect();
  FakeSocket.last.hello();
  FakeSocket.last.say(snapshot(text, version));
  FakeSocket.last.ack("document.join", joined(version));
  await settle();
  return seen;
}

function type(seen: Seen, from: number, insert: string): void {
  const { host } = seen.replica as Replica;
  host.dispatch([host.state.update({ changes: { from, insert }, annotations: Transaction.time.of(0) })]);
  seen.line.touch();
}

const count = (name: string) => FakeSocket.last.sent.filter((frame) => frame.type === name).length;

test("a new tab joins without a version and begins from the snapshot", async () => {
  const seen = await online();
  assert.deepEqual(FakeSocket.last.frame("document.join").data, { client_id: ME, version: null, digest: null });
  assert.equal(seen.replica?.text.toString(), "abc");
  FakeSocket.last.say(updates(5, [3, [0, "d"]], "8-other"));
  assert.equal(seen.replica?.text.toString(), "abcd");
  assert.equal(seen.replica?.version, 5);
});

test("edits that come between the snapshot and the answer are taken", async () => {
  const seen = connect();
  FakeSocket.last.hello();
  FakeSocket.last.say(snapshot("abc", 4));
  FakeSocket.last.say(updates(5, [3, [0, "d"]], "8-other"));
  FakeSocket.last.ack("document.join", joined(4));
  await settle();
  assert.equal(seen.replica?.text.toString(), "abcd");
});

test("one push is in flight, and what is typed meanwhile goes with the next", async () => {
  const seen = await online();
  type(seen, 3, "d");
  clock.tick(50);
  type(seen, 4, "e");
  clock.tick(500);
  assert.equal(count("document.push"), 1);
  assert.deepEqual(FakeSocket.last.frame("document.push").data, { version: 4, updates: [[3, [0, "d"]]] });
  FakeSocket.last.ack("document.push", { version: 5 });
  await settle();
  clock.tick(500);
  assert.equal(count("document.push"), 1, "its edit has not come back yet");
  FakeSocket.last.say(updates(5, [3, [0, "d"]]));
  clock.tick(50);
  assert.deepEqual(FakeSocket.last.frame("document.push").data, { version: 5, updates: [[4, [0, "e"]]] });
  FakeSocket.last.say(updates(6, [4, [0, "e"]]));
  FakeSocket.last.ack("document.push", { version: 6 });
  await settle();
  assert.equal(seen.replica?.isSettled, true);
  assert.equal(seen.replica?.text.toString(), "abcde");
});

test("a push whose answer is lost goes again after the missed edits, under the same id", async () => {
  const seen = await online();
  type(seen, 3, "d");
  clock.tick(50);
  FakeSocket.last.end(1011);
  type(seen, 4, "e");
  clock.tick(1_000);
  FakeSocket.last.hello();
  assert.deepEqual(FakeSocket.last.frame("document.join").data, { client_id: ME, version: 4, digest: ABC });
  FakeSocket.last.say(updates(5, [3, [0, "d"]]));
  FakeSocket.last.ack("document.join", { ...(joined(5) as object), mode: "resume" });
  await settle();
  clock.tick(50);
  assert.deepEqual(FakeSocket.last.frame("document.push").data, { version: 5, updates: [[4, [0, "e"]]] });
});

test("a gap joins again from the version that is here", async () => {
  const seen = await online();
  FakeSocket.last.say(updates(6, [3, [0, "x"]], "8-other"));
  assert.deepEqual(FakeSocket.last.frame("document.join").data, { client_id: ME, version: 4, digest: ABC });
  assert.equal(seen.replica?.version, 4);
});

for (const code of ["bad_change", "unknown_version", "read_only", "muted", "gone", "too_large"]) {
  test(`a push that is refused as ${code} is handed back, and not sent again`, async () => {
    const seen = await online();
    type(seen, 0, "x");
    clock.tick(50);
    FakeSocket.last.refuse("document.push", code);
    await settle();
    clock.tick(10_000);
    assert.deepEqual(seen.refusals, [code]);
    assert.equal(count("document.push"), 1);
    assert.equal(seen.replica?.text.toString(), "xabc");
  });
}

test("a push that came too fast waits as long as the server says, whatever is typed", async () => {
  const seen = await online();
  type(seen, 0, "x");
  clock.tick(50);
  FakeSocket.last.refuse("document.push", "rate_limited", 3);
  await settle();
  type(seen, 0, "y");
  clock.tick(2_900);
  assert.equal(count("document.push"), 1);
  clock.tick(200);
  assert.equal(count("document.push"), 2);
  assert.deepEqual(seen.refusals, []);
});

test("a push from too far behind asks for what was missed and goes again", async () => {
  const seen = await online();
  type(seen, 0, "x");
  clock.tick(50);
  FakeSocket.last.refuse("document.push", "conflict");
  await settle();
  assert.deepEqual(FakeSocket.last.frame("document.pull").data, { version: 4 });
  FakeSocket.last.say(updates(5, [3, [0, "d"]], "8-other"));
  clock.tick(1_100);
  assert.deepEqual(FakeSocket.last.frame("document.push").data, { version: 5, updates: [[[0, "x"], 4]] });
  assert.deepEqual(seen.refusals, []);
});

test("another page's edits under the same id are not taken for those that wait", async () => {
  const seen = await online();
  type(seen, 0, "x");
  FakeSocket.last.say(updates(5, [3, [0, "d"]], ME));
  assert.deepEqual(seen.refusals, ["bad_change"]);
  assert.equal(seen.replica?.text.toString(), "xabc");
  assert.equal(seen.replica?.version, 4);
});

test("every fifteen seconds everything after the version is asked for again", async () => {
  await online();
  clock.tick(15_000);
  assert.deepEqual(FakeSocket.last.frame("document.pull").data, { version: 4 });
  FakeSocket.last.ack("document.pull", { version: 4 });
  await settle();
  clock.tick(15_000);
  assert.equal(count("document.pull"), 2);
});

test("carets are told when nothing is on its way, and again every fifteen seconds", async () => {
  const seen = await online();
  clock.tick(100);
  assert.deepEqual(FakeSocket.last.frame("cursor.move").data, { version: 4, ranges: [[0, 0]] });
  const before = count("cursor.move");
  type(seen, 0, "x");
  seen.line.touchCursor();
  clock.tick(100);
  assert.equal(count("cursor.move"), before);
  FakeSocket.last.ack("document.push", { version: 5 });
  FakeSocket.last.say(updates(5, [[0, "x"], 3]));
  await settle();
  clock.tick(100);
  assert.deepEqual(FakeSocket.last.frame("cursor.move").data, { version: 5, ranges: [[0, 0]] });
  clock.tick(15_000);
  assert.equal(count("cursor.move"), before + 2);
});

test("one's own caret is not somebody else's", async () => {
  const seen = await online();
  for (const client_id of [ME, "8-other"]) {
    FakeSocket.last.say({ type: "cursor.moved", topic: TOPIC, data: { client_id, user: 8, version: 4, ranges: [[1, 1]] } });
  }
  assert.deepEqual(seen.cursors.map((cursor) => cursor.client_id), ["8-other"]);
});
