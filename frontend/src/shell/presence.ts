// Who is here, in words: online, idle, or nothing. Pure; used wherever people are listed.

import type { HomeSnapshot, PresenceView } from "../protocol";

/** "online", "idle" or "offline". */
export function stateIn(presence: readonly PresenceView[], user: number): string {
  return presence.find((one) => one.user === user)?.state ?? "offline";
}

/** The word beside a name; nothing for people who are away. */
export function presenceOf(home: HomeSnapshot, user: number): string {
  const state = stateIn(home.presence, user);
  return state === "offline" ? "" : state;
}
