// Who is here, in words: online, idle, or nothing. Pure; used wherever people are listed.

import type { HomeSnapshot, PresenceView } from "../protocol";
import type { Session } from "../session";

/** "online", "idle" or "offline". */
export function stateIn(presence: readonly PresenceView[], user: number): string {
  return presence.find((one) => one.user === user)?.state ?? "offline";
}

/** The word beside a name; nothing for people who are away. */
export function presenceOf(home: HomeSnapshot, user: number): string {
  const state = stateIn(home.presence, user);
  return state === "offline" ? "" : state;
}

/** The same from all that this tab hears: its own rooms first, then the open room, which may be one it only looks at. */
export function stateOf(session: Pick<Session, "home" | "room">, user: number): string {
  const known = session.home.get().presence.find((one) => one.user === user);
  return known?.state ?? stateIn(session.room.get()?.presence ?? [], user);
}
