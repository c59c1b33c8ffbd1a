// The session: snapshots over HTTP and events over the socket become one state, whatever order they come in.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import type { HomeSnapshot, MessageView, RoomSnapshot } from "../src/protocol";
import { type Boot, Session } from "../src/session";
import { FakeClock } from "./fake_clock";
import { FakeSocket, settle } from "./fake_socket";

const ME = 7;

function message(seq: number, author = 2, cid: string | null = null): MessageView {
  return {
    id: `m${seq}`, room: 1, seq, author, kind: "user", body: `text ${seq}`, html: "", created_at: "2026-11-20T09:00:00Z", cid, edited_at: null,
    deleted_at: null, deleted_by: null, reply_to: null, thread_root: null, also_in_room: false, thread: null, reactions: [], mentions: [], beside: null, attachments: [], pinned: false, run: null, card: null,
  };
}

function snapshot(id: number, as_of_seq: number, messages: MessageView[] = []): RoomSnapshot {
  const room = { id, kind: "public", slug: `r${id}`, name: `r${id}`, purpose: "", url: `/rooms/r${id}/`, slow_mode_seconds: 0, read_only: false, archived_at: null, retention_days: 0 };
  return {
    as_of_seq, room, role: "member", last_read_seq: 0, unread: 0, mentions: 0, members: [], member_count: 0, people: [], presence: [], messages,
    has_before: false, has_after: false, permissions: ["post"],
  };
}

function home(...rooms: [number, number][]): HomeSnapshot {
  const me = { id: ME, name: "jun", display_name: "Jun Kato", kind: "human", avatar_url: null };
  const preferences = {
    theme: "system", time_zone: "", enter_sends: true, letter_shortcuts: true, desktop_notifications: false, notification_sound: false,
    email_mentions: true, quiet_until: null, quiet_from: null, quiet_to: null,
  };
  const summaries = rooms.map(([id, head_seq]) => ({
    room: snapshot(id, 0).room, role: "member", head_seq, last_read_seq: 0, unread: 0, mentions: 0, notify: "", quiet_until: null, people: [], last_message: null, last_at: null,
  }));
  return { as_of_seq: 3, me, email: "", preferences, site_name: "N", can_create_rooms: true, is_staff: false, rooms: summaries, presence: [], drafts: [], reminders: [], mutes: [] };
}

function created(seq: number, topic = "room:1", author = 2, cid: string | null = null): unknown {
  return { type: "message.created", topic, seq, at: "2026-11-20T09:00:00Z", data: { message: { ...message(seq, author, cid), room: Number(topic.slice(5)) }, person: null, thread: null } };
}

/** Requests wait until the test answers them. */
let requests: { path: string; answer(body: unknown, status?: number): Promise<void> }[] = [];

function start(change: Partial<Boot> = {}): Session {
  const boot: Boot = { home: home([1, 10], [2, 20]), room: null, message: null, socket: "/ws/chat/", static: "/static/", ...change };
  const session = new Session(boot, { onReload: () => undefined });
  session.start();
  FakeSocket.last.hello();
  return session;
}

function answerSubscribe(): void {
  const topics = FakeSocket.last.frame("subscribe").data["topics"] as Record<string, number>;
  FakeSocket.last.ack("subscribe", Object.fromEntries(Object.entries(topics).map(([topic, seq]) => [topic, { mode: "resume", head: seq }])));
}

const ids = (session: Session) => session.room.get()?.messages.map((one) => one.id);

const clock = new FakeClock();
afterEach(() => clock.restore());

beforeEach(() => {
  clock.install();
  FakeSocket.install();
  requests = [];
  const page = globalThis as Record<string, unknown>;
  page["location"] = { href: "https://house/rooms/r1/" };
  page["BroadcastChannel"] = undefined;
  page["fetch"] = (path: string) =>
    new Promise((resolve) => {
      const answer = async (body: unknown, status = 200) => {
        resolve({ ok: status < 400, status, json: () => Promise.resolve(body) });
        await settle();
      };
      requests.push({ path, answer });
    });
});

test("a tab hears all of its rooms from where its snapshots end", () => {
  const session = start({ room: snapshot(1, 8) });
  assert.equal(FakeSocket.last.url, "wss://house/ws/chat/");
  assert.deepEqual(FakeSocket.last.frame("subscribe").data, { topics: { [`user:${ME}`]: 3, "room:1": 8, "room:2": 20 } });
  assert.equal(session.room.get()?.room.id, 1);
});

test("events during a snapshot's journey are held and applied once", async () => {
  const session = start();
  answerSubscribe();
  await settle();
  const opened = session.openRoom(1);
  assert.equal(session.room.get(), null);
  for (const seq of [11, 12]) FakeSocket.last.say(created(seq));
  await requests[0]?.answer(snapshot(1, 11, [message(11)]));
  await opened;
  assert.deepEqual(ids(session), ["m11", "m12"]);
  FakeSocket.last.say(created(13));
  assert.deepEqual(ids(session), ["m11", "m12", "m13"]);
  assert.equal(session.home.get().rooms[0]?.unread, 3);
});

test("a room seen before is there at once, with what happened since", async () => {
  const session = start({ room: snapshot(1, 10) });
  answerSubscribe();
  await settle();
  void session.openRoom(2);
  await requests[0]?.answer(snapshot(2, 20));
  FakeSocket.last.say(created(11));
  await session.openRoom(1);
  assert.deepEqual(ids(session), ["m11"]);
  assert.equal(requests.length, 1);
});

test("an answer that comes after one went on does not take the stage back", async () => {
  const session = start();
  void session.openRoom(1);
  void session.openRoom(2);
  await requests[1]?.answer(snapshot(2, 20));
  await requests[0]?.answer(snapshot(1, 10));
  assert.equal(session.room.get()?.room.id, 2);
});

test("an unknown room and a forbidden one are the same refusal", async () => {
  const session = start();
  const opened = session.openRoom(99);
  await requests[0]?.answer({ code: "not_found", message: "There is nothing here, or you may not see it." }, 404);
  await assert.rejects(opened, { status: 404, code: "not_found" });
});

test("a pruned log makes the tab load home and the open room again", async () => {
  const session = start({ room: snapshot(1, 10, [message(1)]) });
  answerSubscribe();
  await settle();
  FakeSocket.last.say({ type: "reset", topic: "room:1", data: { head: 900 } });
  FakeSocket.last.say(created(901));
  assert.deepEqual(requests.map((request) => request.path), ["/api/home/", "/api/rooms/1/snapshot/"]);
  await requests[0]?.answer(home([1, 900], [2, 20]));
  await requests[1]?.answer(snapshot(1, 900, [message(900)]));
  assert.deepEqual(ids(session), ["m900", "m901"]);
  assert.deepEqual([session.home.get().rooms[0]?.head_seq, session.home.get().rooms[0]?.unread], [901, 1]);
});

function read(seq: number, head_seq: number, unread: number): unknown {
  return { type: "read.changed", topic: `user:${ME}`, seq, at: "x", data: { room: 1, head_seq, last_read_seq: 11, unread, mentions: 0 } };
}

const counts = (session: Session) => [session.home.get().rooms[0]?.unread, session.room.get()?.unread];

test("counts of another moment than the room's make the tab ask again, once", async () => {
  const session = start({ room: snapshot(1, 10) });
  answerSubscribe();
  await settle();
  for (const seq of [11, 12, 13]) FakeSocket.last.say(created(seq));
  FakeSocket.last.say(read(4, 12, 1));
  FakeSocket.last.say(read(5, 12, 1));
  assert.deepEqual(counts(session), [1, 1]);
  clock.tick(300);
  assert.deepEqual(requests.map((request) => request.path), ["/api/home/"]);
  const fresh = home([1, 13], [2, 20]);
  await requests[0]?.answer({ ...fresh, as_of_seq: 5, rooms: fresh.rooms.map((one) => ({ ...one, last_read_seq: 11, unread: 2 })) });
  assert.deepEqual(counts(session), [2, 2]);
});

test("counts of this very moment are taken as they are", async () => {
  const session = start({ room: snapshot(1, 10) });
  answerSubscribe();
  await settle();
  for (const seq of [11, 12]) FakeSocket.last.say(created(seq));
  FakeSocket.last.say(read(4, 12, 1));
  clock.tick(1_000);
  assert.deepEqual([counts(session), requests.length], [[1, 1], 0]);
});

test("counts that fall out of step while home is on its way are asked for once more", async () => {
  const session = start({ room: snapshot(1, 10) });
  answerSubscribe();
  await settle();
  void session.reloadHome();
  FakeSocket.last.say(created(11));
  FakeSocket.last.say(read(4, 12, 1));
  clock.tick(300);
  assert.equal(requests.length, 1);
  await requests[0]?.answer(home([1, 11], [2, 20]));
  clock.tick(300);
  assert.equal(requests.length, 2);
});

test("a room that joins the list is heard, one that leaves it no more", async () => {
  const session = start();
  answerSubscribe();
  await settle();
  const summary = { ...(home([5, 50]).rooms[0] as object) };
  FakeSocket.last.say({ type: "room.added", topic: `user:${ME}`, seq: 4, at: "x", data: { summary } });
  assert.deepEqual(FakeSocket.last.frame("subscribe").data, { topics: { "room:5": 50 } });
  FakeSocket.last.say({ type: "room.removed", topic: `user:${ME}`, seq: 5, at: "x", data: { room: 5, why: "removed", reason: "" } });
  assert.deepEqual(FakeSocket.last.frame("unsubscribe").data, { topics: ["room:5"] });
  assert.deepEqual(session.home.get().rooms.map((one) => one.room.id), [1, 2]);
});

test("the own message that comes back takes the waiting one's place", async () => {
  const session = start({ room: snapshot(1, 10) });
  answerSubscribe();
  const cid = await session.outbox.add({ room: 1, body: "hello", thread: null, reply_to: null, also_in_room: false, beside: null });
  await settle();
  assert.equal(FakeSocket.last.frame("message.send").data["cid"], cid);
  FakeSocket.last.say(created(11, "room:1", ME, cid));
  assert.deepEqual([ids(session), session.outbox.of(1)], [["m11"], []]);
});
