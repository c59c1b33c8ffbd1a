// What a person follows and saves: (AttentionView, event) -> AttentionView. Pure; loaded with what shows it.
// After room.added it must be loaded again: what was kept in that room comes back.

import type { AnyEvent, RoomEvent, UserEvent } from "../events";
import { isRoomEvent } from "../events";
import type { AttentionView, ThreadMark } from "../protocol";
import { UNREAD_MOST } from "./messages";

function replied(state: AttentionView, data: Extract<RoomEvent, { type: "message.created" }>["data"], me: number): AttentionView {
  const { message, root_author } = data;
  const root = message.thread_root;
  if (root === null) return state;
  const own = message.author === me;
  const known = state.threads.find((mark) => mark.root === root);
  if (known === undefined) {
    if (!own && root_author !== me && !message.mentions.includes(me)) return state;
    const last_read_seq = own ? message.seq : message.seq - 1;
    const mark = { root, room: message.room, following: true, last_read_seq, last_seq: message.seq, unread: own ? 0 : 1 };
    return { ...state, threads: [mark, ...state.threads] };
  }
  if (message.seq <= known.last_seq) return state;
  const next: ThreadMark = own
    ? { ...known, last_seq: message.seq, following: true, last_read_seq: message.seq, unread: 0 }
    : { ...known, last_seq: message.seq, unread: Math.min(UNREAD_MOST, known.unread + 1) };
  return { ...state, threads: state.threads.map((mark) => (mark === known ? next : mark)) };
}

function deleted(state: AttentionView, data: Extract<RoomEvent, { type: "message.deleted" }>["data"], me: number): AttentionView {
  const { thread_root, message_seq, author } = data;
  const less = (mark: ThreadMark) => mark.root === thread_root && message_seq > mark.last_read_seq && author !== me;
  if (!state.threads.some(less)) return state;
  const threads = state.threads.map((mark) => (less(mark) ? { ...mark, unread: Math.max(0, mark.unread - 1) } : mark));
  return { ...state, threads };
}

function reduceOwn(state: AttentionView, event: UserEvent): AttentionView {
  switch (event.type) {
    case "thread.changed": {
      const mark = event.data;
      const known = state.threads.some((other) => other.root === mark.root);
      return { ...state, threads: known ? state.threads.map((other) => (other.root === mark.root ? mark : other)) : [mark, ...state.threads] };
    }
    case "bookmark.changed": {
      const { message, room, saved } = event.data;
      const others = state.saved.filter((mark) => mark.message !== message);
      return { ...state, saved: saved ? [{ message, room }, ...others] : others };
    }
    case "room.removed": {
      const stays = (mark: { room: number }) => mark.room !== event.data.room;
      return { ...state, saved: state.saved.filter(stays), threads: state.threads.filter(stays) };
    }
    default:
      return state;
  }
}

/** What an event makes of what `me` follows and saves; events it already holds change nothing. */
export function reduceAttention(state: AttentionView, event: AnyEvent, me: number): AttentionView {
  if (!isRoomEvent(event)) {
    if (event.seq === undefined || event.seq <= state.as_of_seq) return state;
    return { ...reduceOwn(state, event), as_of_seq: event.seq };
  }
  if (event.type === "message.created") return replied(state, event.data, me);
  return event.type === "message.deleted" ? deleted(state, event.data, me) : state;
}
