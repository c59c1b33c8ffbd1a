// Discussions in the code pane: the button with their list, the keys, and where the open one stands: in the margin, between
// the lines, or as a sheet. Made by the pane. What is said in a discussion is the card's business.

import "../../kernel";

import type { EditorView } from "@codemirror/view";
import { canPost } from "../../chat/rights";
import { calledLines, capital, linesWords } from "../../discussions/words";
import { clone, el, icon, part } from "../../dom";
import { firstName } from "../../people";
import type { BesideView, Discussion } from "../../protocol";
import { WIDE } from "../../shell/code";
import type { MenuItem, Shell } from "../../shell/contract";
import { PHONE } from "../../shell/rail";
import { withoutMarks } from "../../words";
import type { AgentControl } from "../agent/control";
import type { Desk } from "../desk";
import { TalkCard } from "./card";
import { Margin, type MarginItem } from "./margin";
import { Talks } from "./talks";

export interface PanelHost {
  readonly element: HTMLElement;
  readonly shell: Shell;
  readonly room: number;
  readonly desk: Desk | null;
  /** What a message written now is beside: an old version while one looks back. */
  readonly beside: BesideView | null;
  redraw(): void;
  /** Lets the chat be seen where both do not fit. */
  toChat(): void;
}

/** The chat at its narrowest, the cards, and beside them a text that one can still read. */
const MARGIN_FROM_PX = 320 + 258 + 420;
const WANTED_MS = 15_000;

export class Panel {
  readonly #host: PanelHost;
  readonly #talks = new Map<Desk, Talks>();
  readonly #margin = new Margin();
  readonly #sheet = el("div", "talk-sheet");
  readonly #button = clone("t-talks-button");
  readonly #small = new Map<string, HTMLElement>();
  readonly #ending = new AbortController();
  readonly #sizes: ResizeObserver;
  #agent: AgentControl | null = null;
  #card: TalkCard | null = null;
  #cardMode = "";
  /** A discussion to show as soon as its document is there. */
  #wanted: { message: string; until: number } | null = null;

  constructor(host: PanelHost) {
    this.#host = host;
    const { element } = host;
    part(element, "[data-part=tools]").append(this.#button);
    part(element, "[data-part=hosts]").append(this.#margin.element);
    this.#sheet.hidden = true;
    element.append(this.#sheet);
    const { signal } = this.#ending;
    this.#button.addEventListener("click", () => this.#list(), { signal });
    element.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.#sizes = new ResizeObserver(() => host.redraw());
    this.#sizes.observe(part(element, "[data-part=hosts]"));
    this.#fetchAgent().catch((error: unknown) => host.shell.fail("Suggestions could not be loaded", error));
  }

  close(): void {
    this.#ending.abort();
    this.#sizes.disconnect();
    this.#shut();
    this.#agent?.close();
    for (const talks of this.#talks.values()) talks.close();
    this.#margin.beside(null);
  }

  /** Suggestions and runs of the assistant are fetched by themselves; without them one talks all the same. */
  async #fetchAgent(): Promise<void> {
    const { AgentControl } = await import("../agent/control");
    if (this.#ending.signal.aborted) return;
    this.#agent = new AgentControl(this.#host);
    for (const desk of this.#talks.keys()) this.#agent.meet(desk);
    this.#host.redraw();
  }

  /** A document is opened. */
  meet(desk: Desk): void {
    const host = this.#host;
    this.#agent?.meet(desk);
    const talks = new Talks(desk, host.room, host.shell.session, {
      changed: () => host.redraw(),
      mayDiscuss: () => this.#mayDiscuss,
      discuss: () => this.#discuss(),
      mayAsk: () => this.#assistant !== null,
      ask: () => this.#discuss(this.#assistant),
      chosen: (message) => this.#toggle(message),
    });
    this.#talks.set(desk, talks);
  }

  /** A document is closed. */
  part(desk: Desk): void {
    this.#agent?.part(desk);
    this.#talks.get(desk)?.close();
    this.#talks.delete(desk);
  }

  get #now(): Talks | null {
    const { desk } = this.#host;
    return desk === null ? null : (this.#talks.get(desk) ?? null);
  }

  get #mayDiscuss(): boolean {
    const state = this.#host.shell.session.room.get();
    return state !== null && canPost(state) && this.#host.desk?.document.deleted_at === null;
  }

  // Discussing

  /** The assistant's name in mentions; null where it is not offered. */
  get #assistant(): string | null {
    const { shell, room } = this.#host;
    return shell.session.beside.runs?.called(room) ?? null;
  }

  /** Takes the selected lines along into the composer; with a name, as a question to them. */
  #discuss(name: string | null = null): void {
    const { shell, room } = this.#host;
    const about = this.#now?.selected();
    if (about === undefined || !this.#mayDiscuss) return;
    if (typeof about === "string") return shell.toast({ kind: "info", title: "These lines cannot be discussed", text: about });
    this.#host.toChat();
    shell.session.beside.talks.get(room)?.ask(about, name === null ? "" : `@${name} `);
  }

  #pressed(event: KeyboardEvent): void {
    const { ctrlKey, metaKey, altKey, shiftKey } = event;
    if (event.key === "F8" && !ctrlKey && !metaKey && !altKey) {
      event.preventDefault();
      const next = this.#now?.next(shiftKey ? -1 : 1) ?? null;
      if (next === null) this.#host.shell.announce("There are no discussions here");
      else this.#open(next, { jump: true, focus: true });
    } else if (event.code === "KeyA" && (ctrlKey || metaKey) && altKey && !shiftKey && this.#assistant !== null) {
      event.preventDefault();
      this.#discuss(this.#assistant);
    } else if (event.code === "KeyM" && (ctrlKey || metaKey) && altKey && !shiftKey) {
      event.preventDefault();
      this.#discuss();
    }
  }

  // Opening and closing

  /** Shows a discussion, also one of a document that is still on its way. */
  reveal(message: string): void {
    this.#wanted = { message, until: Date.now() + WANTED_MS };
    this.#host.redraw();
  }

  #toggle(message: string): void {
    if (this.#now?.open === message) return this.#leave();
    this.#open(message, { jump: this.#mode === "sheet", focus: false });
  }

  #open(message: string, { jump, focus, fromChat = false }: { jump: boolean; focus: boolean; fromChat?: boolean }): void {
    const talks = this.#now;
    if (talks === null) return;
    if (this.#card?.message !== message) this.#shut();
    this.#card ??= new TalkCard(this.#host.shell, this.#host.room, talks.book, message, {
      close: () => this.#leave(),
      show: () => this.#showMessage(message),
      resized: () => this.#host.redraw(),
    });
    talks.open = message;
    this.draw();
    if (jump) talks.jump(message);
    // Where the chat stands beside the code, the message shows itself there.
    if (WIDE.matches && !fromChat) this.#host.shell.session.beside.talks.get(this.#host.room)?.reveal(message, false);
    // Between lines the card is drawn with the next frame, when they are in view.
    if (focus) requestAnimationFrame(() => requestAnimationFrame(() => this.#card?.element.focus({ preventScroll: true })));
  }

  #showMessage(message: string): void {
    this.#host.toChat();
    this.#host.shell.session.beside.talks.get(this.#host.room)?.reveal(message, true);
  }

  /** Closes the card as a person does. */
  #leave(): void {
    const had = this.#card?.element.contains(document.activeElement) === true;
    this.#shut();
    if (had) this.#host.desk?.view?.focus();
    this.#host.redraw();
  }

  #shut(): void {
    for (const talks of this.#talks.values()) talks.mark(null, null);
    this.#card?.close();
    this.#card = null;
    this.#cardMode = "";
  }

  // Drawing

  draw(): void {
    this.#agent?.draw();
    const talks = this.#now;
    this.#button.hidden = talks === null;
    if (talks === null) return this.#hideAll();
    if (talks.desk.view !== null) talks.tellPlaces();
    this.#showWanted(talks);
    const waiting = (talks.book.now?.discussions ?? []).filter((one) => one.resolved_at === null).length;
    const badge = part(this.#button, "[data-part=count]");
    badge.hidden = waiting === 0;
    badge.textContent = String(waiting);
    this.#button.setAttribute("aria-label", waiting === 0 ? "Discussions" : `Discussions, ${waiting} open`);
    if (this.#card !== null && talks.open !== this.#card.message) this.#shut();
    const looksBack = this.#host.beside?.seq !== talks.desk.replica?.version;
    if (this.#card === null || talks.desk.view === null || looksBack) return this.#hideAll();
    this.#card.draw();
    this.#place(talks, this.#card);
  }

  #showWanted(talks: Talks): void {
    const wanted = this.#wanted;
    if (wanted === null) return;
    if (Date.now() > wanted.until) this.#wanted = null;
    else if (talks.marks.some((mark) => mark.id === wanted.message)) {
      this.#wanted = null;
      this.#open(wanted.message, { jump: true, focus: PHONE.matches, fromChat: true });
    }
  }

  #hideAll(): void {
    this.#margin.element.hidden = this.#sheet.hidden = true;
  }

  get #mode(): "margin" | "inline" | "sheet" {
    if (PHONE.matches) return "sheet";
    return WIDE.matches && (this.#host.element.closest(".panes")?.clientWidth ?? 0) >= MARGIN_FROM_PX ? "margin" : "inline";
  }

  #place(talks: Talks, card: TalkCard): void {
    const mode = this.#mode;
    this.#margin.element.hidden = mode !== "margin";
    this.#sheet.hidden = mode !== "sheet";
    if (mode === "inline") this.#narrow(talks.desk.view);
    const key = `${mode} ${card.message}`;
    if (key !== this.#cardMode) {
      this.#cardMode = key;
      talks.mark(card.message, mode === "inline" ? card.element : null);
      if (mode === "sheet") this.#sheet.replaceChildren(card.element);
    }
    if (mode !== "margin") return;
    this.#margin.element.setAttribute("aria-label", `Discussions in ${talks.desk.document.name}`);
    this.#margin.beside(talks.desk.view);
    this.#margin.place(talks.inOrder.map(({ discussion, mark }): MarginItem => ({ at: mark.span[0], element: mark.id === card.message ? card.element : this.#smallCard(talks, discussion) })));
  }

  /** Between lines that run on to the right the card keeps to what is in view. */
  #narrow(view: EditorView | null): void {
    const gutters = view?.dom.querySelector<HTMLElement>(".cm-gutters")?.offsetWidth ?? 0;
    if (view !== null) view.dom.style.setProperty("--talk", `${view.scrollDOM.clientWidth - gutters}px`);
  }

  /** A discussion that is not open: one line that opens it. */
  #smallCard(talks: Talks, discussion: Discussion): HTMLElement {
    const known = this.#small.get(discussion.message);
    const small = known ?? clone("t-talk-small");
    if (known === undefined) {
      this.#small.set(discussion.message, small);
      small.addEventListener("click", () => this.#toggle(discussion.message));
    }
    const done = discussion.resolved_at !== null;
    small.classList.toggle("done", done);
    const text = part(small, "[data-part=text]");
    const words = this.#words(talks, discussion);
    if (text.textContent !== words) {
      text.textContent = words;
      part(small, "[data-part=icon]").replaceChildren(icon(done ? "check" : "message-square-code"));
    }
    return small;
  }

  #words(talks: Talks, discussion: Discussion): string {
    const { people } = this.#host.shell.session;
    const place = talks.book.place(discussion);
    const where = capital(linesWords(calledLines(discussion, place)));
    const person = people.get(discussion.resolved_at === null ? discussion.author : discussion.resolved_by);
    const name = person === null ? "somebody" : firstName(person);
    if (discussion.resolved_at !== null) return `${where}, resolved by ${name}`;
    return `${where}${place.gone ? " (gone)" : ""}, ${name}: ${withoutMarks(discussion.excerpt)}`;
  }

  /** The list, for keyboard and screen reader, and for whoever looks for one. */
  #list(): void {
    const talks = this.#now;
    if (talks === null) return;
    const all = talks.inOrder;
    const items = all.map(({ discussion }): MenuItem => ({
      icon: discussion.resolved_at === null ? "message-square-code" : "check",
      text: this.#words(talks, discussion),
      run: () => this.#open(discussion.message, { jump: true, focus: true }),
    }));
    const cap = all.length > 0 ? "F8 goes to the next" : "No discussions yet";
    const about: MenuItem[] = this.#mayDiscuss ? [{ icon: "plus", text: "Discuss the selected lines", key: "Ctrl Alt M", line: items.length > 0, run: () => this.#discuss() }] : [];
    if (this.#mayDiscuss && this.#assistant !== null) about.push({ icon: "sparkles", text: "Ask about the selected lines", key: "Ctrl Alt A", run: () => this.#discuss(this.#assistant) });
    this.#host.shell.openMenu({ label: "Discussions", anchor: this.#button, cap, items: [...items, ...about] });
  }
}
