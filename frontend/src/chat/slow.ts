// How long somebody must wait under slow mode, and the seconds in the Send button. Used by the composer.

import { part } from "../dom";
import type { RoomSnapshot } from "../protocol";
import { slowSeconds } from "./rights";

export class SlowMode {
  readonly #me: number;
  readonly #state: () => RoomSnapshot | null;
  readonly #form: () => HTMLFormElement | null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(me: number, state: () => RoomSnapshot | null, form: () => HTMLFormElement | null) {
    this.#me = me;
    this.#state = state;
    this.#form = form;
  }

  /** Whole seconds until this person may send again. */
  seconds(): number {
    const state = this.#state();
    const pause = state === null ? 0 : slowSeconds(state);
    if (state === null || pause === 0) return 0;
    const own = state.messages.filter((message) => message.author === this.#me && message.kind === "user");
    const last = own[own.length - 1];
    if (last === undefined) return 0;
    // The server's clock wrote the time: a wrong clock here must not shut the field for longer than the pause.
    return Math.ceil(Math.max(0, Math.min(pause, pause - (Date.now() - Date.parse(last.created_at)) / 1000)));
  }

  draw(): void {
    const form = this.#form();
    if (form === null) return;
    const wait = this.seconds();
    const place = part(form, "[data-part=wait]");
    place.hidden = wait === 0;
    place.textContent = `${wait} s`;
    part<HTMLButtonElement>(form, "[data-part=send]").setAttribute("aria-disabled", String(wait > 0));
    if (wait > 0) this.#timer ??= setInterval(() => this.draw(), 1000);
    else this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
