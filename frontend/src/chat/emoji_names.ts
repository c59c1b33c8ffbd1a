// What an emoji is called, for labels: the quick ones at once, all others as soon as the list of emoji.ts is loaded.
// Used by rows and menus. It loads nothing.

const QUICK_NAMES: Readonly<Record<string, string>> = { "👍": "thumbs up", "👀": "eyes", "🎯": "bullseye", "🎉": "party", "✅": "check" };
/** One press away in every menu. */
export const QUICK: readonly string[] = Object.keys(QUICK_NAMES);

const names = new Map<string, string>();

export function learnNames(emoji: readonly { emoji: string; name: string }[]): void {
  for (const one of emoji) names.set(one.emoji, one.name);
}

/** A word for an emoji; the emoji itself while the list is not loaded. */
export function emojiName(emoji: string): string {
  return QUICK_NAMES[emoji] ?? names.get(emoji)?.replaceAll("_", " ") ?? emoji;
}
