// Times as people read them, in the zone that the person chose.
// Called by everything that shows a time. It never keeps a clock: `now` can be passed in.

let zone: string | undefined;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Chooses the zone of all times on the page; an empty or unknown one means the browser's own. */
export function setTimeZone(name: string): void {
  formats.clear();
  zone = undefined;
  if (name === "") return;
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    zone = name;
  } catch {
    // A zone that this browser does not know: its own is the next best.
  }
}

function format(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-GB", zone === undefined ? options : { ...options, timeZone: zone });
    formats.set(key, found);
  }
  return found;
}

/** "09:12" */
export function clock(at: string): string {
  return format("clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
}

/** "2026-11-22": the same for all times of one day in the person's zone. */
export function dayKey(at: string | Date): string {
  const parts = format("key", { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date(at));
  const value = (type: string) => parts.find((piece) => piece.type === type)?.value ?? "";
  return `${value("year")}-${value("month")}-${value("day")}`;
}

const DAY_MS = 86_400_000;

/** "Today", "Yesterday", "Friday 20 November" or, in another year, "20 November 2025". */
export function dayLabel(at: string, now: Date = new Date()): string {
  const key = dayKey(at);
  if (key === dayKey(now)) return "Today";
  if (key === dayKey(new Date(now.getTime() - DAY_MS))) return "Yesterday";
  if (key.slice(0, 4) === dayKey(now).slice(0, 4)) {
    return format("day", { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
  }
  return format("date", { day: "numeric", month: "long", year: "numeric" }).format(new Date(at));
}

/** "Friday, 20 November 2026 at 09:12": for titles and screen readers. */
export function fullTime(at: string): string {
  return format("full", { dateStyle: "full", timeStyle: "short", hourCycle: "h23" }).format(new Date(at));
}

/** "09:12" today, "Yesterday", "Fri" within the week, else "20 Nov": for lists. */
export function shortTime(at: string, now: Date = new Date()): string {
  const label = dayLabel(at, now);
  if (label === "Today") return clock(at);
  if (label === "Yesterday") return label;
  const recent = now.getTime() - new Date(at).getTime() < 6 * DAY_MS;
  if (recent) return format("weekday", { weekday: "short" }).format(new Date(at));
  return format("short", { day: "numeric", month: "short" }).format(new Date(at));
}

/** "12 s", "4 min", "2 h", "3 days": how long something still takes. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** " until 09:00", on another day " until Sunday, 29 November 2026 at 09:00", or nothing for a sanction without an end. */
export function untilText(until: string | null, now: Date = new Date()): string {
  if (until === null) return "";
  return ` until ${dayKey(until) === dayKey(now) ? clock(until) : fullTime(until)}`;
}
