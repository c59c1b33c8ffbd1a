// Emoji by name: the list (made by the build from gemoji), search, and what a person used lately.
// Used by the picker and by completion; what an emoji is called stands in emoji_names.ts. It draws nothing and loads the list only when it is asked for.

import { learnNames, QUICK } from "./emoji_names";

export interface Emoji {
  emoji: string;
  /** Its short name: `joy` for `:joy:`. */
  name: string;
  /** All words to find it by, short names first. */
  words: string;
}

export interface EmojiGroup {
  id: string;
  title: string;
  emoji: Emoji[];
}

type Packed = [id: string, title: string, emoji: [emoji: string, words: string][]][];

const RECENT_MOST = 27;

let groups: EmojiGroup[] = [];
let loading: Promise<EmojiGroup[]> | null = null;

/** The groups, fetched once. */
export function loadEmoji(): Promise<EmojiGroup[]> {
  loading ??= fetchGroups().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function fetchGroups(): Promise<EmojiGroup[]> {
  const response = await fetch(document.body.dataset["emoji"] ?? "/static/emoji.json", { credentials: "same-origin" });
  if (!response.ok) throw new Error(`The emoji list answered ${response.status}.`);
  groups = unpack((await response.json()) as Packed);
  learnNames(groups.flatMap((group) => group.emoji));
  return groups;
}

export function unpack(packed: Packed): EmojiGroup[] {
  return packed.map(([id, title, emoji]) => ({
    id,
    title,
    emoji: emoji.map(([text, words]) => ({ emoji: text, words, name: words.split(" ", 1)[0] ?? "" })),
  }));
}

/** Emoji whose short name starts with, then those whose words contain the query. */
export function searchEmoji(list: readonly EmojiGroup[], query: string, most: number): Emoji[] {
  const wanted = query.toLowerCase().replace(/^:|:$/g, "").replaceAll(" ", "_");
  if (wanted === "") return [];
  const rank = (one: Emoji) => {
    if (one.name === wanted) return 0;
    if (one.words.split(" ").some((word) => word.startsWith(wanted))) return one.name.startsWith(wanted) ? 1 : 2;
    return one.words.includes(wanted) ? 3 : 4;
  };
  const found = list.flatMap((group) => group.emoji).map((one) => [rank(one), one] as const);
  return found
    .filter(([place]) => place < 4)
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, one]) => one);
}

/** The emoji of `:name:`, if there is one in the loaded list. */
export function emojiNamed(name: string): string | null {
  for (const group of groups) {
    const found = group.emoji.find((one) => one.words.split(" ").includes(name) && one.name === name);
    if (found !== undefined) return found.emoji;
  }
  return null;
}

const storageKey = (me: number) => `collab-emoji-${me}`;

/** What the person used lately, newest first; the quick ones for somebody new. */
export function recentEmoji(me: number): string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey(me)) ?? "[]") as unknown;
    if (Array.isArray(kept) && kept.length > 0) return kept.filter((one): one is string => typeof one === "string");
  } catch {
    // Storage is closed or holds something else: nothing is known then.
  }
  return [...QUICK];
}

export function rememberEmoji(me: number, emoji: string): void {
  const next = [emoji, ...recentEmoji(me).filter((one) => one !== emoji)].slice(0, RECENT_MOST);
  try {
    localStorage.setItem(storageKey(me), JSON.stringify(next));
  } catch {
    // A full or closed storage: the list is a comfort only.
  }
}
