// What the shell shows: (HomeSnapshot, event) -> HomeSnapshot, for events of the person and of all their rooms. Pure.

import type { AnyEvent, RoomEvent, UserEvent } from "../events";
import { isRoomEvent, roomOf } from "../events";
import type { DraftView, HomeSnapshot, MuteView, PersonView, RoomSummary } from "../protocol";
import { excerpt, quoteOf, shownInRoom, withCounts } from "./messages";
import { replaced, withPresence } from "./room";

const PEOPLE_MOST = 8;

function changeRoom(state: HomeSnapshot, id: number, change: (summary: RoomSummary) => RoomSummary): HomeSnapshot {
  return { ...state, rooms: state.rooms.map((summary) => (summary.room.id === id ? change(summary) : summary)) };
}

function withoutPerson(people: PersonView[], user: number): PersonView[] {
  return people.filter((person) => person.id !== user);
}

function isDirect(summary: RoomSummary): boolean {
  return summary.room.kind === "direct" || summary.room.kind === "group";
}

function reduceSummary(before: RoomSummary, event: RoomEvent, me: number): RoomSummary {
  const summary = withCounts(before, event, me);
  const last = summary.last_message;
  switch (event.type) {
    case "message.created": {
      const { message } = event.data;
      if (!shownInRoom(message) || message.kind === "system") return summary;
      return { ...summary, last_message: quoteOf(message), last_at: message.created_at };
    }
    case "message.edited":
    case "run.changed":
    case "card.changed":
      if (last?.id !== ("id" in event.data ? event.data.id : event.data.message)) return summary;
      return { ...summary, last_message: { ...last, excerpt: excerpt(event.data.body) } };
    case "message.deleted":
      if (last?.id !== event.data.id) return summary;
      return { ...summary, last_message: { ...last, excerpt: "", deleted: true } };
    case "room.updated":
      return { ...summary, room: event.data.room };
    case "member.role_changed":
      return event.data.user === me ? { ...summary, role: event.data.role } : summary;
    case "member.joined": {
      const { person } = event.data.member;
      if (!isDirect(summary) || person.id === me) return summary;
      return { ...summary, people: [...withoutPerson(summary.people, person.id), person].slice(0, PEOPLE_MOST) };
    }
    case "person.changed":
      return { ...summary, people: replaced(summary.people, event.data.person) };
    case "member.left":
    case "member.removed":
      return isDirect(summary) ? { ...summary, people: withoutPerson(summary.people, event.data.user) } : summary;
    default:
      return summary;
  }
}

function reduceRoomEvent(state: HomeSnapshot, event: RoomEvent): HomeSnapshot {
  if (event.type === "typing") return state;
  if (event.type === "presence.changed") {
    return { ...state, presence: withPresence(state.presence, event.data.user, event.data.state) };
  }
  const id = roomOf(event.topic) ?? 0;
  const seq = event.seq ?? 0;
  const known = state.rooms.find((summary) => summary.room.id === id);
  if (known === undefined || seq <= known.head_seq) return state;
  const own = event.type === "person.changed" && event.data.person.id === state.me.id;
  const next = own ? { ...state, me: event.data.person } : state;
  return changeRoom(next, id, (summary) => ({ ...reduceSummary(summary, event, state.me.id), head_seq: seq }));
}

/** The newest first; what was sent or discarded is gone, unless another version of it is kept. */
function withDraft(drafts: DraftView[], draft: DraftView): DraftView[] {
  const others = drafts.filter((one) => one.room !== draft.room || one.thread !== draft.thread);
  return draft.body === "" && draft.copies === 0 ? others : [draft, ...others];
}

/** One that lasts until it is lifted ends last. */
function endOf({ until }: MuteView): number {
  return until === null ? Infinity : Date.parse(until);
}

/** Of several mutes of one place the one that ends last; that for everywhere first, then by room. */
function withMute(mutes: MuteView[], room: number | null, choose: (held: MuteView | undefined) => MuteView | null): MuteView[] {
  const now = choose(mutes.find((one) => one.room === room));
  const others = mutes.filter((one) => one.room !== room);
  return (now === null ? others : [...others, now]).sort((a, b) => (a.room ?? 0) - (b.room ?? 0));
}

function reduceOwn(state: HomeSnapshot, event: UserEvent): HomeSnapshot {
  switch (event.type) {
    case "preferences.changed":
      return { ...state, preferences: event.data.preferences };
    case "read.changed": {
      const { room, last_read_seq, unread, mentions } = event.data;
      return changeRoom(state, room, (summary) => ({ ...summary, last_read_seq, unread, mentions }));
    }
    case "room.notify_changed": {
      const { room, notify, quiet_until } = event.data;
      return changeRoom(state, room, (summary) => ({ ...summary, notify, quiet_until }));
    }
    case "sanction.applied": {
      const { kind, room, reason, until } = event.data;
      if (kind !== "mute") return state;
      const given = { room, reason, until };
      return { ...state, mutes: withMute(state.mutes, room, (held) => (held !== undefined && endOf(held) >= endOf(given) ? held : given)) };
    }
    case "sanction.lifted":
      return event.data.kind === "mute" ? { ...state, mutes: withMute(state.mutes, event.data.room, () => event.data.left) } : state;
    case "reminder.told":
      return { ...state, reminders: [...state.reminders, event.data.reminder] };
    case "reminder.dismissed":
      return { ...state, reminders: state.reminders.filter((one) => one.id !== event.data.id) };
    case "draft.changed":
      return { ...state, drafts: withDraft(state.drafts, event.data.draft) };
    case "room.added": {
      const { summary } = event.data;
      return { ...state, rooms: [...state.rooms.filter((other) => other.room.id !== summary.room.id), summary] };
    }
    case "room.removed":
      return { ...state, rooms: state.rooms.filter((summary) => summary.room.id !== event.data.room) };
    default:
      return state;
  }
}

/** What an event makes of the home snapshot; events it already holds change nothing. */
export function reduceHome(state: HomeSnapshot, event: AnyEvent): HomeSnapshot {
  if (isRoomEvent(event)) return reduceRoomEvent(state, event);
  if (event.seq === undefined || event.seq <= state.as_of_seq) return state;
  return { ...reduceOwn(state, event), as_of_seq: event.seq };
}
