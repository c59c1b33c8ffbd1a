// What a view of the stage is, and what it may use. Types only; implemented by home, browse, room, settings and gate.

import type { BrowseRoom, RoomView } from "../protocol";
import type { Actions } from "./actions";
import type { Announcer } from "./announcer";
import type { Shell } from "./contract";

export interface ShellContext {
  shell: Shell;
  actions: Actions;
  announcer: Announcer;
  /** Rooms that are known beyond one's own, by address: from browsing and from commands. */
  remember(rooms: readonly (RoomView | BrowseRoom)[]): void;
  /** Joins a room and opens it. */
  join(room: RoomView): Promise<void>;
}

export interface View {
  /** body[data-view], which the stylesheet reads. */
  readonly name: "home" | "page" | "room" | "settings" | "gate";
  /** Puts the focus where one goes on. */
  focus(): void;
  close(): void;
}

/** Puts a cloned view on the stage in place of the one before. */
export function stand(element: HTMLElement): void {
  const before = document.getElementById("view");
  if (before === null) throw new Error("The page lacks #view.");
  element.id = "view";
  before.replaceWith(element);
}

export function focusHeading(element: ParentNode): void {
  element.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
}
