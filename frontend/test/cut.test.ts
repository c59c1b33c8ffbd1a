// Where the moment of an old version lies among messages: by the clock, by what was open, and at the ends of what is loaded.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isCovered, saidBefore, versionOf, type CutMoment } from "../src/editor/history/cut";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 9, minute)).toISOString();
const beside = (seq: number, topic = "document:7") => ({ topic, seq, start: null, end: null });
const said = (minute: number, seq?: number, topic?: string) => ({ created_at: at(minute), beside: seq === undefined ? null : beside(seq, topic) });
const cut = (more: Partial<CutMoment> = {}): CutMoment => ({ document: 7, version: 5, at: at(10), next: at(20), ...more });

test("what was said until the moment comes before the line", () => {
  const talk = [said(1), said(9), said(10), said(11), said(30)];
  assert.equal(saidBefore(talk, cut()), 3);
  assert.equal(saidBefore(talk, cut({ at: at(0) })), 0);
  assert.equal(saidBefore(talk, cut({ at: at(40) })), 5);
  assert.equal(saidBefore([], cut()), 0);
});

test("what was written with this version open belongs to it, as long as it was the newest", () => {
  const talk = [said(1, 1), said(12), said(15, 5), said(16), said(21, 5), said(22, 6)];
  assert.equal(saidBefore(talk, cut()), 3);
  assert.equal(saidBefore(talk, cut({ next: at(14) })), 1);
  assert.equal(saidBefore(talk, cut({ next: null })), 5);
});

test("versions of other documents and of other things say nothing about this one", () => {
  assert.equal(versionOf(said(1, 5), 7), 5);
  assert.equal(versionOf(said(1, 5, "document:70"), 7), null);
  assert.equal(versionOf(said(1, 5, "board:7"), 7), null);
  assert.equal(versionOf(said(1), 7), null);
  assert.equal(saidBefore([said(15, 5, "document:70")], cut()), 0);
});

test("a message that came late in the log by an import keeps to the order of the log", () => {
  assert.equal(saidBefore([said(30), said(5), said(40)], cut()), 2);
});

test("the line has its true place only between messages, or at an end of the room", () => {
  const part = (has_before: boolean, has_after: boolean) => ({ messages: [1, 2, 3], has_before, has_after });
  assert.equal(isCovered(0, part(true, false)), false);
  assert.equal(isCovered(0, part(false, true)), true);
  assert.equal(isCovered(3, part(false, true)), false);
  assert.equal(isCovered(3, part(true, false)), true);
  assert.equal(isCovered(2, part(true, true)), true);
});
