// Where each room was scrolled to, for this tab: over reloads and room changes. Used by the room.
// A room that was left at its end is not remembered: it opens at its end.

import type { Anchor } from "./scroll";

const key = (room: number) => `collab-scroll-${room}`;

export function keepPosition(room: number, anchor: Anchor | null): void {
  try {
    if (anchor === null) sessionStorage.removeItem(key(room));
    else sessionStorage.setItem(key(room), JSON.stringify(anchor));
  } catch {
    // A closed storage: the room opens at its end.
  }
}

export function keptPosition(room: number): Anchor | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(room)) ?? "null") as Anchor | null;
    return kept !== null && typeof kept.id === "string" && typeof kept.offset === "number" ? kept : null;
  } catch {
    return null;
  }
}
