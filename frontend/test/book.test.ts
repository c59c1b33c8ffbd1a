// The discussions of a document as the room's events change them, against answers of the server that the test gives.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Book } from "../src/discussions/book";
import type { Discussion, Discussions } from "../src/protocol";
import type { Session } from "../src/session";
import { settle } from "./fake_socket";

type Heard = (event: unknown) => void;

let heard: Heard[] = [];
let stateHeard: ((state: string) => void)[] = [];
let answers: Discussions[] = [];
let asked: string[] = [];

function discussion(message: string, change: Partial<Discussion> = {}): Discussion {
  const said = { message, message_seq: 4, document: 7, author: 1, excerpt: "Right?", created_at: "2026-11-22T09:00:00Z", replies: 0, resolved_at: null, resolved_by: null };
  const place = { version: 5, start: 4, end: 9, line: 2, last_line: 3, said_version: 2, said_start: 4, said_end: 9, said_line: 2, quote: "a\nb", html: "", changed: null };
  return { ...said, ...place, ...change };
}

function told(as_of_seq: number, ...discussions: Discussion[]): Discussions {
  const document = { id: 7, room: 1, name: "session.py", language: "", version: 5, length: 20, read_only: false, position: 1, created_by: 1, created_at: "", edited_at: null, deleted_at: null, deleted_by: null };
  return { document, can_write: true, as_of_seq, discussions, people: [] };
}

function book(): { book: Book; draws: () => number; stop: () => void } {
  const connection = {
    onEvent: (listener: Heard) => (heard.push(listener), () => (heard = heard.filter((one) => one !== listener))),
    onState: (listener: (state: string) => void) => (stateHeard.push(listener), () => undefined),
  };
  const session = { connection, people: { add: () => undefined } } as unknown as Session;
  const made = new Book(session, 1, 7);
  let draws = 0;
  return { book: made, draws: () => draws, stop: made.subscribe(() => (draws += 1)) };
}

function tell(type: string, data: unknown, topic = "room:1"): void {
  for (const listener of heard) listener({ type, topic, seq: 9, at: "2026-11-22T10:00:00Z", data });
}

const reply = (root: string, replies: number) => ({ message: { id: "r", thread_root: root, beside: null }, person: null, thread: { replies, people: [], last_at: "" } });
const about = (topic: string, start: number | null) => ({ message: { id: "n", thread_root: null, beside: { topic, seq: 5, start, end: start } }, person: null, thread: null });

beforeEach(() => {
  [heard, stateHeard, answers, asked] = [[], [], [], []];
  globalThis.fetch = ((path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(JSON.stringify(answers.shift() ?? told(99)), { status: 200 }));
  }) as typeof fetch;
});

test("a book is loaded by the first who looks, and closed by the last", async () => {
  answers = [told(4, discussion("m"))];
  const { book: made, stop } = book();
  const second = made.subscribe(() => undefined);
  await settle();
  assert.deepEqual(asked, ["/api/documents/7/discussions/"]);
  assert.equal(made.find("m")?.line, 2);
  second();
  assert.equal(heard.length, 1);
  stop();
  assert.equal(heard.length, 0);
  assert.equal(made.now, null);
});

test("answers, edits, resolutions and deletions of the room change what is known", async () => {
  answers = [told(4, discussion("m"), discussion("n"))];
  const { book: made } = book();
  await settle();
  tell("message.created", reply("m", 1));
  assert.equal(made.find("m")?.replies, 1);
  tell("message.edited", { id: "m", body: "Is *this* right?", html: "", mentions: [], mentioned_before: [], message_seq: 4, edited_at: "" });
  assert.equal(made.find("m")?.excerpt, "Is *this* right?");
  tell("discussion.changed", { document: 7, discussion: "m", resolved: true, by: 2, message: {} });
  assert.deepEqual([made.find("m")?.resolved_by, made.find("m")?.resolved_at], [2, "2026-11-22T10:00:00Z"]);
  tell("discussion.changed", { document: 8, discussion: "m", resolved: false, by: 2, message: {} });
  assert.equal(made.find("m")?.resolved_by, 2);
  tell("message.deleted", { id: "r", thread_root: "m", thread: null });
  assert.equal(made.find("m")?.replies, 0);
  tell("message.deleted", { id: "n", thread_root: null, thread: null });
  assert.equal(made.find("n"), null);
  tell("message.created", reply("m", 5), "room:2");
  assert.equal(made.find("m")?.replies, 0);
});

test("a message about lines of the document is asked for, one about others is not", async () => {
  answers = [told(4), told(10, discussion("n"))];
  const { book: made, stop } = book();
  await settle();
  tell("message.created", about("document:8", 3));
  tell("message.created", about("document:7", null));
  tell("message.created", about("document:7", 3));
  tell("message.created", about("document:7", 3));
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(asked.length, 2);
  assert.equal(made.find("n")?.message, "n");
  stop();
});

test("an answer from before what is known changes nothing", async () => {
  answers = [told(10, discussion("m")), told(3)];
  const { book: made, stop } = book();
  await settle();
  await made.load();
  assert.equal(made.find("m")?.message, "m");
  stop();
});

test("the places of the editor come before the server's, until it tells no more", async () => {
  answers = [told(4, discussion("m"))];
  const { book: made, draws, stop } = book();
  await settle();
  const before = draws();
  const place = { line: 12, last: 13, changed: [13, 13], gone: false };
  made.setPlaces(new Map([["m", place]]));
  made.setPlaces(new Map([["m", { ...place, changed: [13, 13] }]]));
  assert.equal(draws(), before + 1);
  assert.deepEqual(made.place(discussion("m")), place);
  made.setPlaces(null);
  assert.equal(made.place(discussion("m")).line, 2);
  stop();
});
