// People of another system, and the channels that a room is one conversation with: who is where, asked when it is shown.
// Loaded by import() only. What was found is kept while the page lives; what could not be asked is asked again later.

import { get } from "../api";
import { el, icon } from "../dom";
import type { PersonView } from "../protocol";

interface Bridged {
  id: number;
  server: string;
  name: string;
}

interface Joined {
  server: string;
  channel: string;
  direction: "both" | "in" | "out";
  works: boolean;
}

interface RoomBridges {
  joined: Joined[];
  people: PersonView[];
}

const WAIT_MS = 30;
const MOST = 100;
const known = new Map<number, Promise<Bridged | null>>();
let waiting: { id: number; tell(found: Bridged | null): void }[] = [];

/** Many rows ask at once: that is one request. */
async function ask(): Promise<void> {
  const asked = waiting.splice(0, MOST);
  if (waiting.length > 0) setTimeout(() => void ask(), WAIT_MS);
  const found = await get<Bridged[]>("/api/bridged/", { ids: asked.map(({ id }) => id).join(",") }).catch(() => null);
  for (const { id, tell } of asked) {
    if (found === null) known.delete(id);
    tell(found?.find((one) => one.id === id) ?? null);
  }
}

/** Where somebody is; null for who was taken over with an old conversation, and while the server does not answer. */
export function bridgedOf(id: number): Promise<Bridged | null> {
  let answer = known.get(id);
  if (answer === undefined) {
    if (waiting.length === 0) setTimeout(() => void ask(), WAIT_MS);
    answer = new Promise((tell) => waiting.push({ id, tell }));
    known.set(id, answer);
  }
  return answer;
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

const WAYS: Readonly<Record<Joined["direction"], string>> = { both: "", in: "; only what is written there comes over", out: "; only what is written here goes over" };

/** "Joined with ~town-square on Northwind" */
export function joinedWords({ channel, server, direction, works }: Joined): string {
  return `Joined with ~${channel} on ${server}${WAYS[direction]}${works ? "." : ". Nothing is carried over now."}`;
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
