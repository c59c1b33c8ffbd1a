// What cards, rules and panes say of figures and times. Pure.

import type { AlertCard, ChartCard } from "../../protocol";
import { clock, dayKey, shortTime } from "../../time";

/** "2 minutes", "90 seconds", "1 hour": how long something has lasted. */
export function lasting(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const of = (count: number, name: string) => `${count} ${name}${count === 1 ? "" : "s"}`;
  if (whole < 120 && whole % 60 !== 0) return of(whole, "second");
  if (whole % 86_400 === 0) return of(whole / 86_400, "day");
  if (whole % 3600 === 0) return of(whole / 3600, "hour");
  if (whole < 5400) return of(Math.round(whole / 60), "minute");
  if (whole < 129_600) return of(Math.round(whole / 3600), "hour");
  return of(Math.round(whole / 86_400), "day");
}

/** "last hour", "last 15 minutes" */
export function lastWords(seconds: number): string {
  const words = lasting(seconds);
  return `last ${words.startsWith("1 ") ? words.slice(2) : words}`;
}

/** A time of day; with its day when that is another one. */
export function when(at: string, now: Date = new Date()): string {
  return dayKey(at) === dayKey(now) ? clock(at) : `${shortTime(at, now)}, ${clock(at)}`;
}

/** "for 2 minutes, rule by Rosa Almeida" */
export function alertAbout(card: AlertCard, now: number): string {
  const until = card.resolved_at === null ? now : Date.parse(card.resolved_at);
  const parts = [`for ${lasting((until - Date.parse(card.since)) / 1000)}`];
  if (card.times > 1) parts.push(`${card.times} times`);
  if (card.made_by !== "") parts.push(`rule by ${card.made_by}`);
  return parts.join(", ");
}

/** "09:21–09:25" */
export function alertSpan(card: AlertCard): string {
  const end = card.resolved_at;
  return end === null ? when(card.fired_at) : `${when(card.fired_at)}–${clock(end)}`;
}

export function isLive(card: ChartCard, now: number): boolean {
  return card.live_until !== null && Date.parse(card.live_until) > now;
}
