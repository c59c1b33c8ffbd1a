// Somebody who edits one document over real sockets with the stock npm packages, undoes, and loses the network again
// and again. Called by tests/faults/test_documents_node.py as a process of its own. It knows nothing of the site's own script.
//
// Argument: {urls, path, topic, cookie, client_id, seed, cut_ms} as JSON. Standard input: "rest" ends the editing, a number is
// the version to wait for. Standard output, a line each: what was done, once all of it is stored; then {version, text}.

import { collab, getSyncedVersion, receiveUpdates, sendableUpdates } from "@codemirror/collab";
import { history, redo, undo } from "@codemirror/commands";
import { ChangeSet, EditorState, Text } from "@codemirror/state";
import { createInterface } from "node:readline";

import { connect } from "./wire.mjs";

const { urls, path, topic, cookie, client_id: clientID, seed, cut_ms: cutMs } = JSON.parse(process.argv[2]);
const INSERTS = ["a", "bc", "\n", "def f(x):\n", "😀", "é", "👩‍💻", "漢字", "\t"];
const ANSWER_MS = 3_000;
const PUSH_EDITS = 256;
const RECEIVED_FRAMES = 50;

const done = { edits: 0, undone: 0, sockets: 0, cuts: 0 };
const waiting = new Map();
let state = null;
let wire = null;
let joined = false;
let pushing = false;
let resting = false;
let refs = 0;
let frames = 0;
let seen = seed;

/** mulberry32: the same numbers for the same seed. */
function random() {
  seen = (seen + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seen ^ (seen >>> 15), 1 | seen);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const pick = (choices) => choices[Math.floor(random() * choices.length)];

function fail(reason) {
  process.stderr.write(`${clientID}: ${reason}\n`);
  process.exit(1);
}

// Editing

/** A place that is not within a character. */
function place() {
  const text = state.doc.toString();
  const at = Math.floor(random() * (text.length + 1));
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000 ? at - 1 : at;
}

function dispatch(transaction) {
  if (!transaction.changes.empty) done.edits += 1;
  state = transaction.state;
}

function edit() {
  const kind = random();
  if (kind < 0.12) return void (done.undone += undo({ state, dispatch }) ? 1 : 0);
  if (kind < 0.16) return void redo({ state, dispatch });
  const changes = [];
  for (const _ of Array(pick([1, 1, 1, 2]))) {
    const [from, to] = [place(), place()].sort((a, b) => a - b);
    const near = state.sliceDoc(from, to).length > 12 ? from : to;
    changes.push(kind < 0.6 ? { from, insert: pick(INSERTS) } : { from, to: near, insert: kind < 0.8 ? "" : pick(INSERTS) });
  }
  dispatch(state.update({ changes, userEvent: "input" }));
}

async function live() {
  while (!resting) {
    if (state !== null) edit();
    void push();
    await sleep(20 + random() * 120);
  }
  while (state === null || sendableUpdates(state).length > 0) {
    void push();
    await sleep(30);
  }
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

// The network

function command(type, data) {
  const ref = ++refs;
  const used = wire;
  return new Promise((resolve) => {
    const timer = setTimeout(() => used.cut(), ANSWER_MS);
    waiting.set(ref, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    used.send(JSON.stringify({ type, ref, topic, data }));
  });
}

/** One push at a time, with all that is unconfirmed; what becomes of it is seen by what comes back. */
async function push() {
  const own = state === null ? [] : sendableUpdates(state).slice(0, PUSH_EDITS);
  if (!joined || pushing || own.length === 0) return;
  pushing = true;
  const answer = await command("document.push", { version: getSyncedVersion(state), updates: own.map(({ changes }) => changes.toJSON()) });
  if (answer.type === "error") {
    if (answer.retry_after === null && answer.code !== "internal") fail(JSON.stringify(answer));
    await sleep((answer.retry_after ?? 0.3) * 1_000);
  }
  while (answer.type === "ack" && joined && getSyncedVersion(state) < answer.data.version) await sleep(5);
  pushing = false;
}

function receive({ version, client_id, changes }) {
  const next = getSyncedVersion(state) + 1;
  if (version < next) return;
  if (version > next) return wire.cut();
  state = receiveUpdates(state, [{ changes: ChangeSet.fromJSON(changes), clientID: client_id }]).state;
}

function start({ version, text }) {
  if (state !== null) fail("was given another text");
  const extensions = [collab({ clientID, startVersion: version }), history({ newGroupDelay: 0 })];
  state = EditorState.create({ doc: Text.of(text.split("\n")), extensions });
}

function take(text) {
  const frame = JSON.parse(text);
  if (frame.topic && ++frames % RECEIVED_FRAMES === 0) wire.send(JSON.stringify({ type: "received", data: { frames } }));
  if (frame.type === "hello") void join();
  else if (frame.type === "document.snapshot") start(frame.data);
  else if (frame.type === "document.updates") frame.data.updates.forEach(receive);
  else if (frame.type === "ack" || frame.type === "error") {
    waiting.get(frame.ref)?.(frame);
    waiting.delete(frame.ref);
  }
}

async function join() {
  const answer = await command("document.join", { client_id: clientID, version: state === null ? null : getSyncedVersion(state) });
  if (answer.type === "ack") joined = true;
  else if (answer.retry_after === null && answer.code !== "internal") fail(JSON.stringify(answer));
  else setTimeout(() => wire?.cut(), (answer.retry_after ?? 0.3) * 1_000);
}

function ended() {
  wire = null;
  joined = pushing = false;
  frames = 0;
  for (const answer of waiting.values()) answer({ type: "lost" });
  waiting.clear();
}

async function stayOnline() {
  for (let turn = seed; ; turn += 1) {
    if (wire === null) {
      const opened = connect(urls[turn % urls.length], path, cookie, (text) => take(text), ended);
      wire = await opened.catch(() => null);
      done.sockets += wire === null ? 0 : 1;
      wire?.begin();
    }
    await sleep(50 + random() * 150);
  }
}

/** A cable that does not stay in: some cuts come right after a push has left. */
async function lose() {
  while (!resting) {
    await sleep(cutMs * (0.5 + random()));
    for (let wait = 0; random() < 0.9 && !pushing && wait < 50; wait += 1) await sleep(2);
    if (wire !== null && !resting) {
      done.cuts += 1;
      wire.cut();
    }
  }
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  resting = true;
  if (line === "rest") return;
  for (let turn = 1; getSyncedVersion(state) < Number(line); turn += 1) {
    if (turn % 20 === 0 && joined) void command("document.pull", { version: getSyncedVersion(state) });
    await sleep(50);
  }
  process.stdout.write(`${JSON.stringify({ version: getSyncedVersion(state), text: state.doc.toString() })}\n`, () => process.exit(0));
});

void stayOnline();
void lose();
void live();
