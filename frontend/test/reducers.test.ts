// The reducers by themselves: counts, windows of history, threads, and that repeating an event changes nothing.
// What a fresh snapshot would say is held in law.test.ts against the server's own transcripts.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { AnyEvent } from "../src/events";
import type { HomeSnapshot, MessagePage, MessageView, PersonView, RoomSnapshot, ThreadSnapshot } from "../src/protocol";
import { addNewer, addOlder, reduceHome, reduceRoom, reduceThread, Store, WINDOW_ROWS } from "../src/store";

const ME = 7;
const teo: PersonView = { id: 2, name: "teo", display_name: "Teo Lindqvist", kind: "human", avatar_url: null };
const jun: PersonView = { id: ME, name: "jun", display_name: "Jun Kato", kind: "human", avatar_url: null };

function message(seq: number, change: Partial<MessageView> = {}): MessageView {
  return {
    id: `m${seq}`, room: 1, seq, author: 2, kind: "user", body: `text ${seq}`, html: `<p>text ${seq}</p>`, created_at: "2026-11-20T09:00:00Z",
    cid: null, edited_at: null, deleted_at: null, deleted_by: null, reply_to: null, thread_root: null, also_in_room: false, thread: null,
    reactions: [], mentions: [], beside: null, attachments: [], pinned: false, run: null, card: null, ...change,
  };
}

function room(messages: MessageView[], change: Partial<RoomSnapshot> = {}): RoomSnapshot {
  return {
    as_of_seq: 10, role: "member", last_read_seq: 10, unread: 0, mentions: 0, member_count: 2, people: [], presence: [], messages,
    members: [{ person: teo, role: "owner" }, { person: jun, role: "member" }], has_before: false, has_after: false, permissions: ["post", "invite"],
    room: { id: 1, kind: "public", slug: "core", name: "core", purpose: "", url: "/rooms/core/", slow_mode_seconds: 0, read_only: false, archived_at: null, retention_days: 0 },
    ...change,
  };
}

function event(type: string, seq: number | undefined, data: unknown, topic = "room:1"): AnyEvent {
  return { type, topic, ...(seq === undefined ? {} : { seq, at: "2026-11-20T09:00:00Z" }), data } as unknown as AnyEvent;
}

const created = (seq: number, change: Partial<MessageView> = {}, thread: unknown = null) => event("message.created", seq, { message: message(seq, change), person: teo, thread });
const ids = (state: RoomSnapshot) => state.messages.map((one) => one.id);

test("a new message joins the log and counts as unread", () => {
  const next = reduceRoom(room([message(10)]), created(11, { mentions: [ME] }), ME);
  assert.deepEqual([ids(next), next.unread, next.mentions, next.as_of_seq], [["m10", "m11"], 1, 1, 11]);
});

test("own messages and system lines count nothing", () => {
  for (const change of [{ author: ME }, { kind: "system", author: null }]) {
    assert.equal(reduceRoom(room([]), created(11, change), ME).unread, 0);
  }
});

test("an alert counts like what people say", () => {
  const next = reduceRoom(room([message(10)]), created(11, { kind: "alert", author: null, mentions: [ME] }), ME);
  assert.deepEqual([next.unread, next.mentions], [1, 1]);
});

test("a reply stays out of the room, raises its chip, and counts only as a mention", () => {
  const chip = { replies: 1, people: [2], last_at: "2026-11-20T09:00:00Z" };
  const next = reduceRoom(room([message(10)]), created(11, { thread_root: "m10", mentions: [ME] }, chip), ME);
  assert.deepEqual([ids(next), next.unread, next.mentions], [["m10"], 0, 1]);
  assert.deepEqual(next.messages[0]?.thread, chip);
});

test("events that the snapshot holds already change nothing", () => {
  const state = room([message(10)]);
  assert.equal(reduceRoom(state, created(10), ME), state);
  assert.equal(reduceRoom(state, { ...created(11), topic: "room:2" } as AnyEvent, ME), state);
});

test("a deleted message becomes a tombstone, also where it is quoted, and counts no more", () => {
  const quoting = message(11, { reply_to: { id: "m10", seq: 10, author: 2, excerpt: "text 10", deleted: false, kind: "user" } });
  const state = room([message(10, { reactions: [{ emoji: "👍", users: [2] }] }), quoting], { last_read_seq: 9, unread: 2 });
  const next = reduceRoom(state, event("message.deleted", 12, { id: "m10", message_seq: 10, author: 2, in_room: true, mentions: [], deleted_at: "2026-11-20T10:00:00Z", by: "author", thread_root: null, thread: null }), ME);
  const [tomb, quote] = next.messages;
  assert.deepEqual([tomb?.body, tomb?.html, tomb?.deleted_by, tomb?.reactions], ["", "", "author", []]);
  assert.deepEqual([quote?.reply_to?.deleted, quote?.reply_to?.excerpt, next.unread], [true, "", 1]);
});

test("reactions are counted once for each person, and go with the last", () => {
  const add = (seq: number, user: number) => event("reaction.added", seq, { message: "m10", user, emoji: "👍" });
  const remove = (seq: number, user: number) => event("reaction.removed", seq, { message: "m10", user, emoji: "👍" });
  let state = room([message(10)]);
  for (const one of [add(11, 2), add(12, 2), add(13, ME), remove(14, 2)]) state = reduceRoom(state, one, ME);
  assert.deepEqual(state.messages[0]?.reactions, [{ emoji: "👍", users: [ME] }]);
  assert.deepEqual(reduceRoom(state, remove(15, ME), ME).messages[0]?.reactions, []);
});

test("a window that ends before the newest message stays as it is", () => {
  const next = reduceRoom(room([message(3)], { has_after: true }), created(11), ME);
  assert.deepEqual([ids(next), next.unread, next.as_of_seq], [["m3"], 1, 11]);
});

test("who leaves goes from the members and stays known as an author", () => {
  const next = reduceRoom(room([message(10)]), event("member.left", 11, { user: 2, message: message(11, { kind: "system", author: null }) }), ME);
  assert.deepEqual([next.members.length, next.member_count, next.people, ids(next)], [1, 1, [teo], ["m10", "m11"]]);
});

test("a role or a setting changes what one may do", () => {
  const readOnly = event("room.updated", 11, { room: { ...room([]).room, read_only: true }, message: null });
  const member = reduceRoom(room([]), readOnly, ME);
  assert.deepEqual(member.permissions, ["invite"]);
  const moderator = reduceRoom(member, event("member.role_changed", 12, { user: ME, role: "moderator", message: null }), ME);
  assert.deepEqual([moderator.role, moderator.permissions], ["moderator", ["post", "moderate", "invite"]]);
});

function page(from: number, to: number, as_of_seq = 500): MessagePage {
  const messages = Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
  return { as_of_seq, messages, people: [], has_before: from > 1, has_after: true };
}

test("history joins on both ends of a window that keeps its size", () => {
  let state = room(page(451, 500).messages, { as_of_seq: 500, has_before: true });
  for (let from = 401; from > 0; from -= 50) state = addOlder(state, page(from, from + 49), []);
  assert.deepEqual([state.messages.length, state.messages[0]?.seq, state.has_before, state.has_after], [WINDOW_ROWS, 1, false, true]);
  for (let from = 401; from < 500; from += 50) state = addNewer(state, { ...page(from, from + 49), has_after: from < 451 }, []);
  assert.deepEqual([state.messages.length, state.messages[WINDOW_ROWS - 1]?.seq, state.has_before, state.has_after], [WINDOW_ROWS, 500, true, false]);
  assert.deepEqual(state.messages.map((one) => one.seq), Array.from({ length: WINDOW_ROWS }, (_, index) => 101 + index));
});

test("what happens while the last page is on its way is not lost, and nothing stands twice", () => {
  const state = room([message(3)], { as_of_seq: 502, has_after: true });
  const held = [created(501), created(502), event("reaction.added", 503, { message: "m4", user: 2, emoji: "👍" })];
  const next = addNewer(state, { ...page(4, 6, 501), messages: [message(4), message(501)], has_after: false }, held);
  assert.deepEqual(ids(next), ["m3", "m4", "m501", "m502"]);
  assert.deepEqual(next.messages[1]?.reactions, [{ emoji: "👍", users: [2] }]);
  assert.deepEqual(ids(reduceRoom(next, created(503, { id: "m502" }), ME)), ["m3", "m4", "m501", "m502"]);
});

test("a thread takes its replies, in order, and their changes", () => {
  const thread: ThreadSnapshot = { as_of_seq: 10, root: message(5), replies: [message(9, { thread_root: "m5" })], people: [teo], has_before: false };
  let next = reduceThread(thread, created(11, { thread_root: "m5", author: ME }, { replies: 2, people: [2, ME], last_at: "x" }));
  next = reduceThread(next, created(12, { thread_root: "m6" }));
  next = reduceThread(next, event("message.edited", 13, { id: "m5", body: "new", html: "<p>new</p>", message_seq: 5, edited_at: "2026-11-20T10:00:00Z", mentions: [], mentioned_before: [] }));
  assert.deepEqual(next.replies.map((one) => one.id), ["m9", "m11"]);
  assert.deepEqual([next.root.body, next.root.thread?.replies, next.as_of_seq], ["new", 2, 13]);
});

function home(): HomeSnapshot {
  const view = room([]).room;
  const summary = { room: view, role: "member", head_seq: 10, last_read_seq: 10, unread: 0, mentions: 0, notify: "", quiet_until: null, people: [], last_message: null, last_at: null };
  const preferences = {
    theme: "system", time_zone: "", enter_sends: true, letter_shortcuts: true, desktop_notifications: false, notification_sound: false,
    email_mentions: true, quiet_until: null, quiet_from: null, quiet_to: null,
  };
  return { as_of_seq: 4, me: jun, email: "", preferences, site_name: "N", can_create_rooms: true, is_staff: false, rooms: [summary], presence: [], drafts: [], reminders: [], mutes: [] };
}

test("the list of rooms counts, shows the newest words, and is set by what was read elsewhere", () => {
  let state = reduceHome(home(), created(11, { body: "lunch at  12:30" }));
  assert.deepEqual([state.rooms[0]?.unread, state.rooms[0]?.last_message?.excerpt, state.rooms[0]?.head_seq], [1, "lunch at 12:30", 11]);
  state = reduceHome(state, event("read.changed", 5, { room: 1, last_read_seq: 11, unread: 0, mentions: 0 }, `user:${ME}`));
  assert.deepEqual([state.rooms[0]?.unread, state.as_of_seq], [0, 5]);
  assert.equal(reduceHome(state, event("room.removed", 5, { room: 1, why: "removed", reason: "" }, `user:${ME}`)), state);
  assert.deepEqual(reduceHome(state, event("room.removed", 6, { room: 1, why: "removed", reason: "" }, `user:${ME}`)).rooms, []);
});

test("a store tells only those whose part changed", () => {
  const store = new Store({ a: 1, b: 1 });
  const seen: number[] = [];
  const stop = store.subscribe((state) => state.a, (a) => seen.push(a));
  store.update((state) => ({ ...state, b: 2 }));
  store.update((state) => ({ ...state, a: 2 }));
  stop();
  store.update((state) => ({ ...state, a: 3 }));
  assert.deepEqual(seen, [1, 2]);
});
