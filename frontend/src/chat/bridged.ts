// People of another system, and the channels that a room is one conversation with: who is where, and when they said it.
// Loaded by import() only. What was found is kept while the page lives; what could not be asked is asked again later.

import { get } from "../api";
import { el, icon, part } from "../dom";
import type { BridgedView, JoinedView, MessageView, PersonView, RoomBridges, SaidThereView } from "../protocol";
import { clock, dayKey, fullTime, shortTime } from "../time";

const WAIT_MS = 30;
const MOST = 100;
const LATE_MS = 60_000;
const GROUP_MS = 5 * 60_000;

/** Many rows ask at once: that is one request. What could not be asked is asked again later. */
function asker<Key extends string | number, Found extends { id: Key }>(path: string): (id: Key) => Promise<Found | null> {
  const known = new Map<Key, Promise<Found | null>>();
  let waiting: { id: Key; tell(found: Found | null): void }[] = [];

  async function ask(): Promise<void> {
    const asked = waiting.splice(0, MOST);
    if (waiting.length > 0) setTimeout(() => void ask(), WAIT_MS);
    const found = await get<Found[]>(path, { ids: asked.map(({ id }) => id).join(",") }).catch(() => null);
    for (const { id, tell } of asked) {
      if (found === null) known.delete(id);
      tell(found?.find((one) => one.id === id) ?? null);
    }
  }

  return (id) => {
    let answer = known.get(id);
    if (answer === undefined) {
      if (waiting.length === 0) setTimeout(() => void ask(), WAIT_MS);
      answer = new Promise((tell) => waiting.push({ id, tell }));
      known.set(id, answer);
    }
    return answer;
  };
}

/** Where somebody is; null for who was taken over with an old conversation, and while the server does not answer. */
export const bridgedOf = asker<number, BridgedView>("/api/bridged/");

const saidIn = new Map<number, (id: string) => Promise<SaidThereView | null>>();

function saidOf({ room, id }: MessageView): Promise<SaidThereView | null> {
  let ask = saidIn.get(room);
  if (ask === undefined) saidIn.set(room, (ask = asker<string, SaidThereView>(`/api/rooms/${room}/said/`)));
  return ask(id);
}

/** Draws what a row shows of a message that came over: from where, and when it was said if it came late. */
export function fillRow(row: HTMLElement, tag: HTMLElement, message: MessageView): void {
  if (!tag.hidden) void fillVia(tag, message.author as number);
  if (message.kind === "bridge") void fillSaid(row, message);
}

async function fillSaid(row: HTMLElement, message: MessageView): Promise<void> {
  const told = (await saidOf(message))?.at;
  if (row.dataset["id"] !== message.id || message.deleted_at !== null) return;
  const late = told !== undefined && Date.parse(message.created_at) - Date.parse(told) >= LATE_MS;
  const at = late ? told : message.created_at;
  if (late) markLate(row, message, at);
  // The rows of one answer are marked first, in whatever order they asked.
  setTimeout(() => ungroup(row, at));
}

/** What came in one go may have been said over hours: it does not stand under one time. */
function ungroup(row: HTMLElement, at: string): void {
  const before = row.previousElementSibling as HTMLElement | null;
  const last = before?.dataset["said"] ?? before?.querySelector<HTMLTimeElement>("[data-part=time]")?.dateTime;
  if (last !== undefined && Math.abs(Date.parse(at) - Date.parse(last)) >= GROUP_MS) row.classList.remove("follow");
}

function markLate(row: HTMLElement, message: MessageView, at: string): void {
  const day = dayKey(at) === dayKey(message.created_at) ? "" : `${shortTime(at)} `;
  const words = `said ${day}${clock(at)}`;
  row.dataset["said"] = at;
  const when = part(row, "[data-part=when]");
  const mark = when.parentElement?.querySelector<HTMLElement>(".said") ?? el("small", "said");
  mark.textContent = words;
  mark.title = `Said ${fullTime(at)}; it came over ${fullTime(message.created_at)}`;
  when.after(mark);
  const gutter = part<HTMLTimeElement>(row, "[data-part=gutter]");
  gutter.textContent = clock(at);
  gutter.title = mark.title;
  const label = row.getAttribute("aria-label") ?? "";
  if (!label.startsWith(words)) row.setAttribute("aria-label", `${words}, ${label}`);
}

/** "via Mattermost" in place of "Bridge", once it is known; the tag may have become another's meanwhile. */
export async function fillVia(tag: HTMLElement, user: number): Promise<void> {
  tag.dataset["via"] = String(user);
  const found = await bridgedOf(user);
  if (tag.dataset["via"] !== String(user) || tag.hidden) return;
  tag.title = found === null ? "" : `On ${found.server}, as @${found.name}`;
  if (found !== null) tag.textContent = "via Mattermost";
}

/** A tag of its own, beside a name that has none. */
export function viaTag(user: number): HTMLElement {
  const tag = el("span", "tag plain", "Bridge");
  void fillVia(tag, user);
  return tag;
}

/** What stands on the card of somebody. */
export async function whoseCard(user: number): Promise<string> {
  const found = await bridgedOf(user);
  if (found === null) return "nobody signs in to this account";
  return `on Mattermost, ${found.server}, as @${found.name}; nobody signs in to this account`;
}

/** People of the joined servers whose name was typed. */
export async function peopleOf(room: number, query: string): Promise<PersonView[]> {
  return (await get<RoomBridges>(`/api/rooms/${room}/bridges/`, { q: query })).people;
}

const WAYS: Readonly<Record<string, string>> = { both: "", in: "; only what is written there comes over", out: "; only what is written here goes over" };

/** "Joined with ~town-square on Northwind" */
export function joinedWords({ channel, server, direction, works }: JoinedView): string {
  return `Joined with ~${channel} on ${server}${WAYS[direction] ?? ""}${works ? "." : ". Nothing is carried over now."}`;
}

/** A line for each channel that the room is joined with; none for most rooms. */
export async function joinedLines(room: number): Promise<HTMLElement[]> {
  const { joined } = await get<RoomBridges>(`/api/rooms/${room}/bridges/`);
  return joined.map((one) => {
    const line = el("p", "sidenote joined");
    line.append(icon("arrow-left-right"), el("span", "", joinedWords(one)));
    return line;
  });
}
