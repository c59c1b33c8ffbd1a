// Tells the server whether the person is at the page: online, or idle after five minutes without a sign of life.
// Made once by app.ts. It counts keys, pointer and scrolling; a hidden tab shows no signs.

import type { Session } from "../session";

const IDLE_MS = 5 * 60_000;
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focus"];

export class Idle {
  readonly #session: Session;
  #state: "online" | "idle" = "online";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #signAt = 0;

  constructor(session: Session) {
    this.#session = session;
    for (const name of SIGNS) addEventListener(name, () => this.#alive(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => document.hidden || this.#alive());
    // A new connection counts as online until told otherwise.
    session.connection.onState((state) => state === "online" && this.#state === "idle" && this.#tell());
    this.#alive();
  }

  #alive(): void {
    const now = Date.now();
    if (this.#state === "online" && now - this.#signAt < 1_000) return;
    this.#signAt = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#set("idle"), IDLE_MS);
    this.#set("online");
  }

  #set(state: "online" | "idle"): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    // Lost on the way: the next connection asks anew, and presence is only a courtesy.
    this.#session.command("presence.set", { state: this.#state }).catch(() => undefined);
  }
}
