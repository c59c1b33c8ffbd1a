// How places in a text are told: "Lines 16–18", "Line 17 changed". Pure; used by the chat's cards and by the editor.

import type { Discussion } from "../protocol";

/** Where the lines of a discussion are now, and what became of them. */
export interface Place {
  line: number;
  last: number;
  changed: readonly number[] | null;
  gone: boolean;
}

export function placeOf(discussion: Discussion): Place {
  const { line, last_line, changed, start, end } = discussion;
  return { line, last: last_line, changed, gone: start === end };
}

/** The lines by which a discussion is called: those of now, or, when they are gone, those of then. */
export function calledLines({ said_line, quote }: Discussion, { line, last, gone }: Place): [number, number] {
  return gone ? [said_line, said_line + quote.split("\n").length - 1] : [line, last];
}

/** "line 24", "lines 16–18" */
export function linesWords([first, last]: readonly [number, number]): string {
  return first === last ? `line ${first}` : `lines ${first}–${last}`;
}

/** The same as one says it. */
export function linesSpoken([first, last]: readonly [number, number]): string {
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What became of the lines since. */
export function becameWords({ changed, gone }: Place): string {
  if (gone) return "The lines are gone";
  const [first, last] = changed ?? [];
  return first === undefined || last === undefined ? "Unchanged since" : `${capital(linesWords([first, last]))} changed`;
}
