// Spans that discussions are about: moved by CodeMirror's own mapping exactly as the server moves them, and told as lines.
// The cases are the server's: tests/editor/test_discussions.py writes and proves spans.json.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ChangeSet, Text } from "@codemirror/state";
import { linesChanged, linesOf, moveSpan } from "../src/discussions/spans";
import { becameWords, calledLines, linesSpoken, linesWords, placeOf } from "../src/discussions/words";
import type { Discussion } from "../src/protocol";

interface Case {
  text: string;
  span: [number, number];
  changes: unknown[];
  now: [number, number];
  lines: [number, number];
  changed: [number, number] | null;
}

const cases = JSON.parse(readFileSync(new URL("../test/spans.json", import.meta.url), "utf8")) as Case[];
const textOf = (text: string) => Text.of(text.split("\n"));

test("a page moves a span as the server does, and tells the same lines and changes", () => {
  assert.ok(cases.length >= 400);
  for (const { text, span, changes, now, lines, changed } of cases) {
    const steps = changes.map((json) => ChangeSet.fromJSON(json));
    const after = steps.reduce((doc, step) => step.apply(doc), textOf(text));
    assert.deepEqual(moveSpan(span, steps), now);
    const found = linesOf(after, now);
    assert.deepEqual([found.first, found.last], lines);
    assert.deepEqual(linesChanged(linesOf(textOf(text), span).text, found), changed);
  }
});

test("some spans of the cases are gone, some are changed and some are as they were", () => {
  assert.ok(cases.some(({ span, now }) => span[0] < span[1] && now[0] === now[1]));
  assert.ok(cases.some(({ changed }) => changed !== null) && cases.some(({ changed }) => changed === null));
});

function discussion(change: Partial<Discussion>): Discussion {
  const common = { message: "m", message_seq: 1, document: 7, author: 1, excerpt: "", created_at: "2026-11-22T09:00:00Z", version: 5, replies: 0, resolved_at: null, resolved_by: null };
  const place = { start: 4, end: 9, line: 16, last_line: 18, said_version: 2, said_start: 4, said_end: 9, said_line: 12, quote: "a\nb", html: "", changed: null };
  return { ...common, ...place, ...change };
}

test("a discussion is called by its lines of now, and by those of then when they are gone", () => {
  const here = discussion({});
  assert.equal(linesWords(calledLines(here, placeOf(here))), "lines 16–18");
  assert.equal(linesSpoken([16, 18]), "lines 16 to 18");
  const gone = discussion({ end: 4, line: 1, last_line: 1 });
  assert.equal(linesWords(calledLines(gone, placeOf(gone))), "lines 12–13");
  assert.equal(becameWords(placeOf(gone)), "The lines are gone");
});

test("what became of the lines is told in a few words", () => {
  assert.equal(becameWords(placeOf(discussion({}))), "Unchanged since");
  assert.equal(becameWords(placeOf(discussion({ changed: [17, 17] }))), "Line 17 changed");
  assert.equal(becameWords(placeOf(discussion({ changed: [17, 18] }))), "Lines 17–18 changed");
});
