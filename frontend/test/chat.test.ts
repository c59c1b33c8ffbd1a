// The pure parts of the chat: lines of a log, completion, differences of texts, times, names.

import assert from "node:assert/strict";
import { test } from "node:test";

import { rankPeople, wordAt } from "../src/chat/completion";
import { diffWords } from "../src/chat/diff";
import { searchEmoji, unpack } from "../src/chat/emoji";
import { entriesOf, threadEntries } from "../src/chat/entries";
import { typingText } from "../src/chat/typing";
import type { OutboxItem } from "../src/outbox";
import { letters, roomName } from "../src/people";
import type { MessageView, PersonView, RoomView } from "../src/protocol";
import { excerpt } from "../src/reducers/messages";
import { withoutMarks } from "../src/words";
import { dayLabel, duration, setTimeZone, shortTime } from "../src/time";

setTimeZone("UTC");

function message(seq: number, change: Partial<MessageView> = {}): MessageView {
  return {
    id: `m${seq}`, room: 1, seq, author: 2, kind: "user", body: `text ${seq}`, html: `<p>text ${seq}</p>`,
    created_at: `2026-11-20T09:${String(seq).padStart(2, "0")}:00Z`, cid: `c${seq}`, edited_at: null, deleted_at: null, deleted_by: null,
    reply_to: null, thread_root: null, also_in_room: false, thread: null, reactions: [], mentions: [], beside: null, attachments: [], pinned: false, run: null, card: null, ...change,
  };
}

function pending(cid: string, change: Partial<OutboxItem> = {}): OutboxItem {
  return {
    cid, room: 1, body: "on its way", thread: null, reply_to: null, also_in_room: false, beside: null, created_at: "2026-11-20T09:30:00Z",
    order: 1, state: "waiting", error: null, seq: null, ...change,
  };
}

const person = (id: number, name: string, display_name: string): PersonView => ({ id, name, display_name, kind: "human", avatar_url: null });

const lines = (input: Parameters<typeof entriesOf>[0]) => entriesOf(input).map((entry) => (entry.kind === "message" ? `${entry.key}${entry.follow ? "+" : ""}` : entry.kind));

test("messages of one author within five minutes stand together", () => {
  const messages = [message(1), message(2), message(8), message(9, { author: 3 }), message(10, { author: 3, reply_to: { id: "m1", seq: 1, author: 2, excerpt: "", deleted: false, kind: "user" } })];
  assert.deepEqual(lines({ messages, pending: [], me: 7, newAfter: null, fromStart: true }), ["start", "day", "m1", "m2+", "m8", "m9", "m10"]);
});

test("a day begins with its name, and a system line ends a group", () => {
  const messages = [message(1), message(2, { kind: "system", author: null }), message(3), message(4, { created_at: "2026-11-21T00:00:00Z" })];
  assert.deepEqual(lines({ messages, pending: [], me: 7, newAfter: null, fromStart: false }), ["day", "m1", "system", "m3", "day", "m4"]);
});

test("the New line stands before the first unread message of others", () => {
  const messages = [message(1), message(2, { author: 7 }), message(3), message(4)];
  assert.deepEqual(lines({ messages, pending: [], me: 7, newAfter: 1, fromStart: false }), ["day", "m1", "c2", "new", "m3", "m4+"]);
});

test("a message on its way keeps its line when the server has it", () => {
  const before = entriesOf({ messages: [message(1)], pending: [pending("c9")], me: 7, newAfter: null, fromStart: false });
  const after = entriesOf({ messages: [message(1), message(9, { author: 7, cid: "c9" })], pending: [pending("c9")], me: 7, newAfter: null, fromStart: false });
  assert.deepEqual(before.map((entry) => entry.key), after.map((entry) => entry.key));
});

test("a thread shows its root, the count of replies that are left, and the replies", () => {
  const replies = [message(2, { thread_root: "m1" }), message(3, { thread_root: "m1", deleted_at: "2026-11-20T10:00:00Z" })];
  const entries = threadEntries(message(1), replies, [], 7);
  assert.deepEqual(entries.map((entry) => entry.kind), ["message", "count", "message", "message"]);
  assert.equal(entries[1]?.kind === "count" && entries[1].replies, 1);
});

test("completion opens on @ and : at a word's start only", () => {
  assert.deepEqual(wordAt("see @in", 7), { kind: "@", query: "in", start: 4 });
  assert.deepEqual(wordAt("@", 1), { kind: "@", query: "", start: 0 });
  assert.deepEqual(wordAt("(:jo", 4), { kind: ":", query: "jo", start: 1 });
  for (const text of ["me@in", "12:30", "ok :", "ok :)", "done: x"]) assert.equal(wordAt(text, text.length), null, text);
});

test("people who spoke lately come first, then who starts with the query", () => {
  const people = [person(1, "teo", "Teo Lindqvist"), person(2, "mina", "Mina Okafor"), person(3, "ines", "Ines Haddad"), person(4, "bao", "Bao Nguyen")];
  assert.deepEqual(rankPeople(people, "in", []).map((one) => one.name), ["ines", "mina", "teo"]);
  assert.deepEqual(rankPeople(people, "", [4]).map((one) => one.name), ["bao", "ines", "mina", "teo"]);
});

test("emoji are found by short name first", () => {
  const groups = unpack([["smileys", "Smileys", [["😂", "joy tears face"], ["😹", "joy_cat cat tears joy"], ["🥲", "smiling_face_with_tear tear"]]]]);
  assert.deepEqual(searchEmoji(groups, "joy", 9).map((one) => one.emoji), ["😂", "😹"]);
  assert.deepEqual(searchEmoji(groups, "", 9), []);
});

test("a difference names the words that went and came", () => {
  assert.deepEqual(diffWords("at 10:30, 200 sockets.", "at 10:30, 400 sockets, two nodes."), [
    { kind: "same", text: "at 10:30, " },
    { kind: "removed", text: "200" },
    { kind: "added", text: "400" },
    { kind: "same", text: " sockets" },
    { kind: "added", text: ", two nodes" },
    { kind: "same", text: "." },
  ]);
});

test("a difference of two texts gives both back, whatever they are", () => {
  for (const [before, after] of [["", "new"], ["old", ""], ["a b c", "c b a"], ["x ".repeat(3000), "y ".repeat(3000)]] as const) {
    const pieces = diffWords(before, after);
    assert.equal(pieces.filter((piece) => piece.kind !== "added").map((piece) => piece.text).join(""), before);
    assert.equal(pieces.filter((piece) => piece.kind !== "removed").map((piece) => piece.text).join(""), after);
  }
});

test("days and times are read in the person's zone", () => {
  const now = new Date("2026-11-22T01:00:00Z");
  setTimeZone("America/New_York");
  assert.equal(dayLabel("2026-11-22T00:30:00Z", now), "Today");
  setTimeZone("UTC");
  assert.equal(dayLabel("2026-11-21T23:30:00Z", now), "Yesterday");
  assert.equal(dayLabel("2026-11-20T12:00:00Z", now), "Friday 20 November");
  assert.equal(dayLabel("2025-11-20T12:00:00Z", now), "20 November 2025");
  assert.equal(shortTime("2026-11-18T12:00:00Z", now), "Wed");
  setTimeZone("No/Such_Zone");
  assert.deepEqual([duration(0.2), duration(89), duration(600), duration(7200), duration(260_000)], ["1 s", "89 s", "10 min", "2 h", "3 days"]);
});

test("people and rooms get their names", () => {
  assert.deepEqual(["Mina Okafor", "lea", "Anna-Maria von Berg", "", "(bot)"].map(letters), ["MO", "L", "AB", "?", "("]);
  const room = { name: "", kind: "group", slug: "d-5" } as RoomView;
  assert.equal(roomName(room, [person(1, "teo", "Teo Lindqvist"), person(2, "mina", "Mina Okafor")]), "Teo, Mina");
  assert.deepEqual([typingText(["Ines"]), typingText(["Ines", "Teo"])].map(({ who, rest }) => who + rest), ["Ines is typing", "Ines and Teo are typing"]);
  assert.equal(excerpt(`  a\n\n b ${"😀".repeat(200)}`), `a b ${"😀".repeat(136)}`);
});

test("a text in one line stands without its marks", () => {
  const lines: [string, string][] = [
    ["**Version 0.4 is out.** Threads can be read", "Version 0.4 is out. Threads can be read"],
    ["use `__init__` and *not* `a*b*c`", "use __init__ and not a*b*c"],
    ["see [the notes](https://example.com/a_b) and ~~this~~", "see the notes and this"],
    ["# Plan for Monday", "Plan for Monday"],
    ["> quoted", "quoted"],
    ["```python print(1)```", "print(1)"],
    ["2 * 3 * 4, snake_case_name, #general, **cut off", "2 * 3 * 4, snake_case_name, #general, **cut off"],
    ["", ""],
  ];
  for (const [text, plain] of lines) assert.equal(withoutMarks(text), plain);
});
