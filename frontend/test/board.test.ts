// The snapshot law of boards: what a page held, plus the events it got, is what a fresh answer says.
// The transcripts are the server's own; its Python reducer is held to the same files (tests/dashboard/test_boards_law.py).

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import type { AnyEvent } from "../src/events";
import type { BoardSnapshot } from "../src/protocol";
import { reduceBoard } from "../src/reducers/board";

interface Transcript {
  name: string;
  before: BoardSnapshot;
  events: AnyEvent[];
  after: BoardSnapshot;
}

// Tests run as bundles in .test/, beside this folder.
const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../test/boards");
const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort();

test("there are transcripts of boards", () => assert.ok(names.length >= 8));

for (const name of names) {
  const transcript = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Transcript;
  test(`${transcript.name} (board)`, () => {
    assert.notDeepEqual(transcript.before, transcript.after);
    assert.deepEqual(transcript.events.reduce(reduceBoard, transcript.before), transcript.after);
  });
  test(`${transcript.name} (board), heard twice and late, changes nothing`, () => {
    assert.deepEqual([...transcript.events, ...transcript.events].reduce(reduceBoard, transcript.before), transcript.after);
    assert.equal(transcript.events.reduce(reduceBoard, transcript.after), transcript.after);
  });
}
