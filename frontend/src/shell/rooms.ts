// What the list of rooms says: order, names, counts, the words of a row. Pure.
// Used by the rail, the palette, the keyboard and the badge of the tab.

import { roomLabel, roomName } from "../people";
import type { HomeSnapshot, RoomSnapshot, RoomSummary } from "../protocol";
import { withoutMarks } from "../words";

/** Rooms of people rather than of a subject: they stand under "Direct messages" and have no name of their own. */
export function isDirect(summary: Pick<RoomSummary, "room">): boolean {
  return summary.room.kind === "direct" || summary.room.kind === "group";
}

/** Whether the open room has a page of settings: rooms of people have nothing to set. */
export function hasSettings(room: RoomSnapshot | null): room is RoomSnapshot {
  return room !== null && room.role !== "" && !isDirect(room);
}

/** Whether the person wants to hear nothing of it now: its counts are not shown then, but for what mentions them. */
export function isSilent(summary: RoomSummary, now: Date = new Date()): boolean {
  return summary.notify === "nothing" || (summary.quiet_until != null && new Date(summary.quiet_until) > now);
}

/** What is unread as far as it is shown. */
function unreadOf(summary: RoomSummary): number {
  return isSilent(summary) ? 0 : summary.unread;
}

export function nameOf(summary: RoomSummary): string {
  return roomName(summary.room, summary.people);
}

export function labelOf(summary: RoomSummary): string {
  return roomLabel(summary.room, summary.people);
}

function byName(a: RoomSummary, b: RoomSummary): number {
  return nameOf(a).localeCompare(nameOf(b), "en", { sensitivity: "base", numeric: true }) || a.room.id - b.room.id;
}

function byTime(a: RoomSummary, b: RoomSummary): number {
  return (b.last_at ?? "").localeCompare(a.last_at ?? "") || byName(a, b);
}

function byNeed(a: RoomSummary, b: RoomSummary): number {
  const rank = (summary: RoomSummary) => (summary.mentions > 0 ? 2 : unreadOf(summary) > 0 ? 1 : 0);
  return rank(b) - rank(a) || byTime(a, b);
}

export interface RoomLists {
  rooms: RoomSummary[];
  directs: RoomSummary[];
}

/**
 * The two lists in order. On a wide page rooms keep their place (by name), people come by the time of their last
 * message; on a phone what needs an answer comes first. Archived rooms stand there only while they are open.
 */
export function roomLists(home: HomeSnapshot, current: number | null, phone: boolean): RoomLists {
  const shown = home.rooms.filter((summary) => summary.room.archived_at === null || summary.room.id === current);
  const rooms = shown.filter((summary) => !isDirect(summary)).sort(phone ? byNeed : byName);
  const directs = shown.filter(isDirect).sort(phone ? byNeed : byTime);
  return { rooms, directs };
}

export interface Totals {
  /** Messages that are addressed to the person: mentions, and everything said in direct messages. */
  personal: number;
  /** Whether anything at all is unread. */
  any: boolean;
}

export function totals(home: HomeSnapshot): Totals {
  const live = home.rooms.filter((summary) => summary.room.archived_at === null);
  const personal = live.reduce((sum, summary) => sum + (isDirect(summary) ? Math.max(unreadOf(summary), summary.mentions) : summary.mentions), 0);
  return { personal, any: live.some((summary) => unreadOf(summary) > 0 || summary.mentions > 0) };
}

/** "99+" beyond two digits: the server counts to 100. */
export function countText(count: number): string {
  return count > 99 ? "99+" : String(count);
}

/** "Rosa: lunch at 12:30", "You: shorter, please", or nothing. */
export function lastText(summary: RoomSummary, me: number, name: (user: number) => string | null, byAssistant = false): string {
  const last = summary.last_message;
  if (last === null) return "";
  const deed = last.deleted ? "deleted a message" : last.excerpt === "" ? (byAssistant ? "was asked" : "sent a file") : "";
  const text = deed || withoutMarks(last.excerpt);
  const who = last.author === me ? "You" : last.kind === "alert" && !last.deleted ? "Alert" : last.author === null ? null : name(last.author);
  if (who === null || (who !== "You" && summary.room.kind === "direct")) return text;
  return deed ? `${who} ${text}` : `${who}: ${text}`;
}

/** What a screen reader hears before a row's name: what the icon or the dot shows. */
export function leadText(summary: RoomSummary, presence: string | null): string {
  if (summary.room.kind === "private") return "private";
  if (summary.room.kind === "group") return "group";
  return presence === null || presence === "offline" ? "" : presence;
}

/** What the number in a row counts: "7 unread", "1 mention". */
export function badgeOf(summary: RoomSummary): { count: number; what: string; ping: boolean } {
  const { mentions } = summary;
  const unread = unreadOf(summary);
  const ping = mentions > 0;
  if (ping && !isDirect(summary)) return { count: mentions, what: mentions === 1 ? "mention" : "mentions", ping };
  return { count: Math.max(unread, mentions), what: "unread", ping };
}

/** The room before or after the open one in the order of the list; only unread ones if asked. Goes round at the ends. */
export function neighbour(list: readonly RoomSummary[], current: number | null, step: 1 | -1, unreadOnly: boolean): RoomSummary | null {
  const at = list.findIndex((summary) => summary.room.id === current);
  const start = at === -1 ? (step === 1 ? -1 : list.length) : at;
  for (let count = 1; count <= list.length; count += 1) {
    const next = list[(start + step * count + list.length * (count + 1)) % list.length];
    if (next === undefined || next.room.id === current) continue;
    if (!unreadOnly || unreadOf(next) > 0 || next.mentions > 0) return next;
  }
  return null;
}
