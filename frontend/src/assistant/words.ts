// What the page says about answers: places in a queue, times, tokens, money, and who stopped what. Pure.

import type { RunView } from "../protocol";

/** States of a run that writes no more. */
const ENDED = new Set(["done", "stopped", "failed", "interrupted"]);

export function isLive(run: RunView): boolean {
  return !ENDED.has(run.state);
}

/** Whether it ended although nobody wanted it to. */
export function isFailed(run: RunView): boolean {
  return run.state === "failed" || run.state === "interrupted";
}

/** "2nd in line"; the first of a line is next. */
export function placeWords(place: number): string {
  if (place <= 1) return "next in line";
  const teen = place % 100 > 10 && place % 100 < 14;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${place}${ending} in line`;
}

/** "4.2 s", "1 min 20 s". */
export function tookWords(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** 3180 as people read it: "3,180". */
export function countWords(count: number): string {
  return count.toLocaleString("en");
}

/** Millionths of a currency as figures: four digits that say something, never "0.0000" for what was paid. */
export function moneyWords(micros: number): string {
  if (micros === 0) return "0";
  const units = micros / 1_000_000;
  if (units >= 1) return units.toFixed(2);
  return units < 0.0001 ? "<0.0001" : units.toFixed(4).replace(/0+$/, "");
}

/** Seconds until asking again makes sense; 0 for now. */
export function waitSeconds(retryAt: string | null, now: number): number {
  return retryAt === null ? 0 : Math.max(0, Math.ceil((Date.parse(retryAt) - now) / 1_000));
}

/** What a raw text that has not been rendered yet is shown as: code of an open fence, or plain. */
export function tailOf(tail: string): { code: boolean; text: string } {
  const fence = /^\s*(`{3,}|~{3,})[^\n]*(\n|$)/.exec(tail);
  return fence === null ? { code: false, text: tail.replace(/^\s+/, "") } : { code: true, text: tail.slice(fence[0].length) };
}
