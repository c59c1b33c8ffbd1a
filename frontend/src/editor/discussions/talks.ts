// The discussions of one open document: where their lines are in the text of now, which one is open, and how one gets there.
// Made by the panel for each desk. The server maps along the stored edits; so does this, and then over one's own unsent ones.

import { StateEffect } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { About } from "../../beside";
import { bookOf, type Book } from "../../discussions/book";
import { linesChanged, linesOf, moveSpan, type Span } from "../../discussions/spans";
import { linesWords, type Place } from "../../discussions/words";
import type { Discussion } from "../../protocol";
import type { Desk } from "../desk";
import { documentTopic } from "../addresses";
import { marks, marksField, setLit, setMarks, setOpen, type Mark } from "./marks";

export interface TalksHooks {
  /** Something is different: a discussion came, went or moved, or another is open. */
  changed(): void;
  mayDiscuss(): boolean;
  discuss(): void;
  mayAsk(): boolean;
  ask(): void;
  chosen(message: string): void;
}

const LIT_MS = 2_000;
const QUOTE_UNITS = 8_000;

interface Known {
  /** What the server said: its version and place. */
  said: string;
  /** In the stored text of now. */
  span: Span;
}

function sameMarks(a: readonly Mark[], b: readonly Mark[]): boolean {
  return a.length === b.length && a.every((mark, index) => JSON.stringify(mark) === JSON.stringify(b[index]));
}

export class Talks {
  readonly book: Book;
  /** The open discussion. */
  open: string | null = null;
  readonly #hooks: TalksHooks;
  readonly #known = new Map<string, Known>();
  /** The version that the known spans are of. */
  #version = 0;
  #unlight: ReturnType<typeof setTimeout> | undefined;
  readonly #stops: (() => void)[];

  constructor(
    readonly desk: Desk,
    room: number,
    session: Parameters<typeof bookOf>[0],
    hooks: TalksHooks,
  ) {
    this.#hooks = hooks;
    this.book = bookOf(session, room, desk.document.id);
    const watcher = { begun: () => this.#begun(), taken: () => this.#advance() };
    desk.watchers.add(watcher);
    this.#stops = [this.book.subscribe(() => this.#adopt()), () => desk.watchers.delete(watcher)];
    if (desk.view !== null) this.#begun();
  }

  close(): void {
    clearTimeout(this.#unlight);
    for (const stop of this.#stops) stop();
    this.book.setPlaces(null);
  }

  #begun(): void {
    this.#known.clear();
    this.desk.view?.dispatch({ effects: StateEffect.appendConfig.of(marks(this.#hooks)) });
    this.#adopt();
  }

  // Where they are

  /** Takes over what the server says, as far as this text has come. */
  #adopt(): void {
    const { replica } = this.desk;
    const now = this.book.now;
    if (replica === null || now === null) return this.#hooks.changed();
    if (this.#known.size > 0 && this.#version !== replica.version) this.#advance();
    this.#version = replica.version;
    for (const one of now.discussions) this.#take(one);
    this.#show();
  }

  #take(one: Discussion): void {
    const { replica } = this.desk;
    const said = `${one.version} ${one.start} ${one.end}`;
    if (replica === null || this.#known.get(one.message)?.said === said) return;
    // A version of the future comes with the next edits; one long past is asked for anew.
    const since = replica.since(one.version);
    if (since !== null) this.#known.set(one.message, { said, span: moveSpan([one.start, one.end], since) });
    else if (one.version < replica.version) this.book.reload();
  }

  /** Edits came. */
  #advance(): void {
    const { replica } = this.desk;
    if (replica === null) return;
    const since = replica.since(this.#version);
    if (since === null) this.#known.clear();
    else for (const known of this.#known.values()) known.span = moveSpan(known.span, since);
    this.#version = replica.version;
    for (const one of this.book.now?.discussions ?? []) this.#take(one);
    this.#show();
  }

  /** Brings the marks into the text. */
  #show(): void {
    const { view, replica } = this.desk;
    if (view === null || replica === null) return;
    const own = replica.edits.map(({ changes }) => changes);
    const all = (this.book.now?.discussions ?? []).flatMap((one): Mark[] => {
      const known = this.#known.get(one.message);
      if (known === undefined) return [];
      return [{ id: one.message, span: moveSpan(known.span, own), count: 1 + one.replies, resolved: one.resolved_at !== null }];
    });
    if (!sameMarks(all, view.state.field(marksField, false)?.all ?? [])) view.dispatch({ effects: setMarks.of(all) });
    if (this.open !== null && this.book.now !== null && this.book.find(this.open) === null) this.open = null;
    this.#hooks.changed();
  }

  get marks(): readonly Mark[] {
    return this.desk.view?.state.field(marksField, false)?.all ?? [];
  }

  /** The discussions that this text knows, in the order of their lines. */
  get inOrder(): { discussion: Discussion; mark: Mark }[] {
    const found = this.marks.flatMap((mark) => {
      const discussion = this.book.find(mark.id);
      return discussion === null ? [] : [{ discussion, mark }];
    });
    return found.sort((a, b) => a.mark.span[0] - b.mark.span[0]);
  }

  /** Tells the book where the lines are in the text of now. */
  tellPlaces(): void {
    const { view } = this.desk;
    if (view === null) return;
    const places = new Map<string, Place>();
    for (const { discussion, mark } of this.inOrder) {
      const gone = mark.span[0] === mark.span[1];
      const lines = linesOf(view.state.doc, mark.span);
      places.set(mark.id, { line: lines.first, last: lines.last, gone, changed: gone ? null : linesChanged(discussion.quote, lines) });
    }
    this.book.setPlaces(places);
  }

  // Going there

  /** Opens a discussion with its card between the lines, or without one there. */
  mark(message: string | null, card: HTMLElement | null): void {
    this.open = message;
    this.desk.view?.dispatch({ effects: setOpen.of({ id: message, card }) });
  }

  /** Brings the lines a third from the top and tints them for a moment. */
  jump(message: string): void {
    const { view } = this.desk;
    const mark = this.marks.find((one) => one.id === message);
    if (view === null || mark === undefined) return;
    const yMargin = Math.round(view.scrollDOM.clientHeight / 3);
    view.dispatch({ effects: [EditorView.scrollIntoView(mark.span[0], { y: "start", yMargin }), setLit.of(mark.span)] });
    clearTimeout(this.#unlight);
    this.#unlight = setTimeout(() => this.desk.view?.dispatch({ effects: setLit.of(null) }), LIT_MS);
  }

  /** The one after the open one, or after the caret; open ones first. */
  next(step: 1 | -1): string | null {
    const all = this.inOrder.filter(({ mark }) => mark.span[0] < mark.span[1]);
    const waiting = all.filter(({ mark }) => !mark.resolved);
    const list = waiting.length > 0 ? waiting : all;
    if (list.length === 0) return null;
    const at = list.findIndex(({ mark }) => mark.id === this.open);
    if (at >= 0) return list[(at + step + list.length) % list.length]?.mark.id ?? null;
    const caret = this.desk.view?.state.selection.main.head ?? 0;
    const after = list.findIndex(({ mark }) => mark.span[0] > caret);
    const index = step === 1 ? (after < 0 ? 0 : after) : ((after < 0 ? list.length : after) - 1 + list.length) % list.length;
    return list[index]?.mark.id ?? null;
  }

  /** The selected lines, as the server knows them; a sentence when they cannot be discussed. */
  selected(): About | string {
    const { view, replica } = this.desk;
    if (view === null || replica === null) return "The document is not loaded yet.";
    const { main } = view.state.selection;
    const lines = linesOf(view.state.doc, [main.from, main.to]);
    if (lines.text.trim() === "") return "Select the lines first.";
    if (lines.text.length > QUOTE_UNITS) return `Select less: ${lines.last - lines.first + 1} lines are too much to discuss at once.`;
    const [from, to] = [view.state.doc.line(lines.first).from, view.state.doc.line(lines.last).to];
    const own = replica.ownChanges.invertedDesc;
    const [start, end] = [own.mapPos(from, 1), own.mapPos(to, -1)];
    if (start >= end) return "These lines are not stored yet. Try again when the document is saved.";
    const label = `${this.desk.document.name} ${linesWords([lines.first, lines.last])}`;
    return { topic: documentTopic(this.desk.document.id), seq: replica.version, start, end, label };
  }
}
