// A thread beside its room: (ThreadSnapshot, event) -> ThreadSnapshot. Pure.

import type { AnyEvent } from "../events";
import { isRoomEvent, roomOf } from "../events";
import type { ThreadSnapshot } from "../protocol";
import { insert, reduceMessage, reduceMessages } from "./messages";
import { replaced } from "./room";

/** What an event of the room makes of a thread's snapshot; events it already holds change nothing. */
export function reduceThread(state: ThreadSnapshot, event: AnyEvent): ThreadSnapshot {
  if (!isRoomEvent(event) || event.seq === undefined) return state;
  if (roomOf(event.topic) !== state.root.room || event.seq <= state.as_of_seq) return state;
  const next = {
    ...state,
    as_of_seq: event.seq,
    root: reduceMessage(state.root, event),
    replies: reduceMessages(state.replies, event),
  };
  if (event.type === "person.changed") return { ...next, people: replaced(next.people, event.data.person) };
  if (event.type !== "message.created" || event.data.message.thread_root !== state.root.id) return next;
  const { message, person } = event.data;
  const known = person === null || next.people.some((other) => other.id === person.id);
  return {
    ...next,
    replies: insert(next.replies, message),
    people: known || person === null ? next.people : [...next.people, person],
  };
}
