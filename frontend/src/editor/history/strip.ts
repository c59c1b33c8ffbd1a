// The ticks above the slider: a hill for each stretch of one author, as high as it has edits, and where a version stands.
// Pure; the bar draws what comes out. Colours are the authors', so the classes are those of their carets.

import { colourClass } from "../../people";
import type { History } from "../../protocol";
import { stretchAt } from "./chronicle";

export interface Tick {
  version: number;
  /** 0 to 1. */
  height: number;
  /** The class of the author's colour; c-none for somebody who is not known any more. */
  colour: string;
}

/** Where a version stands between the oldest and the newest: 0 to 1. */
export function shareOf({ oldest, version: newest }: Pick<History, "oldest" | "version">, version: number): number {
  return newest === oldest ? 1 : Math.min(1, Math.max(0, (version - oldest) / (newest - oldest)));
}

/** At most `most` ticks, evenly over the versions; none where nobody is listed. */
export function ticksOf(history: History, most: number, isAssistant: (author: number) => boolean): Tick[] {
  const edits = history.version - history.oldest;
  const count = Math.min(edits, Math.max(1, most));
  const longest = history.stretches.reduce((most, { first, last }) => Math.max(most, last - first + 1), 1);
  const ticks: Tick[] = [];
  for (let index = 0; index < count; index += 1) {
    const version = history.oldest + (count === edits ? index + 1 : Math.max(1, Math.round(((index + 0.5) * edits) / count)));
    const stretch = stretchAt(history, version);
    if (stretch === null) continue;
    const { first, last, author } = stretch;
    const size = last - first + 1;
    const hill = 0.4 + 0.6 * Math.sin((Math.PI * (version - first + 0.5)) / size);
    const height = (0.25 + (0.75 * Math.log2(1 + size)) / Math.log2(1 + longest)) * hill;
    ticks.push({ version, height, colour: author === null ? "c-none" : isAssistant(author) ? "c-ai" : colourClass(author) });
  }
  return ticks;
}

export interface Bars {
  colour: string;
  /** Behind the thumb: made later than what is shown. */
  later: boolean;
  /** An SVG path. */
  path: string;
}

const BAR_PX = 2.5;

/** One path for each colour and side of the thumb, within a box of this size. */
export function barsOf(ticks: readonly Tick[], history: History, shown: number, width: number, height: number): Bars[] {
  const found = new Map<string, Bars>();
  for (const { version, height: share, colour } of ticks) {
    const later = version > shown;
    const key = `${colour} ${String(later)}`;
    const bars = found.get(key) ?? { colour, later, path: "" };
    const [x, y] = [shareOf(history, version) * width - BAR_PX / 2, height * (1 - share)];
    bars.path += `M${x.toFixed(1)} ${height}V${y.toFixed(1)}h${BAR_PX}V${height}z`;
    found.set(key, bars);
  }
  return [...found.values()];
}
