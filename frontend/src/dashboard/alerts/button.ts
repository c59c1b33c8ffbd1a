// The way to a room's alerts: a button in its head that says how many fire, and opens the pane. Made by shell/room_view.ts
// for each room, after the first load. Whoever looks in from outside gets none.

import { clone, onceAFrame, part } from "../../dom";
import type { AnyEvent } from "../../events";
import type { Shell } from "../../shell/contract";
import { isMember } from "../../chat/rights";
import { AlertsPane } from "./pane";

export class AlertsButton {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #button = clone("t-alerts-button");
  readonly #stops: (() => void)[] = [];
  readonly #again = onceAFrame(() => void this.#pane?.load());
  #pane: AlertsPane | null = null;
  /** How many fire, as the pane has read it; null while it is closed. */
  #firing: number | null = null;

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
    for (const stop of this.#stops) stop();
    this.#button.remove();
  }

  #draw(): void {
    const state = this.#shell.session.room.get();
    const member = state?.room.id === this.#room && isMember(state);
    this.#button.hidden = !member;
    if (!member) return;
    // What the page has of the room says it without a question.
    const firing = this.#firing ?? state.messages.filter(({ card }) => card?.alert?.state === "firing").length;
    const badge = part(this.#button, "[data-part=count]");
    badge.hidden = firing === 0;
    badge.textContent = String(firing);
    this.#button.classList.toggle("firing", firing > 0);
    this.#button.setAttribute("aria-label", firing === 0 ? "Alerts" : firing === 1 ? "Alerts, 1 fires" : `Alerts, ${firing} fire`);
  }

  #tell(firing: number): void {
    this.#firing = firing;
    this.#draw();
  }

  #take(event: AnyEvent): void {
    if (event.topic !== `room:${this.#room}`) return;
    const card = event.type === "message.created" ? event.data.message.card : event.type === "card.changed" ? event.data.card : null;
    if (card?.kind === "alert") this.#again();
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
        if (this.#pane !== pane) return;
        this.#pane = null;
        this.#firing = null;
        this.#draw();
      },
    });
    this.#pane = pane;
    this.#button.setAttribute("aria-pressed", "true");
    this.#button.removeAttribute("aria-expanded");
  }
}
