// One's own edits that are not stored yet: how many they are to a person, and how much of them goes in one push. Pure.
// Used by the line, the keeper and the status line.

import type { ChangeSet } from "@codemirror/state";

/** An edit as @codemirror/collab holds it: one for each transaction, so one for each key. */
export interface LocalEdit {
  readonly changes: ChangeSet;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const PUSH_EDITS = 256;
const PUSH_BYTES = 200_000;
const PAUSE_MS = 1_000;

/** Where an edit left its text, in the document after it. */
function placeOf(changes: ChangeSet): [number, number] {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  changes.iterChangedRanges((_fromA, _toA, fromB, toB) => {
    from = Math.min(from, fromB);
    to = Math.max(to, toB);
  });
  return [from, to];
}

/** What a person would call edits: keys that follow each other, in one place and without a pause, are one. */
export function countEdits(edits: readonly LocalEdit[]): number {
  let count = 0;
  let last: { at: number; to: number } | null = null;
  for (const { changes, at } of edits) {
    const [from, to] = placeOf(changes);
    const goesOn = last !== null && at - last.at < PAUSE_MS && Math.abs(from - last.to) <= 1;
    if (!goesOn) count += 1;
    last = { at, to };
  }
  return count;
}

/** The first edits, as many as one push may hold; at least one, if there is any. */
export function batchOf(edits: readonly LocalEdit[]): unknown[] {
  const batch: unknown[] = [];
  let bytes = 0;
  for (const { changes } of edits.slice(0, PUSH_EDITS)) {
    const json = changes.toJSON() as unknown;
    bytes += new TextEncoder().encode(JSON.stringify(json)).length + 1;
    if (batch.length > 0 && bytes > PUSH_BYTES) break;
    batch.push(json);
  }
  return batch;
}
