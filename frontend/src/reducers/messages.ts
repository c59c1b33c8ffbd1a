// What an event does to messages, wherever they are shown: in a room's log and in a thread. Pure.
// Every step is harmless when repeated, because a page of history may already hold what an event tells.

import type { RoomEvent } from "../events";
import type { AttachmentView, MessageView, QuoteView, ReactionView } from "../protocol";

const EXCERPT_CHARS = 140;

/** The beginning of a text in one line, as the server quotes it. */
export function excerpt(body: string): string {
  return [...body.replace(/\s+/gu, " ").trim()].slice(0, EXCERPT_CHARS).join("");
}

/** Whether a message stands in the room's log: replies stay in their thread unless sent to the room as well. */
export function shownInRoom(message: MessageView): boolean {
  return message.thread_root === null || message.also_in_room;
}

export function quoteOf(message: MessageView): QuoteView {
  return {
    id: message.id,
    seq: message.seq,
    author: message.author,
    excerpt: excerpt(message.body),
    deleted: message.deleted_at !== null,
    kind: message.kind,
  };
}

/** Adds a message at its place; one that is there already stays. */
export function insert(messages: MessageView[], message: MessageView): MessageView[] {
  if (messages.some((other) => other.id === message.id)) return messages;
  const last = messages[messages.length - 1];
  if (last === undefined || last.seq < message.seq) return [...messages, message];
  return [...messages, message].sort((a, b) => a.seq - b.seq);
}

function addReaction(reactions: ReactionView[], emoji: string, user: number): ReactionView[] {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if (known === undefined) return [...reactions, { emoji, users: [user] }];
  if (known.users.includes(user)) return reactions;
  return reactions.map((reaction) => (reaction === known ? { emoji, users: [...known.users, user] } : reaction));
}

function removeReaction(reactions: ReactionView[], emoji: string, user: number): ReactionView[] {
  return reactions
    .map((reaction) => (reaction.emoji === emoji ? { emoji, users: reaction.users.filter((id) => id !== user) } : reaction))
    .filter((reaction) => reaction.users.length > 0);
}

function changeQuote(message: MessageView, id: string, change: (quote: QuoteView) => QuoteView): MessageView {
  return message.reply_to?.id === id ? { ...message, reply_to: change(message.reply_to) } : message;
}

function tombstone(message: MessageView, at: string, by: string): MessageView {
  return { ...message, body: "", html: "", deleted_at: at, deleted_by: by, reactions: [], mentions: [], reply_to: null, beside: null, attachments: [], pinned: false, run: null, card: null };
}

/** A file that a moderator took away: nothing of it is left but its place. */
function blocked({ id, kind }: AttachmentView): AttachmentView {
  const nothing = { width: null, height: null, duration_ms: null, thumbnail: null };
  return { id, kind, name: "", content_type: "application/octet-stream", size_bytes: 0, url: "", ...nothing, blocked: true };
}

/** What one event makes of one message; the same object when it is not concerned. */
export function reduceMessage(message: MessageView, event: RoomEvent): MessageView {
  switch (event.type) {
    case "message.created":
      return event.data.message.thread_root === message.id ? { ...message, thread: event.data.thread } : message;
    case "message.edited": {
      const { id, body, html, edited_at, mentions } = event.data;
      if (message.id === id) return message.deleted_at === null ? { ...message, body, html, edited_at, mentions } : message;
      return changeQuote(message, id, (quote) => ({ ...quote, excerpt: excerpt(body) }));
    }
    case "run.changed": {
      const { message: id, run, body, html } = event.data;
      if (message.id === id) return message.deleted_at === null ? { ...message, run, body, html } : message;
      return changeQuote(message, id, (quote) => ({ ...quote, excerpt: excerpt(body) }));
    }
    case "card.changed": {
      const { message: id, card, body, html } = event.data;
      if (message.id === id) return message.deleted_at === null ? { ...message, card, body, html } : message;
      return changeQuote(message, id, (quote) => ({ ...quote, excerpt: excerpt(body) }));
    }
    case "message.deleted": {
      const { id, deleted_at, by, thread_root, thread } = event.data;
      // Also over a message that the log shows as a tombstone already: it keeps counting until this event.
      if (message.id === id) return tombstone(message, deleted_at, by);
      const next = thread_root === message.id ? { ...message, thread } : message;
      return changeQuote(next, id, (quote) => ({ ...quote, excerpt: "", deleted: true }));
    }
    case "message.pinned":
    case "message.unpinned":
      return message.id === event.data.id ? { ...message, pinned: event.type === "message.pinned" } : message;
    case "attachment.blocked": {
      if (message.id !== event.data.message) return message;
      const { attachment } = event.data;
      return { ...message, attachments: message.attachments.map((one) => (one.id === attachment ? blocked(one) : one)) };
    }
    case "reaction.added":
      if (message.id !== event.data.message) return message;
      return { ...message, reactions: addReaction(message.reactions, event.data.emoji, event.data.user) };
    case "reaction.removed":
      if (message.id !== event.data.message) return message;
      return { ...message, reactions: removeReaction(message.reactions, event.data.emoji, event.data.user) };
    default:
      return message;
  }
}

/** The same for a list; the same list when nothing in it changed. */
export function reduceMessages(messages: MessageView[], event: RoomEvent): MessageView[] {
  let changed = false;
  const next = messages.map((message) => {
    const reduced = reduceMessage(message, event);
    changed ||= reduced !== message;
    return reduced;
  });
  return changed ? next : messages;
}

export interface Counts {
  unread: number;
  mentions: number;
}

const NOTHING: Counts = { unread: 0, mentions: 0 };
export const UNREAD_MOST = 100;

/** What an event adds to the counts of `me`, who has read up to `read`; negative when it takes away. */
export function countsOf(event: RoomEvent, me: number, read: number): Counts {
  switch (event.type) {
    case "message.created": {
      const { message } = event.data;
      if (message.seq <= read || message.kind === "system" || message.author === me) return NOTHING;
      return { unread: shownInRoom(message) ? 1 : 0, mentions: message.mentions.includes(me) ? 1 : 0 };
    }
    case "message.edited": {
      const { message_seq, mentions, mentioned_before } = event.data;
      if (message_seq <= read) return NOTHING;
      return { unread: 0, mentions: Number(mentions.includes(me)) - Number(mentioned_before.includes(me)) };
    }
    case "message.deleted": {
      const { message_seq, author, in_room, mentions } = event.data;
      if (message_seq <= read) return NOTHING;
      return { unread: in_room && author !== me ? -1 : 0, mentions: mentions.includes(me) ? -1 : 0 };
    }
    default:
      return NOTHING;
  }
}

const capped = (count: number) => Math.max(0, Math.min(UNREAD_MOST, count));

/** The state with counts as they are after the event. */
export function withCounts<State extends Counts & { last_read_seq: number }>(state: State, event: RoomEvent, me: number): State {
  const adds = countsOf(event, me, state.last_read_seq);
  if (adds.unread === 0 && adds.mentions === 0) return state;
  return { ...state, unread: capped(state.unread + adds.unread), mentions: capped(state.mentions + adds.mentions) };
}
