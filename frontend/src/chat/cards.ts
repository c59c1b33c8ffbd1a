// Under a message about lines of code: which lines, as they were, and what became of them. Fetched with later.ts.
// Used by the room and by a thread. The document's book knows; a message that is about nothing known gets no card.

import { thenUrl } from "../beside";
import { bookOf } from "../discussions/book";
import { becameWords, calledLines, linesSpoken, linesWords } from "../discussions/words";
import { clone, onceAFrame, part, setHTML } from "../dom";
import type { Discussion, MessageView, RoomView } from "../protocol";
import type { Shell } from "../shell/contract";

/** The document of `document:7`; null for another topic. */
function documentOf(topic: string): number | null {
  return topic.startsWith("document:") ? Number(topic.slice(9)) : null;
}

export class Cards {
  readonly #shell: Shell;
  readonly #room: () => RoomView | null;
  readonly #drew: (places: Iterable<HTMLElement>) => void;
  readonly #messages = new Map<HTMLElement, MessageView>();
  readonly #stops = new Map<number, () => void>();
  readonly #redraw = onceAFrame(() => this.#drawAll());

  constructor(
    shell: Shell,
    room: () => RoomView | null,
    /** Rows may be higher now, around these places. */
    drew: (places: Iterable<HTMLElement>) => void,
  ) {
    this.#shell = shell;
    this.#room = room;
    this.#drew = drew;
  }

  dispose(): void {
    for (const stop of this.#stops.values()) stop();
    this.#messages.clear();
  }

  /** Keeps the card of a message in this place of its row. */
  draw(place: HTMLElement, message: MessageView): void {
    const document = documentOf(message.beside?.topic ?? "");
    if (document === null) return;
    this.#messages.set(place, message);
    if (!this.#stops.has(document)) this.#stops.set(document, bookOf(this.#shell.session, message.room, document).subscribe(this.#redraw));
    this.#fill(place, message, document);
  }

  #drawAll(): void {
    for (const [place, message] of this.#messages) {
      const document = documentOf(message.beside?.topic ?? "");
      if (!place.isConnected || document === null) this.#messages.delete(place);
      else this.#fill(place, message, document);
    }
    this.#drew(this.#messages.keys());
  }

  #fill(place: HTMLElement, message: MessageView, document: number): void {
    const book = bookOf(this.#shell.session, message.room, document);
    const discussion = book.find(message.id);
    const room = this.#room();
    place.hidden = discussion === null || room === null;
    if (discussion === null || room === null || book.now === null) return place.replaceChildren();
    const card = place.firstElementChild === null ? this.#make(place, discussion, message) : (place.firstElementChild as HTMLElement);
    const where = book.place(discussion);
    const called = calledLines(discussion, where);
    part(card, "[data-part=name]").textContent = book.now.document.name;
    part(card, "[data-part=lines]").textContent = ` ${linesWords(called)}`;
    const jump = part(card, "[data-part=jump]");
    jump.setAttribute("aria-label", `Jump to ${linesSpoken(called)} of ${book.now.document.name}`);
    part(card, "[data-part=became]").textContent = discussion.resolved_at === null ? becameWords(where) : `Resolved by ${this.#shell.session.people.name(discussion.resolved_by)}`;
    card.classList.toggle("done", discussion.resolved_at !== null);
    const then = part<HTMLAnchorElement>(card, "[data-part=then]");
    then.href = thenUrl(room, message.beside) ?? "";
  }

  #make(place: HTMLElement, discussion: Discussion, message: MessageView): HTMLElement {
    const card = clone("t-about-card");
    setHTML(part(card, "[data-part=code]"), discussion.html);
    part(card, "[data-part=jump]").addEventListener("click", () => this.#shell.session.beside.shown.get(message.room)?.open(message.beside?.topic ?? "", message.id));
    place.replaceChildren(card);
    return card;
  }
}
