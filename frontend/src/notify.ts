// Whether the person is told of a message, and when they are not to be disturbed: the same rules as chat/notify.py and
// accounts/quiet.py, held to test/notify.json and test/quiet.json. Pure; loaded with the notifier.

import type { PreferencesView } from "./protocol";

/** A message and what it is to one person; chat/notify.py says what each key means. */
export interface Case {
  level: string;
  direct: boolean;
  own: boolean;
  system: boolean;
  in_room: boolean;
  mentioned: boolean;
  followed: boolean;
  quiet: boolean;
  undisturbed: boolean;
}

export function notifies(given: Case): boolean {
  if (given.own || given.system || given.quiet || given.undisturbed || given.level === "nothing") return false;
  if (given.mentioned || given.followed) return true;
  return (given.level === "all" || (given.level === "" && given.direct)) && given.in_room;
}

export type Quiet = Pick<PreferencesView, "quiet_until" | "quiet_from" | "quiet_to" | "time_zone">;

/** "22:05" in the person's zone. */
function clock(zone: string, now: Date): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(now);
}

/** Whether the person wants to be left alone: for a time, or in their hours of each day. */
export function isQuiet(chosen: Quiet, now: Date): boolean {
  if (chosen.quiet_until != null && now < new Date(chosen.quiet_until)) return true;
  const [from, to] = [chosen.quiet_from, chosen.quiet_to];
  if (from == null || to == null) return false;
  const here = clock(chosen.time_zone, now);
  return from < to ? from <= here && here < to : here >= from || here < to;
}
