// The open room: (RoomSnapshot, event) -> RoomSnapshot, and the pages of history that join it. Pure.

import type { AnyEvent, RoomEvent } from "../events";
import { isRoomEvent, roomOf } from "../events";
import type { MemberView, MessagePage, MessageView, PersonView, PresenceView, RoomSnapshot, RoomView } from "../protocol";
import { insert, reduceMessages, shownInRoom, withCounts } from "./messages";

/** Rows that the page keeps of one room; older or newer ones are fetched again when one scrolls there. */
export const WINDOW_ROWS = 400;
const PAGE_ROWS = 50;

function byRank(a: MemberView, b: MemberView): number {
  const owner = Number(b.role === "owner") - Number(a.role === "owner");
  if (owner !== 0) return owner;
  const [left, right] = [a.person.display_name.toLowerCase(), b.person.display_name.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : a.person.id - b.person.id;
}

function byId(people: PersonView[]): PersonView[] {
  return people.sort((a, b) => a.id - b.id);
}

function withPerson(state: RoomSnapshot, person: PersonView | null): PersonView[] {
  if (person === null || state.members.some((member) => member.person.id === person.id)) return state.people;
  return byId([...state.people.filter((other) => other.id !== person.id), person]);
}

/** Adds a message of an event, unless the window ends before it. */
function withMessage(state: RoomSnapshot, message: MessageView | null): RoomSnapshot {
  if (message === null || state.has_after || !shownInRoom(message)) return state;
  return trimStart({ ...state, messages: insert(state.messages, message) });
}

function trimStart(state: RoomSnapshot): RoomSnapshot {
  const surplus = state.messages.length - WINDOW_ROWS;
  return surplus > 0 ? { ...state, messages: state.messages.slice(surplus), has_before: true } : state;
}

/** The room with its newest messages only, so that coming back draws a page and not a long history. */
export function newestPage(state: RoomSnapshot): RoomSnapshot {
  if (state.has_after || state.messages.length <= PAGE_ROWS) return state;
  return { ...state, messages: state.messages.slice(-PAGE_ROWS), has_before: true };
}

function created(state: RoomSnapshot, data: Extract<RoomEvent, { type: "message.created" }>["data"]): RoomSnapshot {
  const { message, person } = data;
  const seen = shownInRoom(message) && !state.has_after;
  return withMessage(seen ? { ...state, people: withPerson(state, person) } : state, message);
}

function joined(state: RoomSnapshot, member: MemberView): RoomSnapshot {
  const known = state.members.some((other) => other.person.id === member.person.id);
  const others = state.members.filter((other) => other.person.id !== member.person.id);
  return {
    ...state,
    members: [...others, member].sort(byRank),
    member_count: state.member_count + (known ? 0 : 1),
    people: state.people.filter((person) => person.id !== member.person.id),
  };
}

function left(state: RoomSnapshot, user: number): RoomSnapshot {
  const gone = state.members.find((member) => member.person.id === user);
  if (gone === undefined) return state;
  const wrote = state.messages.some((message) => message.author === user);
  return {
    ...state,
    members: state.members.filter((member) => member !== gone),
    member_count: state.member_count - 1,
    people: wrote ? byId([...state.people, gone.person]) : state.people,
    presence: state.presence.filter((one) => one.user !== user),
  };
}

/** Somebody who is in the room, or wrote in it, as they are now. */
function changed(state: RoomSnapshot, person: PersonView): RoomSnapshot {
  return {
    ...state,
    members: state.members.map((member) => (member.person.id === person.id ? { ...member, person } : member)).sort(byRank),
    people: replaced(state.people, person),
  };
}

/** A person in place of what they were; who is not there is not added. */
export function replaced(people: PersonView[], person: PersonView): PersonView[] {
  return people.map((other) => (other.id === person.id ? person : other));
}

/** What a page may offer to somebody of this role; the server's rule, in the server's order. */
export function permissionsOf(role: string, room: RoomView): string[] {
  const fixed = room.kind === "direct" || room.kind === "group";
  const archived = room.archived_at !== null;
  const moderates = (role === "owner" || role === "moderator") && !fixed;
  const held = {
    post: role !== "" && !archived && (!room.read_only || moderates),
    moderate: moderates,
    manage: role === "owner" && !fixed,
    invite: role !== "" && role !== "guest" && !fixed && !archived,
    join: role === "" && room.kind === "public" && !archived,
  };
  return Object.entries(held).flatMap(([name, holds]) => (holds ? [name] : []));
}

/** Those who are here, by id. */
export function withPresence(list: PresenceView[], user: number, state: string): PresenceView[] {
  const others = list.filter((one) => one.user !== user);
  return state === "offline" ? others : [...others, { user, state }].sort((a, b) => a.user - b.user);
}

function reduce(before: RoomSnapshot, event: RoomEvent, me: number): RoomSnapshot {
  const state = withCounts({ ...before, messages: reduceMessages(before.messages, event) }, event, me);
  switch (event.type) {
    case "message.created":
      return created(state, event.data);
    case "member.joined":
      return withMessage(joined(state, event.data.member), event.data.message);
    case "member.left":
    case "member.removed":
      return withMessage(left(state, event.data.user), event.data.message);
    case "member.role_changed": {
      const { user, role, message } = event.data;
      const members = state.members.map((member) => (member.person.id === user ? { ...member, role } : member)).sort(byRank);
      const own = user === me ? role : state.role;
      return withMessage({ ...state, members, role: own, permissions: permissionsOf(own, state.room) }, message);
    }
    case "person.changed":
      return changed(state, event.data.person);
    case "room.updated":
      return withMessage({ ...state, room: event.data.room, permissions: permissionsOf(state.role, event.data.room) }, event.data.message);
    case "discussion.changed":
      return withMessage(state, event.data.message);
    case "presence.changed":
      return { ...state, presence: withPresence(state.presence, event.data.user, event.data.state) };
    default:
      return state;
  }
}

/** What an event makes of a room's snapshot as `me` sees it; events it already holds change nothing. */
export function reduceRoom(state: RoomSnapshot, event: AnyEvent, me: number): RoomSnapshot {
  if (event.type === "read.changed") {
    if (event.data.room !== state.room.id) return state;
    const { last_read_seq, unread, mentions } = event.data;
    return { ...state, last_read_seq, unread, mentions };
  }
  if (!isRoomEvent(event) || roomOf(event.topic) !== state.room.id) return state;
  if (event.seq === undefined) return reduce(state, event, me);
  if (event.seq <= state.as_of_seq) return state;
  return { ...reduce(state, event, me), as_of_seq: event.seq };
}

/** Applies what happened while a page of history was on its way. */
function replay(state: RoomSnapshot, page: MessagePage, held: readonly AnyEvent[]): RoomSnapshot {
  return held.reduce((now, event) => {
    if (!isRoomEvent(event) || event.seq === undefined || event.seq <= page.as_of_seq) return now;
    const next = { ...now, messages: reduceMessages(now.messages, event) };
    const message = "message" in event.data && typeof event.data.message === "object" ? event.data.message : null;
    return withMessage(next, message);
  }, state);
}

function joinPeople(state: RoomSnapshot, page: MessagePage): PersonView[] {
  return page.people.reduce((people, person) => withPerson({ ...state, people }, person), state.people);
}

function merge(older: readonly MessageView[], newer: readonly MessageView[]): MessageView[] {
  const known = new Set(older.map((message) => message.id));
  return [...older, ...newer.filter((message) => !known.has(message.id))];
}

/** Puts older history before the window; beyond its size the newest rows go. */
export function addOlder(state: RoomSnapshot, page: MessagePage, held: readonly AnyEvent[]): RoomSnapshot {
  const messages = merge(page.messages, state.messages);
  const cut = messages.length > WINDOW_ROWS;
  const next = {
    ...state,
    messages: messages.slice(0, WINDOW_ROWS),
    people: joinPeople(state, page),
    has_before: page.has_before,
    has_after: state.has_after || cut,
  };
  return replay(next, page, held);
}

/** Puts newer messages after the window; beyond its size the oldest rows go. */
export function addNewer(state: RoomSnapshot, page: MessagePage, held: readonly AnyEvent[]): RoomSnapshot {
  const messages = merge(state.messages, page.messages);
  return replay(trimStart({ ...state, messages, people: joinPeople(state, page), has_after: page.has_after }), page, held);
}
