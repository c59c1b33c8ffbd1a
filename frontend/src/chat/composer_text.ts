// What becomes of a typed text before it is sent. Used by the composer. Pure.

import type { About } from "../beside";
import { BODY_CHARS, type BesideView } from "../protocol";

const COMMAND = "[a-z][a-z_-]*(?:\\s|$)";
/** "/me waves": a word of letters right after a slash at the very beginning; a path has a second slash or a dot. */
const SLASH = new RegExp(`^/${COMMAND}`, "i");
const LITERAL_SLASH = new RegExp(`^//(?=${COMMAND})`, "i");

export function isCommand(body: string): boolean {
  return SLASH.test(body);
}

/** "//me" says "/me" and runs nothing; "// a comment" stays what it is. */
export function withLiteralSlash(body: string): string {
  return body.replace(LITERAL_SLASH, "/");
}

/** Blank lines around go; the indent of the first line of code stays. */
export function withoutBlankLines(text: string): string {
  return text.replace(/^(?:\s*\n)+/, "").trimEnd();
}

/** What keeps a text from being sent; "" for nothing. */
export function whyNot(body: string, wait: number): string {
  const over = [...body].length - BODY_CHARS;
  if (over > 0) return `This is ${over} ${over === 1 ? "character" : "characters"} too long. Send it in two messages.`;
  return wait > 0 ? `Slow mode is on: wait ${wait} s. Your text is kept.` : "";
}

export function besideOf(about: About | null): BesideView | null {
  return about === null ? null : { topic: about.topic, seq: about.seq, start: about.start, end: about.end };
}
