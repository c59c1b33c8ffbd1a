// The shell's pure parts: addresses, order of rooms, the palette's finds, keys, words of banner and badge.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { HomeSnapshot, PersonView, RoomSummary, RoomView } from "../src/protocol";
import { Announcer, batchText } from "../src/shell/announcer";
import { titleText } from "../src/shell/badge";
import { retryText, waitingText } from "../src/shell/banner";
import { paletteCommands, type CommandActs } from "../src/shell/commands";
import { keyName } from "../src/shell/keyboard";
import { menuStep } from "../src/shell/menu";
import { countSentence, narrowed, paletteGroups, type PaletteInput } from "../src/shell/palette_entries";
import { bestMatch, match, rank } from "../src/shell/ranking";
import { badgeOf, lastText, leadText, neighbour, roomLists, totals } from "../src/shell/rooms";
import { muteNotice, suspendedGate } from "../src/shell/sanctions";
import { untilText } from "../src/time";
import { leadsTo, parseRoute, settingsUrl, slugOf } from "../src/shell/routes";
import { FakeClock } from "./fake_clock";

const ID = "0198c0de-0000-7000-8000-000000000001";
const mina: PersonView = { id: 2, name: "mina", display_name: "Mina Okafor", kind: "human", avatar_url: null };
const rosa: PersonView = { id: 7, name: "rosa", display_name: "Rosa Almeida", kind: "human", avatar_url: null };

function room(id: number, slug: string, more: Partial<RoomView> = {}): RoomView {
  const url = more.kind === "direct" ? `/direct/${id}/` : `/rooms/${slug}/`;
  return { id, kind: "public", slug, name: slug, purpose: "", url, slow_mode_seconds: 0, read_only: false, archived_at: null, retention_days: 0, ...more };
}

function summary(view: RoomView, more: Partial<RoomSummary> = {}): RoomSummary {
  return { room: view, role: "member", head_seq: 9, last_read_seq: 9, unread: 0, mentions: 0, notify: "", quiet_until: null, people: [], last_message: null, last_at: null, ...more };
}

const general = summary(room(1, "general"), { unread: 7, last_at: "2026-11-22T09:02:00Z" });
const core = summary(room(2, "core"), { last_at: "2026-11-22T09:18:00Z" });
const incident = summary(room(3, "incident"), { unread: 1, mentions: 1, last_at: "2026-11-22T09:21:00Z" });
const old = summary(room(4, "old", { archived_at: "2026-11-01T00:00:00Z" }), { unread: 3 });
const withMina = summary(room(5, "d-5", { kind: "direct", name: "" }), { people: [mina], unread: 3, last_at: "2026-11-22T09:16:00Z" });

function home(rooms: RoomSummary[]): HomeSnapshot {
  const me = { id: 6, name: "jun", display_name: "Jun Kato", kind: "human", avatar_url: null };
  const preferences = {
    theme: "system", time_zone: "UTC", enter_sends: true, letter_shortcuts: true, desktop_notifications: false, notification_sound: false,
    email_mentions: true, quiet_until: null, quiet_from: null, quiet_to: null,
  };
  return { as_of_seq: 1, me, email: "", preferences, site_name: "Northwind Labs", can_create_rooms: true, is_staff: false, rooms, presence: [], drafts: [], reminders: [], mutes: [] };
}

// Addresses

test("an address names its view", () => {
  assert.deepEqual(parseRoute("/"), { name: "home" });
  assert.deepEqual(parseRoute("/browse/"), { name: "page", page: "browse" });
  assert.deepEqual(parseRoute("/rooms/general/"), { name: "room", direct: false, key: "general", message: null });
  assert.deepEqual(parseRoute(`/direct/12/m/${ID}/`), { name: "room", direct: true, key: "12", message: ID });
  assert.deepEqual(parseRoute("/boards/"), { name: "page", page: "boards" });
  assert.deepEqual(parseRoute("/boards/12/"), { name: "page", page: "boards" });
  assert.deepEqual(parseRoute("/rooms/general/board/"), { name: "board", direct: false, key: "general" });
  assert.deepEqual(parseRoute("/direct/12/board/"), { name: "board", direct: true, key: "12" });
  assert.deepEqual(parseRoute("/rooms/general/settings/"), { name: "settings", direct: false, key: "general" });
});

test("an address of another page is none of ours", () => {
  for (const path of ["/admin/", "/account/login/", "/join/abc/", "/rooms/", "/rooms/general", "/direct/mina/", "/rooms/general/m/nonsense/", "/api/home/"]) {
    assert.equal(parseRoute(path), null, path);
  }
});

test("a room answers to its own address only", () => {
  const route = parseRoute("/direct/5/");
  assert.ok(route !== null && leadsTo(route, withMina.room));
  assert.ok(route !== null && !leadsTo(route, general.room));
  const settings = parseRoute(settingsUrl(general.room));
  assert.ok(settings !== null && settings.name === "settings" && leadsTo(settings, general.room));
});

test("a name becomes an address as the server makes it", () => {
  assert.equal(slugOf("Caret drift"), "caret-drift");
  assert.equal(slugOf("  Über-Größe: café!  "), "uber-groe-cafe");
  assert.equal(slugOf("事件"), "");
  assert.equal(slugOf("--a__b--"), "a-b");
  assert.equal(slugOf("D 5"), "");
  assert.equal(slugOf("x".repeat(80)).length, 50);
});

// The list of rooms

test("rooms keep their place on a wide page and ask for attention on a phone", () => {
  const all = home([incident, core, general, old, withMina]);
  const names = (phone: boolean, current: number | null = null) => roomLists(all, current, phone).rooms.map((one) => one.room.slug);
  assert.deepEqual(names(false), ["core", "general", "incident"]);
  assert.deepEqual(names(true), ["incident", "general", "core"]);
  assert.deepEqual(names(false, old.room.id), ["core", "general", "incident", "old"]);
  assert.deepEqual(roomLists(all, null, false).directs, [withMina]);
});

test("what is said to one in person counts, what is archived does not", () => {
  assert.deepEqual(totals(home([incident, general, old, withMina])), { personal: 4, any: true });
  assert.deepEqual(totals(home([core, old])), { personal: 0, any: false });
  assert.equal(titleText(4, "#general", "Northwind Labs"), "(4) #general · Northwind Labs");
  assert.equal(titleText(0, "", "Northwind Labs"), "Northwind Labs");
  assert.equal(titleText(120, "x", "y"), "(99+) x · y");
});

test("a row says who spoke last, what is new and who is there", () => {
  const last = { id: ID, seq: 9, author: 7, excerpt: "lunch at 12:30", deleted: false, kind: "user" };
  const row = { ...general, last_message: last };
  const text = lastText(row, 6, () => "Rosa");
  assert.equal(text, "Rosa: lunch at 12:30");
  assert.deepEqual(badgeOf(row), { count: 7, what: "unread", ping: false });
  assert.deepEqual(badgeOf(incident), { count: 1, what: "mention", ping: true });
  assert.deepEqual(badgeOf({ ...withMina, mentions: 1 }), { count: 3, what: "unread", ping: true });
  assert.equal(lastText({ ...row, last_message: { ...last, author: 6 } }, 6, () => null), "You: lunch at 12:30");
  assert.equal(lastText({ ...row, last_message: { ...last, deleted: true } }, 6, () => "Rosa"), "Rosa deleted a message");
  assert.equal(lastText({ ...row, last_message: { ...last, excerpt: "" } }, 6, () => "Rosa"), "Rosa sent a file");
  assert.equal(lastText({ ...row, last_message: { ...last, excerpt: "" } }, 6, () => "Assistant", true), "Assistant was asked");
  assert.equal(lastText({ ...row, last_message: { ...last, author: null, kind: "alert", excerpt: "p95 above 120 ms" } }, 6, () => null), "Alert: p95 above 120 ms");
  assert.equal(leadText(withMina, "idle"), "idle");
  assert.equal(leadText(withMina, "offline"), "");
  assert.equal(leadText(summary(room(9, "hiring", { kind: "private" })), null), "private");
});

test("Alt and the arrows go round, and find what is unread", () => {
  const list = [core, general, incident, withMina];
  assert.equal(neighbour(list, 2, 1, false), general);
  assert.equal(neighbour(list, 2, -1, false), withMina);
  assert.equal(neighbour(list, 1, 1, true), incident);
  assert.equal(neighbour(list, null, 1, false), core);
  assert.equal(neighbour(list, null, -1, false), withMina);
  assert.equal(neighbour([core], 2, 1, false), null);
  assert.equal(neighbour([core, { ...core, room: room(9, "z") }], 2, 1, true), null);
  assert.equal(neighbour([], null, 1, false), null);
});

// The palette

test("letters find the start of a name before its middle", () => {
  assert.deepEqual(match("realtime-core", "re"), { score: 4, from: 0, to: 2 });
  assert.deepEqual(match("design-review", "re"), { score: 3, from: 7, to: 9 });
  assert.equal(match("before", "re").score, 2);
  assert.equal(match("general", "re").score, 0);
  assert.equal(match("Ångström", "angs").score, 4);
  assert.equal(bestMatch(["Kim Reinholt", "kim"], "kim").score, 5);
  assert.deepEqual(rank(["before", "review", "core review"], "re", (one) => [one]).map((one) => one.item), ["review", "core review", "before"]);
});

const input: PaletteInput = {
  query: "",
  rooms: [general, core, incident, withMina],
  found: [{ room: room(8, "release-train"), member_count: 61, joined: false, last_at: null }],
  people: [mina, rosa],
  commands: [{ icon: "house", text: "Home", run: () => undefined }, { icon: "plus", text: "Create a room", run: () => undefined }],
  me: 6,
};

function texts(query: string): Record<string, string[]> {
  return Object.fromEntries(paletteGroups({ ...input, query }).map((group) => [group.title, group.entries.map((entry) => entry.text)]));
}

test("the empty palette offers the latest rooms, mentions first, and the commands", () => {
  const { "Latest rooms": rooms, Commands } = texts("");
  assert.deepEqual(rooms?.slice(0, 2), ["incident", "core"]);
  assert.deepEqual(Commands, ["Home", "Create a room"]);
});

test("a query finds rooms, people and rooms one is not in", () => {
  const others = (query: string) => Object.fromEntries(Object.entries(texts(query)).filter(([title]) => title !== "Messages"));
  assert.deepEqual(others("mi"), { "Rooms and people": ["Mina Okafor"] });
  assert.deepEqual(others("ro"), { "Rooms and people": ["Rosa Almeida"], Commands: ["Create a room"] });
  assert.deepEqual(others("re"), { "Rooms and people": ["core", "release-train"], Commands: ["Create a room"] });
  assert.deepEqual(others("zzz"), {});
});

test("whatever is typed can be handed to the search, unless one kind was asked for", () => {
  assert.deepEqual(texts("zzz"), { Messages: ["Search messages for “zzz”"] });
  assert.deepEqual(texts("re")["Messages"], ["Search messages for “re”"]);
  assert.equal(countSentence(paletteGroups({ ...input, query: "zzz" })), "Nothing found");
  assert.equal(texts("#re")["Messages"], undefined);
  assert.equal(texts("")["Messages"], undefined);
});

test("# @ and / ask for one kind", () => {
  assert.deepEqual(narrowed("#ge"), { only: "room", text: "ge" });
  assert.deepEqual(texts("@"), { People: ["Mina Okafor", "Rosa Almeida"] });
  assert.deepEqual(texts("/ho"), { Commands: ["Home"] });
  assert.deepEqual(texts("#gen"), { Rooms: ["general"] });
});

test("a command that one may not use is absent", () => {
  const none = () => undefined;
  const acts: CommandActs = { newRoom: none, newDirect: none, browse: none, boards: none, roomBoard: none, search: none, home: none, shortcuts: none, readAll: none, theme: none, account: none, signOut: none, invite: none, members: none, settings: none };
  const names = paletteCommands({ canCreate: false, unread: false, room: null, theme: "dark" }, acts).map((command) => command.text);
  assert.ok(!names.includes("Create a room") && !names.includes("Dark theme") && !names.includes("Settings of this room") && !names.includes("Mark all rooms read"));
  assert.ok(names.includes("Light theme") && names.includes("Sign out"));
});

// Keys and words

test("letters are no shortcuts while one writes", () => {
  const press = (key: string, more = {}) => ({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  assert.equal(keyName(press("\\", { ctrlKey: true }), true, true), "code");
  assert.equal(keyName(press("\\", { ctrlKey: true, shiftKey: true }), true, true), null);
  assert.equal(keyName(press("?", { shiftKey: true }), false, true), "shortcuts");
  assert.equal(keyName(press("?", { shiftKey: true }), true, true), null);
  assert.equal(keyName(press("?", { shiftKey: true }), false, false), null);
  assert.equal(keyName(press("k", { ctrlKey: true }), true, false), "jump");
  assert.equal(keyName(press("K", { metaKey: true }), true, true), "jump");
  assert.equal(keyName(press("k", { ctrlKey: true, shiftKey: true }), true, true), null);
  assert.equal(keyName(press("ArrowDown", { altKey: true, shiftKey: true }), true, true), "next");
  assert.equal(keyName(press("ArrowUp", { altKey: true, ctrlKey: true }), true, true), null);
  assert.equal(keyName(press("Escape"), true, true), "escape");
});

test("a menu moves by arrows, ends and first letters", () => {
  const items = ["Edit", "Copy link", "Delete", "Copy text"];
  assert.equal(menuStep("ArrowDown", 3, items), 0);
  assert.equal(menuStep("ArrowUp", 0, items), 3);
  assert.equal(menuStep("End", 0, items), 3);
  assert.equal(menuStep("c", 1, items), 3);
  assert.equal(menuStep("c", 3, items), 1);
  assert.equal(menuStep("x", 0, items), null);
  assert.equal(menuStep("ArrowDown", -1, []), null);
});

test("a screen reader hears three messages in full, more as a number", () => {
  assert.equal(batchText(["Saved"], ["Mina: one", "Teo: two"]), "Saved. Mina: one. Teo: two");
  assert.equal(batchText([], ["a", "b", "c", "d", "e"]), "5 new messages");
});

test("announcements of one second are one", () => {
  const clock = new FakeClock();
  clock.install();
  const heard: string[] = [];
  const announcer = new Announcer((text) => heard.push(text));
  announcer.message("Mina: one");
  clock.tick(600);
  announcer.message("Teo: two");
  clock.tick(399);
  assert.deepEqual(heard, []);
  clock.tick(1);
  assert.deepEqual(heard, ["Mina: one. Teo: two"]);
  clock.tick(5_000);
  assert.equal(heard.length, 1);
  clock.restore();
});

test("the banner counts down and says what waits", () => {
  assert.equal(retryText("offline", 10_000, 6_100), "Reconnecting in 4 s.");
  assert.equal(retryText("offline", 10_000, 10_000), "Reconnecting.");
  assert.equal(retryText("connecting", undefined, 0), "Reconnecting.");
  assert.equal(waitingText(0), "What you write is kept.");
  assert.equal(waitingText(1), "1 message waits and is sent then.");
  assert.equal(waitingText(2), "2 messages wait and are sent then.");
});

test("a ban says until when and why, a mute where", () => {
  const now = new Date("2026-11-22T08:00:00Z");
  assert.equal(untilText(null, now), "");
  assert.equal(untilText("2026-11-22T09:00:00Z", now).replace(/\d\d:\d\d/, "T"), " until T");
  assert.match(untilText("2026-12-29T09:00:00Z", now), /^ until Tuesday,? 29 December 2026 at \d\d:\d\d$/);
  const ban = { kind: "ban", reason: "Advertising", room: null, until: null };
  const gate = suspendedGate("Northwind Labs", ban, "");
  assert.deepEqual([gate.text, gate.facts, gate.shut], ["You cannot read or write in Northwind Labs.", [["Reason", "Advertising"]], true]);
  assert.deepEqual(suspendedGate("Northwind Labs", null, "Advertising"), gate);
  assert.equal(suspendedGate("Northwind Labs", null, "Your account is suspended.").facts, undefined);
  const mute = { ...ban, kind: "mute", reason: "" };
  assert.deepEqual(muteNotice(mute, " in #general"), { kind: "error", matter: "mute ", title: "You are muted in #general" });
});
