// Edits that would cut a character in half, as input methods make them, come out whole.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EditorState, Transaction, type ChangeSpec } from "@codemirror/state";
import { wholeCharacters } from "../src/editor/characters";

function edit(doc: string, changes: ChangeSpec, anchor = 0): { text: string; json: unknown; head: number; event: string | undefined } {
  const state = EditorState.create({ doc, extensions: [wholeCharacters] });
  const transaction = state.update({ changes, selection: { anchor }, userEvent: "input.type.compose" });
  const { newDoc, newSelection } = transaction;
  const event = transaction.annotation(Transaction.userEvent);
  return { text: newDoc.toString(), json: transaction.changes.toJSON(), head: newSelection.main.head, event };
}

test("an input method puts one emoji in the place of another", () => {
  const { text, json, head, event } = edit("a😀b", { from: 2, to: 3, insert: "\ude01" }, 3);
  assert.deepEqual({ text, json, head, event }, { text: "a😁b", json: [1, [2, "😁"], 1], head: 3, event: "input.type.compose" });
});

test("half of a character is deleted, and the other half goes with it", () => {
  assert.deepEqual(edit("a😀b", { from: 1, to: 2 }).json, [1, [2], 1]);
  assert.deepEqual(edit("a😀b", { from: 2, to: 4 }).json, [1, [3]]);
  assert.equal(edit("😀x😀", { from: 1, to: 4 }).text, "😀");
});

test("two halves that meet make one character", () => {
  assert.deepEqual(edit("😀😁", { from: 1, to: 3 }).json, [[4, "😁"]]);
});

test("what is inserted within a character stands behind it", () => {
  assert.deepEqual(edit("😀", { from: 1, insert: "x\ny" }).json, [[2, "😀x", "y"]]);
});

test("a half is not inserted", () => {
  assert.equal(edit("ab", { from: 1, insert: "x\ud83dy" }).text, "axyb");
  assert.equal(edit("ab", { from: 1, insert: "\ud83d" }).text, "ab");
});

test("whole characters pass as they are, several places at once", () => {
  const changes = [{ from: 0, to: 2, insert: "😁" }, { from: 3, insert: "👩‍💻" }];
  assert.deepEqual(edit("😀a😀", changes).json, [[2, "😁"], 1, [0, "👩‍💻"], 2]);
  assert.equal(edit("😀x😀", [{ from: 1, to: 2, insert: "\ude01" }, { from: 4, to: 5, insert: "\ude02" }]).text, "😁x😂");
});
