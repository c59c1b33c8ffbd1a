// The way to a room's alerts: a button in its head that says how many fire, and opens the pane. Made by shell/room_view.ts
// for each room, after the first load. Whoever looks in from outside gets none.

import { clone, onceAFrame, part } from "../../dom";
import type { AnyEvent } from "../../events";
import type { Shell } from "../../shell/contract";
import { isMember } from "../../chat/rights";
import { AlertsPane } from "./pane";
import { alertsOf } from "./rules";

export class AlertsButton {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #button = clone("t-alerts-button");
  readonly #stops: (() => void)[] = [];
  readonly #again = onceAFrame(() => void this.#pane?.load());
  #pane: AlertsPane | null = null;
  #asked = false;
  #gone = false;
  #firing = 0;

  /** `before`: the button stands before this one. */
  constructor(shell: Shell, room: number, before: HTMLElement) {
    this.#shell = shell;
    this.#room = room;
    before.before(this.#button);
    this.#button.onclick = () => this.#toggle();
    this.#stops.push(shell.session.room.subscribe((state) => state, () => this.#draw()));
    this.#stops.push(shell.session.connection.onEvent((event) => this.#take(event)));
    this.#draw();
  }

  dispose(): void {
    this.#gone = true;
    for (const stop of this.#stops) stop();
    this.#button.remove();
  }

  #draw(): void {
    const state = this.#shell.session.room.get();
    const member = state?.room.id === this.#room && isMember(state);
    this.#button.hidden = !member;
    if (!member) return;
    if (!this.#asked) void this.#ask();
    const badge = part(this.#button, "[data-part=count]");
    badge.hidden = this.#firing === 0;
    badge.textContent = String(this.#firing);
    this.#button.classList.toggle("firing", this.#firing > 0);
    this.#button.setAttribute("aria-label", this.#firing === 0 ? "Alerts" : this.#firing === 1 ? "Alerts, 1 fires" : `Alerts, ${this.#firing} fire`);
  }

  async #ask(): Promise<void> {
    this.#asked = true;
    const found = await alertsOf(this.#room).catch(() => null);
    if (found === null || this.#gone) return;
    this.#tell(found.alerts.filter(({ card }) => card.state === "firing").length);
  }

  #tell(firing: number): void {
    this.#firing = firing;
    this.#draw();
  }

  #take(event: AnyEvent): void {
    if (event.topic !== `room:${this.#room}`) return;
    const card = event.type === "message.created" ? event.data.message.card : event.type === "card.changed" ? event.data.card : null;
    if (card?.kind !== "alert") return;
    if (this.#pane === null) void this.#ask();
    else this.#again();
  }

  #toggle(): void {
    if (this.#pane !== null) return this.#shell.closePane();
    const pane = new AlertsPane(this.#shell, this.#room, (firing) => this.#tell(firing));
    this.#shell.showPane(pane.element, {
      opener: this.#button,
      onClose: () => {
        pane.close();
        this.#button.setAttribute("aria-pressed", "false");
        this.#button.removeAttribute("aria-expanded");
        if (this.#pane === pane) this.#pane = null;
      },
    });
    this.#pane = pane;
    this.#button.setAttribute("aria-pressed", "true");
    this.#button.removeAttribute("aria-expanded");
  }
}
