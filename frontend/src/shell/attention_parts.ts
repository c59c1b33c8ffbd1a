// Begins what calls for the person's attention or keeps it away: notices, the menu of rooms, pins, the badge of mentions.
// Made once by app.ts as soon as the later bundle is here.

import { choicesOf, isOffered } from "../assistant/choice";
import { listenForSession, summarise } from "../assistant/commands";
import { attentionOf } from "../attention";
import { showPins } from "../chat/pins";
import { el } from "../dom";
import { isQuiet } from "../notify";
import type { MenuItem, Shell } from "./contract";
import { Notifier } from "./notifier";
import { PHONE } from "./rail";
import { listenInRail, openRoomMenu } from "./room_menu";
import { countText } from "./rooms";

export class AttentionParts {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
    const { session } = shell;
    const attention = attentionOf(session);
    new Notifier(shell);
    const rail = document.getElementById("rail");
    if (rail !== null) listenInRail(shell, rail);
    listenForSession(shell);
    showQuiet(shell);
    const draw = () => drawBadge(session.home.get().rooms.reduce((sum, { mentions }) => sum + mentions, 0) + attention.unreadThreads());
    session.home.subscribe((home) => home.rooms, draw);
    attention.store.subscribe((state) => state?.threads, draw);
  }

  openRoomMenu(button: HTMLElement): void {
    const room = this.#shell.session.room.get()?.room.id;
    const summary = this.#shell.session.home.get().rooms.find((one) => one.room.id === room);
    if (summary === undefined) return;
    // A phone's bar has no room for a button of its own.
    const pins: MenuItem = { icon: "pin", text: "Pinned messages", run: () => this.openPins(button) };
    const choice = choicesOf(this.#shell.session).of(summary.room.id);
    const asks = isOffered(choice) && choice?.ready === true && choice.direct_room !== summary.room.id;
    const news: MenuItem = { icon: "list-collapse", text: "Summarise unread", line: true, run: () => void summarise(this.#shell) };
    openRoomMenu(this.#shell, summary, { anchor: button, more: [...(PHONE.matches ? [pins] : []), ...(asks ? [news] : [])] });
  }

  /** Opens the pane of pins, or closes it when it stands open. */
  openPins(opener: HTMLElement): void {
    const room = this.#shell.session.room.get();
    const button = document.querySelector<HTMLElement>("#view [data-do=open-pins]");
    if (room === null || button === null) return;
    if (button.getAttribute("aria-pressed") === "true") this.#shell.closePane();
    else showPins(this.#shell, room.room.id, opener, button);
  }
}

/** A sign beside one's name while one is not to be disturbed; hours begin and end by themselves. */
function showQuiet(shell: Shell): void {
  const draw = () => {
    const sign = document.querySelector<HTMLElement>("#me [data-part=quiet]");
    if (sign !== null) sign.hidden = !isQuiet(shell.session.home.get().preferences, new Date());
  };
  shell.session.home.subscribe((home) => home.preferences, draw);
  setInterval(draw, 15_000);
}

/** Mentions and threads with something new, at the link to their page. */
function drawBadge(count: number): void {
  const badge = document.querySelector<HTMLElement>("#rail [data-nav=mentions] .badge");
  if (badge === null) return;
  badge.hidden = count === 0;
  badge.replaceChildren(countText(count), el("span", "sr", " unread"));
}
