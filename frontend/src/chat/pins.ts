// The pane of a room's pinned messages. Opened from the room's bar; drawn anew whenever a pin changes.
// It reads only: a pin is let go from its button or from the message's menu, and the answer comes as an event.

import { get } from "../api";
import { clone, part, setHTML } from "../dom";
import type { PinsPage, PinView } from "../protocol";
import type { Shell } from "../shell/contract";
import { fullTime, shortTime } from "../time";
import { canPin } from "./keep_items";
import { permalink } from "./row";

export class PinsPane {
  readonly element = clone("t-pins");
  readonly #shell: Shell;
  readonly #room: number;
  readonly #list = part(this.element, "[data-part=list]");
  readonly #stop: () => void;
  #asked = 0;

  constructor(shell: Shell, room: number) {
    this.#shell = shell;
    this.#room = room;
    this.#stop = shell.session.connection.onEvent((event) => {
      if (event.topic !== `room:${room}`) return;
      if (event.type === "message.pinned" || event.type === "message.unpinned" || event.type === "message.deleted" || event.type === "message.edited") void this.#load();
    });
    void this.#load();
  }

  close(): void {
    this.#stop();
    this.#asked = -1;
  }

  async #load(): Promise<void> {
    if (this.#asked < 0) return;
    const turn = (this.#asked += 1);
    try {
      const page = await get<PinsPage>(`/api/rooms/${this.#room}/pins/`);
      if (turn !== this.#asked) return;
      this.#shell.session.people.add(...page.people);
      this.#draw(page.pins);
    } catch (error) {
      if (turn === this.#asked) this.#shell.fail("The pinned messages could not be loaded", error);
    }
  }

  #draw(pins: readonly PinView[]): void {
    part(this.element, "[data-part=count]").textContent = String(pins.length);
    part(this.element, "[data-part=none]").hidden = pins.length > 0;
    const had = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...pins.map((pin) => this.#row(pin)));
    if (had) part(this.element, "h2").focus({ preventScroll: true });
  }

  #row(pin: PinView): HTMLElement {
    const { session } = this.#shell;
    const state = session.room.get();
    const { message } = pin;
    const row = clone("t-pin");
    part(row, "[data-part=author]").textContent = session.people.author(message);
    const time = part<HTMLTimeElement>(row, "[data-part=time]");
    time.dateTime = message.created_at;
    time.title = fullTime(message.created_at);
    time.textContent = shortTime(message.created_at);
    setHTML(part(row, "[data-part=body]"), message.html);
    part(row, "[data-part=by]").textContent = `Pinned by ${session.people.name(pin.pinned_by)}, ${shortTime(pin.pinned_at)}`;
    const open = part<HTMLAnchorElement>(row, "[data-part=open]");
    if (state !== null) open.href = permalink(state.room, message.id);
    const unpin = part<HTMLButtonElement>(row, "[data-part=unpin]");
    unpin.hidden = state === null || !canPin(state);
    unpin.setAttribute("aria-label", `Unpin the message of ${session.people.author(message)}`);
    unpin.onclick = () => void this.#unpin(message.id);
    return row;
  }

  async #unpin(id: string): Promise<void> {
    try {
      await this.#shell.session.command("message.unpin", { id }, this.#room);
      this.#shell.announce("Unpinned");
    } catch (error) {
      this.#shell.fail("The message is still pinned", error);
    }
  }
}

/** Opens the pane; `button` shows whether it stands open. */
export function showPins(shell: Shell, room: number, opener: HTMLElement, button: HTMLElement): void {
  const pane = new PinsPane(shell, room);
  shell.showPane(pane.element, {
    opener,
    onClose: () => {
      pane.close();
      button.setAttribute("aria-pressed", "false");
      opener.removeAttribute("aria-expanded");
    },
  });
  button.setAttribute("aria-pressed", "true");
  opener.removeAttribute("aria-expanded");
}
