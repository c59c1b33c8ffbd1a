// What stands in a log, line by line: days, the "New" line, groups of one author, messages on their way. Pure.
// Made for every drawing of log.ts; a row is drawn again only when its entry says something else.

import type { OutboxItem } from "../outbox";
import type { MessageView } from "../protocol";
import { dayKey, dayLabel } from "../time";
import { ownFiles } from "./media/own";

export type Entry =
  | { kind: "start"; key: string }
  | { kind: "day"; key: string; label: string }
  | { kind: "new"; key: string }
  | { kind: "count"; key: string; replies: number }
  | { kind: "system"; key: string; message: MessageView }
  | { kind: "message"; key: string; message: MessageView; follow: boolean; pending: OutboxItem | null };

export interface EntriesInput {
  messages: readonly MessageView[];
  pending: readonly OutboxItem[];
  me: number;
  /** The last seq read when the room was opened; null: no "New" line. */
  newAfter: number | null;
  /** The log begins with the room's first message. */
  fromStart: boolean;
}

const GROUP_MS = 5 * 60_000;

/** A message that the server does not know yet, in the shape of one that it knows. */
export function pendingMessage(item: OutboxItem, me: number): MessageView {
  return {
    id: item.cid,
    room: item.room,
    seq: item.seq ?? Number.MAX_SAFE_INTEGER,
    author: me,
    kind: "user",
    body: item.body,
    html: "",
    created_at: item.created_at,
    cid: item.cid,
    edited_at: null,
    deleted_at: null,
    deleted_by: null,
    reply_to: item.reply_to,
    thread_root: item.thread,
    also_in_room: item.also_in_room,
    thread: null,
    reactions: [],
    mentions: [],
    pinned: false,
    run: null,
    card: null,
    beside: item.beside,
    attachments: ownFiles(item.extra?.attachments ?? []),
  };
}

/** Lasting over the moment when a sent message gets its id, so that its row stays the same element. */
function keyOf(message: MessageView, me: number): string {
  return message.author === me && message.cid !== null ? message.cid : message.id;
}

function follows(previous: MessageView | null, message: MessageView): boolean {
  if (previous === null || previous.kind !== message.kind || previous.author !== message.author) return false;
  if (message.author === null || previous.deleted_at !== null || message.deleted_at !== null || message.reply_to !== null) return false;
  return Date.parse(message.created_at) - Date.parse(previous.created_at) < GROUP_MS;
}

/** The lines of a log, oldest first. */
export function entriesOf(input: EntriesInput): Entry[] {
  const known = new Set(input.messages.map((message) => message.cid));
  const pending = input.pending.filter((item) => !known.has(item.cid));
  const entries: Entry[] = input.fromStart ? [{ kind: "start", key: "start" }] : [];
  let day = "";
  let previous: MessageView | null = null;
  let marked = input.newAfter === null;
  const add = (message: MessageView, item: OutboxItem | null) => {
    const today = dayKey(message.created_at);
    if (today !== day) {
      day = today;
      previous = null;
      entries.push({ kind: "day", key: `day ${today}`, label: dayLabel(message.created_at) });
    }
    if (!marked && message.seq > (input.newAfter ?? 0) && message.author !== input.me) {
      marked = true;
      previous = null;
      entries.push({ kind: "new", key: "new" });
    }
    const line = message.kind === "system" && message.card === null;
    if (line) entries.push({ kind: "system", key: message.id, message });
    else entries.push({ kind: "message", key: keyOf(message, input.me), message, follow: follows(previous, message), pending: item });
    previous = line ? null : message;
  };
  for (const message of input.messages) add(message, null);
  for (const item of pending) add(pendingMessage(item, input.me), item);
  return entries;
}

/** The lines of a thread: the root, the count of replies, and the replies. */
export function threadEntries(root: MessageView, replies: readonly MessageView[], pending: readonly OutboxItem[], me: number): Entry[] {
  const below = entriesOf({ messages: replies, pending, me, newAfter: null, fromStart: false }).filter((entry) => entry.kind !== "day");
  const first: Entry = { kind: "message", key: keyOf(root, me), message: root, follow: false, pending: null };
  const count = replies.filter((reply) => reply.deleted_at === null).length;
  return [first, ...(count > 0 ? [{ kind: "count" as const, key: "count", replies: count }] : []), ...below];
}

/** Whether two entries of the same key look the same. */
export function sameEntry(a: Entry, b: Entry): boolean {
  if (a.kind === "message" && b.kind === "message") return a.message === b.message && a.follow === b.follow && a.pending === b.pending;
  if (a.kind === "system" && b.kind === "system") return a.message === b.message;
  if (a.kind === "day" && b.kind === "day") return a.label === b.label;
  return a.kind === b.kind && (a.kind !== "count" || (b.kind === "count" && a.replies === b.replies));
}
