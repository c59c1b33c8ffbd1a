// One open discussion: its messages, an answer, and whether it is resolved. Stands beside its lines, between them, or as a
// sheet; talks.ts decides where. It reads the thread by itself and sends through the outbox, as any answer is sent.

import * as api from "../../api";
import { thenUrl } from "../../beside";
import { canPost } from "../../chat/rights";
import type { Book } from "../../discussions/book";
import { becameWords, calledLines, capital, linesSpoken, linesWords } from "../../discussions/words";
import { clone, icon, onceAFrame, part, setHTML } from "../../dom";
import type { AnyEvent } from "../../events";
import type { OutboxItem } from "../../outbox";
import { avatar, firstName } from "../../people";
import type { MessageView, ThreadSnapshot } from "../../protocol";
import { reduceThread } from "../../reducers/thread";
import type { Shell } from "../../shell/contract";
import { clock, fullTime } from "../../time";

export interface CardHooks {
  /** Leaves the card; the focus goes back to the text. */
  close(): void;
  /** Shows the message in the chat. */
  show(): void;
  /** It may be higher or lower now. */
  resized(): void;
}

export class TalkCard {
  readonly element = clone("t-talk");
  readonly #shell: Shell;
  readonly #room: number;
  readonly #book: Book;
  readonly #hooks: CardHooks;
  #thread: ThreadSnapshot | null = null;
  readonly #held: AnyEvent[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #sizes: ResizeObserver;
  /** What the list of messages was made of. */
  #drawn: readonly unknown[] = [];
  readonly #redraw = onceAFrame(() => this.draw());
  #closed = false;

  constructor(
    shell: Shell,
    room: number,
    book: Book,
    readonly message: string,
    hooks: CardHooks,
  ) {
    this.#shell = shell;
    this.#room = room;
    this.#book = book;
    this.#hooks = hooks;
    const { element } = this;
    const { session } = shell;
    element.addEventListener("click", (event) => this.#clicked(event));
    element.addEventListener("keydown", (event) => this.#pressed(event));
    part(element, "[data-part=form]").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#reply();
    });
    this.#sizes = new ResizeObserver(() => hooks.resized());
    this.#sizes.observe(element);
    this.#stops.push(
      session.connection.onEvent((event) => this.#take(event)),
      session.outbox.subscribe(this.#redraw),
      session.room.subscribe((state) => state?.permissions, this.#redraw),
    );
    this.draw();
    void this.#load();
  }

  close(): void {
    this.#closed = true;
    this.#sizes.disconnect();
    for (const stop of this.#stops) stop();
    this.element.remove();
  }

  async #load(): Promise<void> {
    try {
      const thread = await api.thread(this.#room, this.message);
      if (this.#closed) return;
      this.#shell.session.people.add(...thread.people);
      this.#thread = this.#held.reduce(reduceThread, thread);
      this.draw();
    } catch (error) {
      if (!this.#closed) this.#shell.fail("The discussion could not be loaded", error);
    }
  }

  #take(event: AnyEvent): void {
    if (this.#thread === null) return void this.#held.push(event);
    const next = reduceThread(this.#thread, event);
    if (next.root !== this.#thread.root || next.replies !== this.#thread.replies) this.#redraw();
    this.#thread = next;
  }

  // Drawing

  /** Brings what is known of the discussion into the card. */
  draw(): void {
    const { element } = this;
    const book = this.#book;
    const shell = this.#shell;
    const discussion = book.find(this.message);
    if (this.#closed || discussion === null) return;
    const place = book.place(discussion);
    const called = calledLines(discussion, place);
    element.setAttribute("aria-label", `Discussion on ${linesSpoken(called)}`);
    part(element, "[data-part=title]").textContent = capital(linesWords(called));
    const state = shell.session.room.get();
    const may = state !== null && canPost(state);
    const done = discussion.resolved_at !== null;
    const resolve = part(element, "[data-part=resolve]");
    resolve.hidden = !may;
    const word = done ? "Reopen" : "Resolve";
    if (resolve.textContent !== word) resolve.replaceChildren(icon(done ? "rotate-ccw" : "check"), word);
    part(element, "[data-part=form]").hidden = !may;
    const became = part(element, "[data-part=became]");
    became.hidden = !done && place.changed === null && !place.gone;
    part(became, "[data-part=became-text]").textContent = done ? `Resolved by ${shell.session.people.name(discussion.resolved_by)}` : becameWords(place);
    const then = part<HTMLAnchorElement>(became, "[data-part=then]");
    const { said_version: seq, said_start: start, said_end: end } = discussion;
    if (state !== null) then.href = thenUrl(state.room, { topic: `document:${discussion.document}`, seq, start, end }) ?? "";
    this.#drawMessages();
  }

  #drawMessages(): void {
    const thread = this.#thread;
    const shell = this.#shell;
    const said = thread === null ? [] : [thread.root, ...thread.replies].filter((message) => message.deleted_at === null);
    const known = new Set(said.map((message) => message.cid));
    const waiting = shell.session.outbox.of(this.#room, this.message).filter((item) => item.thread === this.message && !known.has(item.cid));
    // The pane draws with every key; what is read or selected here stays as it is.
    const now = [shell.session.people.changes, ...said, ...waiting];
    if (now.length === this.#drawn.length && now.every((one, index) => one === this.#drawn[index])) return;
    this.#drawn = now;
    part(this.element, "[data-part=list]").replaceChildren(...said.map((message) => this.#line(message)), ...waiting.map((item) => this.#waitingLine(item)));
  }

  #line(message: Pick<MessageView, "author" | "created_at" | "html" | "body">): HTMLElement {
    const row = clone("t-talk-line");
    const person = this.#shell.session.people.get(message.author);
    part(row, "[data-part=avatar]").replaceChildren(avatar(person, "xs"));
    part(row, "[data-part=name]").textContent = person === null ? "Somebody" : firstName(person);
    const time = part<HTMLTimeElement>(row, "[data-part=time]");
    time.dateTime = message.created_at;
    time.title = fullTime(message.created_at);
    time.textContent = clock(message.created_at);
    const body = part(row, "[data-part=body]");
    if (message.html === "") body.textContent = message.body;
    else setHTML(body, message.html);
    return row;
  }

  #waitingLine(item: OutboxItem): HTMLElement {
    const row = this.#line({ author: this.#shell.session.me, created_at: item.created_at, html: "", body: item.body });
    row.classList.add("sending");
    if (item.state === "failed") row.append(`Not sent: ${item.error?.message ?? ""}`);
    return row;
  }

  // Acts

  #clicked(event: MouseEvent): void {
    const name = event.target instanceof Element ? (event.target.closest<HTMLElement>("[data-talk]")?.dataset["talk"] ?? "") : "";
    if (name === "close") this.#hooks.close();
    else if (name === "show") this.#hooks.show();
    else if (name === "resolve") void this.#resolve();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.#hooks.close();
  }

  async #resolve(): Promise<void> {
    const discussion = this.#book.find(this.message);
    if (discussion === null) return;
    const resolved = discussion.resolved_at === null;
    try {
      await this.#book.resolve(this.message, resolved);
      this.#shell.announce(resolved ? "Resolved" : "Reopened");
    } catch (error) {
      this.#shell.fail(resolved ? "The discussion was not resolved" : "The discussion was not reopened", error);
    }
  }

  async #reply(): Promise<void> {
    const field = part<HTMLInputElement>(this.element, "[data-part=reply]");
    const body = field.value.trim();
    if (body === "") return field.focus();
    const { session } = this.#shell;
    field.value = "";
    await session.outbox.add({ room: this.#room, body, thread: this.message, reply_to: null, also_in_room: false, beside: session.beside.of(this.#room) });
  }
}
