// The npm packages behind standard input: one JSON request a line, one answer a line, in order.
// Called by tests/editor/peer.py. It holds editor states with the stock @codemirror/collab and never decides when
// anything happens: who edits, pushes and receives is up to the caller.

import { collab, getSyncedVersion, rebaseUpdates, receiveUpdates, sendableUpdates } from "@codemirror/collab";
import { ChangeSet, EditorState } from "@codemirror/state";
import { createInterface } from "node:readline";

import { examine } from "./algebra.mjs";

let states = [];

/** A fraction of the document as a position that is not within a character. */
function position(text, fraction) {
  const at = Math.floor(fraction * (text.length + 1));
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000 ? at - 1 : at;
}

const update = ({ client_id: clientID, changes }) => ({ clientID, changes: ChangeSet.fromJSON(changes) });
const unconfirmed = (state) => sendableUpdates(state).map(({ changes }) => changes.toJSON());

const operations = {
  examine,

  /** A session begins: one state for each client id. */
  open({ doc, clients }) {
    states = clients.map((clientID) => EditorState.create({ doc, extensions: [collab({ clientID })] }));
  },

  /** `client` replaces each span, given in fractions of the document, in one transaction. */
  edit({ client, edits }) {
    const text = states[client].doc.toString();
    const changes = edits.map(([from, to, insert]) => ({ from: position(text, from), to: position(text, to), insert }));
    const transaction = states[client].update({ changes });
    states[client] = transaction.state;
    return !transaction.changes.empty;
  },

  /** What `client` would push now. */
  sendable({ client }) {
    return { version: getSyncedVersion(states[client]), updates: unconfirmed(states[client]) };
  },

  /** `client` hears of updates: one at a time, or all of them in one call as the packages' documentation has it. */
  receive({ client, updates, singly }) {
    const heard = updates.map(update);
    for (const some of singly ? heard.map((one) => [one]) : [heard]) {
      states[client] = receiveUpdates(states[client], some).state;
    }
  },

  texts() {
    return states.map((state) => state.doc.toString());
  },

  /** The authority that the packages bring along: it rebases over the composition of what was missed. */
  rebase({ client_id: clientID, updates, missed }) {
    const pushed = updates.map((changes) => update({ client_id: clientID, changes }));
    return rebaseUpdates(pushed, missed.map(update)).map(({ changes }) => changes.toJSON());
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { op, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: operations[op](request) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
