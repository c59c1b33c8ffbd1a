// History as one scrolls: older pages near the top, newer ones near the end of a window that stops before it.
// Used by the room. The log keeps its place by itself; this only decides when to ask.

import { part } from "../dom";
import type { RoomSnapshot } from "../protocol";
import type { Shell } from "../shell/contract";
import type { Log } from "./log";

/** A page is asked for this far before its end comes into view. */
const AHEAD_PX = 800;
const PAUSE_AFTER_ERROR_MS = 3_000;

export class Pages {
  readonly #log: Log;
  readonly #chat: HTMLElement;
  readonly #shell: Shell;
  readonly #state: () => RoomSnapshot | null;
  #busy = false;
  #pausedUntil = 0;

  constructor(log: Log, chat: HTMLElement, shell: Shell, state: () => RoomSnapshot | null) {
    this.#log = log;
    this.#chat = chat;
    this.#shell = shell;
    this.#state = state;
  }

  /** Called after every drawing and scroll. */
  check(): void {
    const state = this.#state();
    if (state === null || this.#busy || performance.now() < this.#pausedUntil) return;
    const { element, scroll } = this.#log;
    if (state.has_before && element.scrollTop < AHEAD_PX && state.messages.length > 0) void this.#load("older");
    else if (state.has_after && scroll.below() < AHEAD_PX) void this.#load("newer");
  }

  async #load(which: "older" | "newer"): Promise<void> {
    this.#busy = true;
    const bar = part(this.#chat, `[data-part=${which}]`);
    // A quick answer shows no bar at all.
    const slow = setTimeout(() => (bar.hidden = false), 300);
    this.#log.scroll.note();
    try {
      const { session } = this.#shell;
      await (which === "older" ? session.loadOlder() : session.loadNewer());
    } catch (error) {
      this.#pausedUntil = performance.now() + PAUSE_AFTER_ERROR_MS;
      this.#shell.fail(which === "older" ? "Older messages could not be loaded" : "Newer messages could not be loaded", error);
    } finally {
      clearTimeout(slow);
      bar.hidden = true;
      this.#busy = false;
    }
  }
}
