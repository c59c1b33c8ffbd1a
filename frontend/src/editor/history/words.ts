// What the history says: who made a version and when, in words. Pure; used by its bars and lists.

import type { History, PersonView } from "../../protocol";
import { clock, dayLabel, shortTime } from "../../time";
import { stretchAt, timeAt } from "./chronicle";
import type { Moment } from "./timeline";

export const FORMER = "Former member";

/** "today 09:02", "Monday 16 November 17:40". */
export function when(at: string): string {
  const day = dayLabel(at);
  return `${day === "Today" || day === "Yesterday" ? day.toLowerCase() : day} ${clock(at)}`;
}

/** "09:02" today, else the day as well: for lists. */
export function shortWhen(at: string): string {
  return dayLabel(at) === "Today" ? clock(at) : `${shortTime(at)} ${clock(at)}`;
}

export interface Maker {
  author: number | null;
  at: string | null;
}

/** Who made a version and when: exactly when its text is here, else by the stretch that it belongs to. */
export function makerOf(history: History, version: number, moment: Moment | null): Maker {
  if (moment?.version === version) return { author: moment.author, at: moment.at };
  return { author: stretchAt(history, version)?.author ?? null, at: timeAt(history, version) };
}

type Find = (id: number | null) => PersonView | null;

/** "Ines Haddad, today 09:02"; the beginning and versions without an author say so. */
export function madeBy(history: History, version: number, moment: Moment | null, find: Find): string {
  const { author, at } = makerOf(history, version, moment);
  const known = author !== null || stretchAt(history, version) !== null;
  const who = known ? (find(author)?.display_name ?? FORMER) : version === 0 ? "The beginning" : "";
  return [who, at === null ? "" : when(at)].filter((words) => words !== "").join(", ");
}


