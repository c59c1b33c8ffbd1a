// The snapshot law of suggestions: what a page held, plus the events it got, is what a fresh answer says.
// The transcripts are the server's own; its Python reducer is held to the same files (tests/editor/test_suggestions_law.py).

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import type { AnyEvent } from "../src/events";
import type { Suggestions } from "../src/protocol";
import { reduceSuggestions } from "../src/reducers/suggestions";

interface Transcript {
  name: string;
  before: Suggestions;
  events: AnyEvent[];
  after: Suggestions;
}

// Tests run as bundles in .test/, beside this folder.
const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../test/suggestions");
const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort();

test("there are transcripts of suggestions", () => assert.ok(names.length >= 5));

for (const name of names) {
  const transcript = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Transcript;
  test(`${transcript.name} (suggestions)`, () => {
    assert.notDeepEqual(transcript.before, transcript.after);
    assert.deepEqual(transcript.events.reduce(reduceSuggestions, transcript.before), transcript.after);
  });
  test(`${transcript.name} (suggestions), heard twice and late, changes nothing`, () => {
    assert.deepEqual([...transcript.events, ...transcript.events].reduce(reduceSuggestions, transcript.before), transcript.after);
    assert.equal(transcript.events.reduce(reduceSuggestions, transcript.after), transcript.after);
  });
}
