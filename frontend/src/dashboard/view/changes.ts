// The figure of a stat, and how the end of its range differs from the beginning. Pure. Used by stat.ts.

import { wordsOf } from "./units";

/** Share of the range at either end that is compared. */
const END_SHARE = 0.1;
/** Changes of less than this share are none. */
const NOTICEABLE = 0.005;

/** The figure of a stat: of sums what they come to in the range, else the newest. */
export function statFigure(values: readonly (number | null)[], aggregate: string): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return aggregate === "sum" ? known.reduce((sum, value) => sum + value, 0) : (known[known.length - 1] ?? null);
}

/** Units of whole people: half of one is none. */
const PEOPLE = new Set(["people", "here"]);

function peopleWords(change: number): { text: string; rises: boolean } {
  return { text: change === 0 ? "" : `${change > 0 ? "+" : "−"}${Math.abs(change)}`, rises: change > 0 };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** How the end of the range differs from its beginning: "+12%", with few or with own units "+4 ms"; "" for hardly. */
export function changeWords(values: readonly (number | null)[], unit: string, aggregate = "last"): { text: string; rises: boolean } {
  const count = Math.max(1, Math.floor(values.length * END_SHARE));
  const before = mean(values.slice(0, count));
  const after = mean(values.slice(-count));
  if (before === null || after === null || values.length < 2) return { text: "", rises: false };
  const change = after - before;
  if (Math.abs(change) <= Math.abs(before) * NOTICEABLE || change === 0) return { text: "", rises: false };
  const sign = change > 0 ? "+" : "−";
  const share = before === 0 ? Infinity : Math.abs(change / before);
  // Beside what all of the range comes to, what a part of it came to would be taken for its change.
  if (aggregate === "sum" && share > 9.99) return { text: "", rises: false };
  if (PEOPLE.has(unit)) return peopleWords(Math.round(after) - Math.round(before));
  const words = share <= 9.99 && unit !== "%" && unit !== "ms" ? `${Math.max(1, Math.round(share * 100))}%` : wordsOf(Math.abs(change), unit);
  return { text: `${sign}${words}`, rises: change > 0 };
}
