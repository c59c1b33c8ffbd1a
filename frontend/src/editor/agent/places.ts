// The suggestions of one open document in the text of now, and what one does with them.
// Made by the agent's control for each desk. The server maps along the stored edits; so does this, and then over one's own.

import { StateEffect } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { moveSpan, type Span } from "../../discussions/spans";
import { uuid4 } from "../../dom";
import { firstName } from "../../people";
import type { HunkView, SuggestionView } from "../../protocol";
import type { Session } from "../../session";
import type { Desk } from "../desk";
import type { Taken } from "../replica";
import { suggestionsOf, type SuggestionBook, type Told } from "./book";
import { fits, hunks, hunksField, setCurrent, setHunks, type Decision, type Shown } from "./hunks";

export interface PlacesHooks {
  changed(): void;
  decide(hunk: number, decision: Decision): void;
  announce(text: string): void;
  failed(error: unknown): void;
}

interface Known {
  /** What the server said: its version and place. */
  said: string;
  /** In the stored text of now. */
  span: Span;
  /** Who wrote in its lines last, since the server said so. */
  writer: number | null;
}

/** What became of a change is shown for so long after the last of its suggestion was decided. */
const DECIDED_MS = 60_000;

/** Whether an edit deletes something of a span, or writes within it. */
function touches({ transaction }: Taken, [start, end]: Span): boolean {
  let found = false;
  transaction.changes.iterChangedRanges((from, to) => {
    if (from === to ? start < from && from < end : from < end && to > start) found = true;
  });
  return found;
}

export class Places {
  readonly book: SuggestionBook;
  readonly #session: Session;
  readonly #hooks: PlacesHooks;
  readonly #known = new Map<number, Known>();
  readonly #busy = new Set<number>();
  #version = 0;
  #shownKey = "";
  readonly #stops: (() => void)[];

  constructor(
    readonly desk: Desk,
    room: number,
    session: Session,
    hooks: PlacesHooks,
  ) {
    this.#hooks = hooks;
    this.#session = session;
    this.book = suggestionsOf(session, room, desk.document.id);
    const watcher = { begun: () => this.#begun(), taken: (taken: readonly Taken[]) => this.#advance(taken) };
    desk.watchers.add(watcher);
    this.#stops = [this.book.subscribe((told) => this.#told(told)), () => desk.watchers.delete(watcher)];
    if (desk.view !== null) this.#begun();
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #begun(): void {
    this.#known.clear();
    this.desk.view?.dispatch({ effects: StateEffect.appendConfig.of(hunks(this.#hooks)) });
    this.#adopt();
  }

  // Where they are

  #told(told: Told | null): void {
    if (told !== null) this.#sayWhatIsNew(told);
    this.#adopt();
  }

  #adopt(): void {
    const { replica } = this.desk;
    if (replica === null || this.book.now === null) return this.#hooks.changed();
    if (this.#known.size > 0 && this.#version !== replica.version) this.#advance([]);
    this.#version = replica.version;
    for (const one of this.book.now.suggestions) this.#take(one);
    this.show();
  }

  #take(one: SuggestionView): void {
    const { replica } = this.desk;
    if (replica === null) return;
    for (const hunk of one.hunks) {
      const said = `${one.version} ${hunk.start} ${hunk.end} ${hunk.state}`;
      if (this.#known.get(hunk.id)?.said === said) continue;
      // A version of the future comes with the next edits; one long past is asked for anew.
      const since = replica.since(one.version);
      if (since !== null) this.#known.set(hunk.id, { said, span: moveSpan([hunk.start, hunk.end], since), writer: hunk.changed_by });
      else if (one.version < replica.version) return this.book.reload();
    }
  }

  /** Edits came. */
  #advance(taken: readonly Taken[]): void {
    const { replica } = this.desk;
    if (replica === null) return;
    const since = replica.since(this.#version);
    if (since === null) this.#known.clear();
    else {
      for (const known of this.#known.values()) {
        for (const edit of taken) if (touches(edit, known.span)) known.writer = edit.edit.author;
        known.span = moveSpan(known.span, since);
      }
    }
    this.#version = replica.version;
    for (const one of this.book.now?.suggestions ?? []) this.#take(one);
    this.show();
  }

  /** Draws anew what is shown for a time only, or by right; called each time the pane is drawn. */
  look(): void {
    if (this.#key !== this.#shownKey) this.show();
  }

  get #key(): string {
    return `${this.desk.canEdit} ${this.live.map((one) => one.id).join(" ")}`;
  }

  /** Brings the changes into the text. */
  show(): void {
    const { view, replica } = this.desk;
    if (view === null || replica === null) return;
    this.#shownKey = this.#key;
    const own = replica.edits.map(({ changes }) => changes);
    const all = this.live.flatMap((one) => one.hunks.flatMap((hunk): Shown[] => {
      const known = this.#known.get(hunk.id);
      return known === undefined ? [] : [this.#shown(one, hunk, moveSpan(known.span, own), known.writer)];
    }));
    const before = view.state.field(hunksField, false)?.all ?? [];
    if (JSON.stringify(all) !== JSON.stringify(before)) view.dispatch({ effects: setHunks.of(all) });
    this.#hooks.changed();
  }

  #shown(one: SuggestionView, hunk: HunkView, span: Span, writer: number | null): Shown {
    const state = hunk.state === "accepted" || hunk.state === "rejected" ? hunk.state : "open";
    const person = this.#session.people.get(state === "open" ? writer : hunk.decided_by);
    const { id, position, quote, text, note } = hunk;
    const mayDecide = this.desk.canEdit;
    return { id, suggestion: one.id, position, span, quote, text, note, state, who: person === null ? (state === "open" ? "" : "Somebody") : firstName(person), mayDecide, busy: this.#busy.has(id) };
  }

  // What is shown

  /** Suggestions with an open change, and those that were just decided. */
  get live(): SuggestionView[] {
    const since = Date.now() - DECIDED_MS;
    return (this.book.now?.suggestions ?? []).filter(({ hunks: all }) => all.some((hunk) => hunk.decided_at === null || Date.parse(hunk.decided_at) > since));
  }

  get all(): readonly Shown[] {
    return this.desk.view?.state.field(hunksField, false)?.all ?? [];
  }

  /** The open changes, in the order of the text. */
  get open(): Shown[] {
    return this.all.filter((one) => one.state === "open").sort((a, b) => a.span[0] - b.span[0]);
  }

  get current(): Shown | null {
    const current = this.desk.view?.state.field(hunksField, false)?.current ?? null;
    return this.open.find((one) => one.id === current) ?? null;
  }

  fits(one: Shown): boolean {
    return this.desk.view !== null && fits(this.desk.view.state, one);
  }

  // Going there

  /** Makes a change the one that the keys act on, and brings it into view. */
  go(one: Shown): void {
    const yMargin = Math.round((this.desk.view?.scrollDOM.clientHeight ?? 0) / 3);
    const { view } = this.desk;
    if (view === null) return;
    view.dispatch({ selection: { anchor: one.span[0] }, effects: [setCurrent.of(one.id), EditorView.scrollIntoView(one.span[0], { y: "start", yMargin })] });
    view.focus();
    this.#hooks.changed();
  }

  step(step: 1 | -1): Shown | null {
    const { open } = this;
    if (open.length === 0) return null;
    const at = open.findIndex((one) => one.id === this.current?.id);
    const caret = this.desk.view?.state.selection.main.head ?? 0;
    const after = open.findIndex((one) => one.span[0] >= caret);
    const from = at >= 0 ? at + step : step === 1 ? Math.max(after, 0) : (after < 0 ? open.length : after) - 1;
    return open[(from + open.length) % open.length] ?? null;
  }

  // Deciding

  /** Decides one change, or with null all of a suggestion that are open. */
  async decide(suggestion: number, hunk: number | null, decision: Decision): Promise<void> {
    const { connection } = this.desk;
    const ids = hunk === null ? this.open.filter((one) => one.suggestion === suggestion).map((one) => one.id) : [hunk];
    if (connection === null || ids.some((id) => this.#busy.has(id))) return;
    for (const id of ids) this.#busy.add(id);
    this.show();
    try {
      this.book.adopt(await connection.command("suggestion.decide", { cid: uuid4(), suggestion, hunk, decision }, `document:${this.desk.document.id}`));
    } catch (error) {
      this.#hooks.failed(error);
      this.book.reload();
    } finally {
      for (const id of ids) this.#busy.delete(id);
      this.show();
    }
  }

  /** What others did, for whoever does not see it. */
  #sayWhatIsNew({ suggestion, isNew }: Told): void {
    const { people, me } = this.#session;
    const count = suggestion.hunks.length;
    if (isNew) return this.#hooks.announce(`${people.name(suggestion.author)} suggests ${count} ${count === 1 ? "change" : "changes"} in ${this.desk.document.name}`);
    const decided = suggestion.hunks.filter((hunk) => hunk.decided_at !== null && this.#known.get(hunk.id)?.said.endsWith(hunk.state) !== true);
    const [first] = decided;
    if (first === undefined || first.decided_by === me) return;
    const numbers = decided.map((hunk) => hunk.position).join(", ");
    this.#hooks.announce(`${people.name(first.decided_by)} ${first.state} ${decided.length === 1 ? "change" : "changes"} ${numbers}`);
  }
}
