// Who wrote when, as the server told it and as it grows while one looks: stretches of one author, step by step. Pure.
// Used by the slider, the bar and the side panel. It knows no text.

import type { EditView, History, NamedVersion, Stretch } from "../../protocol";

/** An edit that came while the document was open; `at` is when it came. */
export interface Told extends Pick<EditView, "version" | "author"> {
  run: string | null;
  at: string;
}

const PAUSE_MS = 300_000;

function goesOn(stretch: Stretch | undefined, { author, run, at }: Told): stretch is Stretch {
  return stretch !== undefined && stretch.author === author && stretch.run === run && Date.parse(at) - Date.parse(stretch.ended_at) < PAUSE_MS;
}

/** The history with the edits that follow it without a gap. */
export function grown(history: History, told: readonly Told[]): History {
  const fresh = told.filter((one) => one.version > history.version).sort((a, b) => a.version - b.version);
  const stretches = [...history.stretches];
  let { version } = history;
  for (const one of fresh) {
    if (one.version !== version + 1) break;
    version = one.version;
    const last = stretches[stretches.length - 1];
    if (goesOn(last, one)) stretches[stretches.length - 1] = { ...last, last: version, ended_at: one.at };
    else stretches.push({ first: version, last: version, author: one.author, started_at: one.at, ended_at: one.at, run: one.run });
  }
  return version === history.version ? history : { ...history, version, stretches };
}

/** The history after a version got a name, another one, or lost it. */
export function renamed(history: History, named: NamedVersion): History {
  const others = history.named.filter((one) => one.version !== named.version);
  const all = named.name === "" ? others : [...others, named];
  return { ...history, named: all.sort((a, b) => a.version - b.version) };
}

/** The stretch that a version was made in; null before the first that is listed. */
export function stretchAt({ stretches }: History, version: number): Stretch | null {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle] as Stretch).last < version) low = middle + 1;
    else high = middle;
  }
  const found = stretches[low];
  return found !== undefined && found.first <= version ? found : null;
}

/** The version at the end of the stretch before or after: what the page keys go to. */
export function stretchStep(history: History, version: number, step: 1 | -1): number {
  const ends = [history.oldest, ...history.stretches.map((stretch) => stretch.last), history.version];
  if (step === 1) return ends.find((end) => end > version) ?? history.version;
  return ends.filter((end) => end < version).pop() ?? history.oldest;
}

/** About when a version was made, until its edit says it exactly. */
export function timeAt(history: History, version: number): string | null {
  const stretch = stretchAt(history, version);
  if (stretch === null) return null;
  const [start, end] = [Date.parse(stretch.started_at), Date.parse(stretch.ended_at)];
  const share = stretch.last === stretch.first ? 1 : (version - stretch.first) / (stretch.last - stretch.first);
  return new Date(start + (end - start) * share).toISOString();
}

export interface Share {
  author: number | null;
  edits: number;
}

/** Who made the versions after this one, the busiest first. */
export function authorsSince({ stretches }: History, version: number): Share[] {
  const edits = new Map<number | null, number>();
  for (const { author, first, last } of stretches) {
    const count = last - Math.max(first - 1, version);
    if (count > 0) edits.set(author, (edits.get(author) ?? 0) + count);
  }
  return [...edits].map(([author, count]) => ({ author, edits: count })).sort((a, b) => b.edits - a.edits);
}

/** Whether somebody else wrote within the last moments: what is done now would touch their work. */
export function isBusy({ stretches }: History, me: number, now: number, withinMs = 60_000): boolean {
  return stretches.some((stretch) => stretch.author !== me && now - Date.parse(stretch.ended_at) < withinMs);
}
