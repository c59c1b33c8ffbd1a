// Finds what somebody means by a few letters: in names of rooms, people and commands. Pure; used by the palette.

export interface Match {
  /** Higher is better; 0 is no match. */
  score: number;
  /** Where the letters stand in the text, for highlighting: from, to. */
  from: number;
  to: number;
}

const NONE: Match = { score: 0, from: 0, to: 0 };

/** Compares without case and accents, and keeps every letter at its place, so that positions fit the shown text. */
function fold(text: string): string {
  return [...text].map((letter) => {
    const plain = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    return plain.length === letter.length ? plain : letter;
  }).join("");
}

/** How well a text fits a query: whole, at its start, at the start of a word, inside. An empty query fits everything. */
export function match(text: string, query: string): Match {
  if (query === "") return { score: 1, from: 0, to: 0 };
  const [where, what] = [fold(text), fold(query)];
  if (where === what) return { score: 5, from: 0, to: text.length };
  if (where.startsWith(what)) return { score: 4, from: 0, to: what.length };
  for (let at = where.indexOf(what); at !== -1; at = where.indexOf(what, at + 1)) {
    if (!/[\p{L}\p{N}]/u.test(where[at - 1] ?? "")) return { score: 3, from: at, to: at + what.length };
  }
  const inside = where.indexOf(what);
  return inside === -1 ? NONE : { score: 2, from: inside, to: inside + what.length };
}

/** The best of several names of one thing (a person's display name and @name); the mark belongs to the first. */
export function bestMatch(names: readonly string[], query: string): Match {
  const [first, ...others] = names.map((name) => match(name, query));
  const rest = Math.max(0, ...others.map((other) => other.score));
  if (first !== undefined && first.score >= rest) return first;
  return rest === 0 ? NONE : { score: rest, from: 0, to: 0 };
}

/** What fits, best first; equal ones keep their order. */
export function rank<T>(items: readonly T[], query: string, names: (item: T) => readonly string[]): { item: T; match: Match }[] {
  const found = items.map((item) => ({ item, match: bestMatch(names(item), query) })).filter(({ match: fit }) => fit.score > 0);
  return found.sort((a, b) => b.match.score - a.match.score);
}
