// What the jump palette offers for a query: rooms, people, commands, in groups. Pure.
// `#`, `@` and `/` at the start narrow it to one kind.

import type { BrowseRoom, PersonView, RoomSummary, RoomView } from "../protocol";
import { rank, type Match } from "./ranking";
import { nameOf } from "./rooms";

export interface PaletteCommand {
  text: string;
  icon: string;
  key?: string;
  run(): void;
}

export type Entry =
  | { kind: "room"; room: RoomView; summary: RoomSummary | null; text: string; detail: string; match: Match }
  | { kind: "person"; person: PersonView; text: string; detail: string; match: Match }
  | { kind: "command"; command: PaletteCommand; text: string; detail: string; match: Match }
  /** Hands the words over to the search. */
  | { kind: "search"; query: string; text: string; detail: string; match: Match };

export interface PaletteInput {
  query: string;
  rooms: readonly RoomSummary[];
  /** Rooms and people that the server found for the query. */
  found: readonly BrowseRoom[];
  people: readonly PersonView[];
  commands: readonly PaletteCommand[];
  me: number;
}

export interface Group {
  title: string;
  entries: Entry[];
}

const MOST = 7;
const RECENT = 6;

/** "#ge" asks for rooms, "@mi" for people, "/new" for commands; anything else for all. */
export function narrowed(query: string): { only: "room" | "person" | "command" | null; text: string } {
  const text = query.trim();
  const kinds = { "#": "room", "@": "person", "/": "command" } as const;
  const only = kinds[text[0] as keyof typeof kinds] ?? null;
  return { only, text: only === null ? text : text.slice(1).trim() };
}

function roomEntries({ rooms, found }: PaletteInput, text: string): Entry[] {
  const recent = [...rooms].sort((a, b) => b.mentions - a.mentions || (b.last_at ?? "").localeCompare(a.last_at ?? ""));
  const own = rank(recent, text, (summary) => [nameOf(summary), summary.room.slug, ...summary.people.map((person) => person.name)]);
  const entries = own.map(({ item, match: fit }): Entry => {
    const detail = item.room.archived_at === null ? item.room.purpose : "archived";
    return { kind: "room", room: item.room, summary: item, text: nameOf(item), detail, match: item.room.archived_at === null ? fit : { ...fit, score: 0.5 } };
  });
  const known = new Set(rooms.map((summary) => summary.room.id));
  const others = found.filter((one) => !known.has(one.room.id));
  // The server's answer may belong to the letters before the last one.
  const joinable = rank(others, text, ({ room }) => [room.name, room.purpose]).map(({ item: { room }, match: fit }): Entry => {
    return { kind: "room", room, summary: null, text: room.name, detail: room.purpose, match: { ...fit, score: fit.score / 2 } };
  });
  return [...entries, ...joinable];
}

function personEntries({ people, me, rooms }: PaletteInput, text: string): Entry[] {
  // Somebody with a direct room is found there already.
  const met = new Set(rooms.filter(({ room }) => room.kind === "direct").flatMap((summary) => summary.people.map((person) => person.id)));
  const others = people.filter((person) => person.id !== me && !met.has(person.id) && person.kind !== "bridge");
  return rank(others, text, (person) => [person.display_name, person.name]).map(({ item, match: fit }) => {
    return { kind: "person", person: item, text: item.display_name, detail: `@${item.name}`, match: fit };
  });
}

function commandEntries({ commands }: PaletteInput, text: string): Entry[] {
  return rank(commands, text, (command) => [command.text]).map(({ item, match: fit }) => {
    return { kind: "command", command: item, text: item.text, detail: "", match: fit };
  });
}

function searchEntries(text: string): Entry[] {
  if (text === "") return [];
  return [{ kind: "search", query: text, text: `Search messages for “${text}”`, detail: "", match: { score: 0, from: 0, to: 0 } }];
}

/** The groups to show, empty ones left out. With an empty query: the latest rooms, then the commands. */
export function paletteGroups(input: PaletteInput): Group[] {
  const { only, text } = narrowed(input.query);
  const wants = (kind: string) => only === null || only === kind;
  const rooms = wants("room") ? roomEntries(input, text) : [];
  const people = wants("person") && (text !== "" || only === "person") ? personEntries(input, text) : [];
  const directs = only === "person" ? roomEntries(input, text).filter((entry) => entry.kind === "room" && entry.room.kind === "direct") : [];
  const most = text === "" && only === null ? RECENT : MOST;
  const places = [...rooms, ...directs, ...people].sort((a, b) => b.match.score - a.match.score);
  const commands = wants("command") ? commandEntries(input, text) : [];
  const title = only === "room" ? "Rooms" : only === "person" ? "People" : text === "" ? "Latest rooms" : "Rooms and people";
  const groups = [
    { title, entries: places.slice(0, most) },
    { title: "Commands", entries: only === "command" ? commands : commands.slice(0, MOST) },
    { title: "Messages", entries: only === null ? searchEntries(text) : [] },
  ];
  return groups.filter((group) => group.entries.length > 0);
}

/** How many rooms, people and commands there are. */
export function countFound(groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + group.entries.filter((entry) => entry.kind !== "search").length, 0);
}

/** What a screen reader hears when the list has changed. */
export function countSentence(groups: readonly Group[]): string {
  const count = countFound(groups);
  return count === 0 ? "Nothing found" : count === 1 ? "1 result" : `${count} results`;
}

