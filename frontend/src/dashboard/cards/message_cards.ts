// What a message carries besides its words: an alert, a chart that moves, attachments of a webhook. One for each log.
// Fetched with the first card that is shown. It draws into the row's place for cards and never another part of the row,
// but for the word that a reply acknowledges.

import { el, icon, onceAFrame, part } from "../../dom";
import type { Log } from "../../chat/log";
import { isMember } from "../../chat/rights";
import type { MessageView, RoomSnapshot } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { AlertBox } from "./alert_card";
import { drawAttachments } from "./attachments";
import { ChartBox } from "./chart_card";
import { alertFace } from "./face";

export interface CardsOptions {
  shell: Shell;
  log: Log;
  state(): RoomSnapshot | null;
}

/** A card on the page that may move. */
export interface Box {
  readonly element: HTMLElement;
  show(message: MessageView): void;
  /** New figures, [seconds since 1970, figure]. */
  move(points: readonly number[][]): void;
  dispose(): void;
}

/** What cards may ask of the page. */
export interface CardHost {
  shell: Shell;
  room: number;
  /** Whether the person may do something with it. */
  member(): boolean;
  grown(): void;
}

interface Row {
  element: HTMLElement;
  message: MessageView;
  box: Box | null;
  seen: boolean;
  /** It moved while nobody could see it. */
  waits: boolean;
}

export class MessageCards {
  readonly #options: CardsOptions;
  readonly #rows = new Map<string, Row>();
  readonly #stops: (() => void)[] = [];
  readonly #marks = onceAFrame(() => this.#markReplies());
  readonly #views: IntersectionObserver;

  constructor(options: CardsOptions) {
    this.#options = options;
    const { session } = options.shell;
    this.#views = new IntersectionObserver((changes) => this.#looked(changes), { root: options.log.element });
    this.#stops.push(session.room.subscribe((state) => state, this.#marks));
    this.#stops.push(session.thread.subscribe((state) => state, this.#marks));
    this.#stops.push(session.connection.onEvent((event) => event.type === "card.moved" && this.#move(event.data.message, event.data.points)));
  }

  dispose(): void {
    this.#views.disconnect();
    for (const stop of this.#stops) stop();
    for (const row of this.#rows.values()) row.box?.dispose();
    this.#rows.clear();
  }

  /** Draws the card of a message into its row. */
  draw(element: HTMLElement, message: MessageView): void {
    const { card } = message;
    if (card === null) return;
    const place = part(element, "[data-part=card]");
    place.hidden = false;
    const row = this.#rowOf(element, place, message);
    row.message = message;
    row.box?.show(message);
    if (card.alert !== null) part(element, "[data-part=avatar]").replaceChildren(alertFace(card.alert.state === "firing" ? card.alert.level : ""));
    element.classList.toggle("over", place.querySelector(".resolved") !== null);
    if (card.kind === "attachments") drawAttachments(place, card.html, card.attachments);
    for (const one of place.querySelectorAll<HTMLElement>("a[href], button")) one.tabIndex = element.tabIndex;
    this.#options.log.grown([place]);
    this.#marks();
  }

  #rowOf(element: HTMLElement, place: HTMLElement, message: MessageView): Row {
    const known = this.#rows.get(message.id);
    if (known?.element === element && place.childElementCount > 0) return known;
    if (known !== undefined) this.#forget(known);
    const box = this.#makeBox(element, place, message);
    if (box !== null) place.replaceChildren(box.element);
    const row: Row = { element, message, box, seen: true, waits: false };
    this.#rows.set(message.id, row);
    this.#views.observe(element);
    return row;
  }

  #makeBox(element: HTMLElement, place: HTMLElement, message: MessageView): Box | null {
    const { shell, log, state } = this.#options;
    const member = () => {
      const room = state();
      return room !== null && isMember(room) && room.room.archived_at === null;
    };
    const grown = () => {
      element.classList.toggle("over", place.querySelector(".resolved") !== null);
      for (const one of place.querySelectorAll<HTMLElement>("a[href], button")) one.tabIndex = element.tabIndex;
      log.grown([place]);
    };
    const host: CardHost = { shell, room: message.room, member, grown };
    if (message.card?.alert != null) return new AlertBox(host, message);
    return message.card?.chart != null ? new ChartBox(host, message) : null;
  }

  #forget(row: Row): void {
    row.box?.dispose();
    this.#views.unobserve(row.element);
  }

  // Moving

  #move(id: string, points: readonly number[][]): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    if (!row.element.isConnected) {
      this.#forget(row);
      this.#rows.delete(id);
      return;
    }
    row.box?.move(points);
    row.waits = !row.seen;
    if (row.seen) row.box?.show(row.message);
  }

  /** What scrolled away is no longer drawn; what comes back is drawn as it is by then. */
  #looked(changes: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of changes) {
      for (const row of this.#rows.values()) {
        if (row.element !== target) continue;
        row.seen = isIntersecting;
        if (isIntersecting && row.waits) row.box?.show(row.message);
        if (isIntersecting) row.waits = false;
      }
    }
  }

  // Replies

  /** The reply that acknowledged an alert says so. */
  #markReplies(): void {
    const { session } = this.#options.shell;
    const messages = [...(this.#options.state()?.messages ?? []), ...(session.thread.get()?.replies ?? [])];
    for (const { message } of this.#rows.values()) {
      const alert = message.card?.alert;
      if (alert == null) continue;
      const replies = messages.filter((one) => one.reply_to?.id === message.id || one.thread_root === message.id);
      for (const reply of replies) this.#markReply(reply, reply.id === alert.reply);
    }
  }

  #markReply(reply: MessageView, acknowledges: boolean): void {
    const row = this.#options.log.rowOfMessage(reply.id);
    if (row === null || reply.deleted_at !== null) return;
    const known = row.querySelector(".minichip.acknowledges");
    if (acknowledges === (known !== null)) return;
    known?.remove();
    if (!acknowledges) return;
    const chip = el("span", "minichip ok acknowledges");
    chip.append(icon("check"), "acknowledges");
    part(row, reply.reply_to === null ? "header" : "[data-part=quote]").append(chip);
  }
}
