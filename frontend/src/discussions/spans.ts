// Spans of a text that discussions are about: moved along with edits, told as lines, compared with what was said.
// Used by the marks in the editor. Pure; editor/spans.py is the same on the server, and both are held to one list of cases.

import type { ChangeDesc, Text } from "@codemirror/state";

export type Span = readonly [start: number, end: number];

export interface Lines {
  /** Counted from 1. */
  first: number;
  last: number;
  text: string;
}

/** Where a span stands after edits. What is written at its edges stays outside; one whose text is gone remains empty. */
export function moveSpan(span: Span, changes: readonly ChangeDesc[]): Span {
  let [start, end] = span;
  for (const change of changes) {
    if (start === end) start = end = change.mapPos(start, -1);
    else {
      start = change.mapPos(start, 1);
      end = Math.max(start, change.mapPos(end, -1));
    }
  }
  return [start, end];
}

/** The lines that a span touches; one that ends with a line end does not touch the next line. */
export function linesOf(text: Text, [start, end]: Span): Lines {
  const first = text.lineAt(Math.min(start, text.length));
  const last = text.lineAt(Math.min(Math.max(start, end - 1), text.length));
  return { first: first.number, last: last.number, text: text.sliceString(first.from, last.to) };
}

/** First and last of the lines of now that are others than were said; null when they are the same. */
export function linesChanged(said: string, now: Lines): [number, number] | null {
  const [before, after] = [said.split("\n"), now.text.split("\n")];
  if (said === now.text) return null;
  const most = Math.min(before.length, after.length);
  let front = 0;
  while (front < most && before[front] === after[front]) front += 1;
  let behind = 0;
  while (behind < most - front && before[before.length - 1 - behind] === after[after.length - 1 - behind]) behind += 1;
  const first = Math.min(front, after.length - 1);
  return [now.first + first, now.first + Math.max(first, after.length - 1 - behind)];
}
