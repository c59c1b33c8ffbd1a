// The ranges of time that a board shows: the last seconds, which move, or from one moment to another, which stand. Pure.

import { span } from "./units";

export type Range = { seconds: number } | { from: number; to: number };

/** Seconds, what the menu says, and what its button says. */
export const RANGES: readonly (readonly [number, string, string])[] = [
  [900, "15 min", "Last 15 min"],
  [3_600, "1 hour", "Last hour"],
  [21_600, "6 hours", "Last 6 hours"],
  [86_400, "24 hours", "Last 24 hours"],
  [604_800, "7 days", "Last 7 days"],
  [7_776_000, "90 days", "Last 90 days"],
];

/** The server shows no shorter one. */
export const LEAST_S = 60;

export function isLive(range: Range): range is { seconds: number } {
  return "seconds" in range;
}

/** "Last 15 min", "09:06–09:08" */
export function rangeWords(range: Range): string {
  if (!isLive(range)) return span(range.from, range.to);
  return RANGES.find(([seconds]) => seconds === range.seconds)?.[2] ?? `Last ${Math.round(range.seconds / 60)} min`;
}

export function queryOf(range: Range): Record<string, number> {
  return isLive(range) ? { seconds: range.seconds } : { from: range.from, to: range.to };
}

/** Whole seconds, no shorter than the server shows, around the same middle. */
export function zoomedTo(from: number, to: number): Range {
  const middle = (from + to) / 2;
  const half = Math.max(LEAST_S, to - from) / 2;
  return { from: Math.floor(middle - half), to: Math.ceil(middle + half) };
}

/** What stands in a field of type datetime-local, in the browser's zone. */
export function fieldOf(at: number): string {
  const date = new Date(at * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The moment that such a field names, in seconds; null for nonsense. */
export function momentIn(text: string): number | null {
  const at = new Date(text).getTime();
  return Number.isFinite(at) ? Math.floor(at / 1000) : null;
}
