// Where the moment of an old version lies among messages. Pure; used by the cut through the chat.

import type { MessageView } from "../../protocol";

/** An old version as the chat needs it. */
export interface CutMoment {
  document: number;
  version: number;
  /** When it was made. */
  at: string;
  /** When the next one was made; null for the newest. */
  next: string | null;
}

type Written = Pick<MessageView, "created_at" | "beside">;

/** The version of this document that the author of a message had open; null for none. */
export function versionOf({ beside }: Pick<MessageView, "beside">, document: number): number | null {
  return beside?.topic === `document:${document}` ? beside.seq : null;
}

/**
 * How many of a log's messages, oldest first, come before the line: those until the moment, and after it those that were
 * written with this very version open while it was the newest. Whoever looks back writes at an old version, but later.
 */
export function saidBefore(messages: readonly Written[], { document, version, at, next }: CutMoment): number {
  const moment = Date.parse(at);
  const end = next === null ? Number.POSITIVE_INFINITY : Date.parse(next);
  let count = messages.length;
  while (count > 0 && Date.parse((messages[count - 1] as Written).created_at) > moment) count -= 1;
  for (let index = count; index < messages.length; index += 1) {
    const one = messages[index] as Written;
    if (Date.parse(one.created_at) >= end) break;
    if (versionOf(one, document) === version) count = index + 1;
  }
  return count;
}

/** Whether the line has its true place among the messages that are loaded. */
export function isCovered(before: number, { messages, has_before, has_after }: { messages: readonly unknown[]; has_before: boolean; has_after: boolean }): boolean {
  return (before > 0 || !has_before) && (before < messages.length || !has_after);
}
