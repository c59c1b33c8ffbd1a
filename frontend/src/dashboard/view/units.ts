// Figures as a board writes them: with their unit, short on an axis, as money where the unit is a currency. Pure.

import { clock, dayKey } from "../../time";
import { figureParts } from "../cards/figures";

const CURRENCY = /^[A-Z]{3}$/;
const SHORT = ["", "k", "M", "G", "T"];

function money(value: number, unit: string): string | null {
  try {
    return new Intl.NumberFormat("en-GB", { style: "currency", currency: unit, currencyDisplay: "narrowSymbol", maximumFractionDigits: Math.abs(value) < 1 && value !== 0 ? 4 : 2 }).format(value);
  } catch {
    // No currency, only three letters.
    return null;
  }
}

/** The figure and what stands behind it: ["184", "per min"], ["$0.31", ""]. */
export function partsOf(value: number, unit: string): [string, string] {
  const sum = CURRENCY.test(unit) ? money(value, unit) : null;
  return sum === null ? figureParts(value, unit) : [sum, ""];
}

/** "184 per min", "74%", "$0.31", "no figure" */
export function wordsOf(value: number | null, unit: string): string {
  if (value === null) return "no figure";
  const [figure, of] = partsOf(value, unit);
  return of === "" ? figure : of === "%" ? `${figure}%` : `${figure} ${of}`;
}

/** "1.2k", "74", "3 MB": beside a line of the grid. */
export function axisWords(value: number, unit: string): string {
  if (unit === "bytes") return figureParts(value, unit).join(" ");
  let [size, step] = [value, 0];
  while (Math.abs(size) >= 10_000 && step < SHORT.length - 1) {
    size /= 1000;
    step += 1;
  }
  return `${Number(size.toPrecision(4))}${SHORT[step] ?? ""}`;
}

const iso = (at: number) => new Date(at * 1000).toISOString();

/** A moment under an axis: a time of day, or a day where the range is long. */
export function axisMoment(at: number, seconds: number, apart: number): string {
  if (seconds > 3 * 86_400) return shortDay(at);
  return apart < 60 ? `${clock(iso(at))}:${String(Math.floor(at) % 60).padStart(2, "0")}` : clock(iso(at));
}

function shortDay(at: number): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(new Date(at * 1000));
}

/** "09:14:20", with longer buckets "09:14" or "22 Nov, 09:00". */
export function moment(at: number, step: number, now: number = Date.now() / 1000): string {
  const time = step < 60 ? `${clock(iso(at))}:${String(Math.floor(at) % 60).padStart(2, "0")}` : clock(iso(at));
  return dayKey(iso(at)) === dayKey(iso(now)) ? time : `${shortDay(at)}, ${time}`;
}

/** "09:06–09:08", "20 Nov–22 Nov" */
export function span(from: number, to: number, now: number = Date.now() / 1000): string {
  const start = moment(from, 60, now);
  const end = dayKey(iso(from)) === dayKey(iso(to)) ? clock(iso(to)) : moment(to, 60, now);
  return `${start}–${end}`;
}

/** "4 min", "12 s": how long ago something was. */
export function ago(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

