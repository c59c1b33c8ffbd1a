// Runs of the assistant that write into one open document: which write now, how much, and where.
// Made by the agent's control for each desk. A run writes as long as its caret is here; it ends when that goes.

import { StateEffect } from "@codemirror/state";
import type { Desk } from "../desk";
import type { Taken } from "../replica";
import { faded, streamed, wrote } from "./streamed";

export interface Run {
  id: string;
  author: number;
  edits: number;
  version: number;
  /** It writes now. */
  isWriting: boolean;
  /** Nobody wants to read of it any more. */
  closed: boolean;
}

export interface RunsHooks {
  changed(): void;
  announce(text: string): void;
  name(user: number): string;
}

/** The tint stays so long after a run's end. */
const FADE_MS = 5_000;
/** Edits come before their caret: so long nothing is concluded from its absence. */
const CARET_MS = 3_000;

export class Runs {
  /** The newest last. */
  readonly all: Run[] = [];
  readonly #hooks: RunsHooks;
  readonly #wroteAt = new Map<string, number>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #stop: () => void;

  constructor(
    readonly desk: Desk,
    hooks: RunsHooks,
  ) {
    this.#hooks = hooks;
    const watcher = { begun: () => this.#begun(), taken: (taken: readonly Taken[]) => this.#take(taken) };
    desk.watchers.add(watcher);
    this.#stop = () => desk.watchers.delete(watcher);
    // What came before this part of the page was here.
    for (const { run, author, version } of desk.company.told) if (run !== null) this.#heard(run, author ?? 0, version);
    if (desk.view !== null) this.#begun();
  }

  close(): void {
    this.#stop();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The one to show: the newest that writes, else the newest that was not put away. */
  get shown(): Run | null {
    const open = this.all.filter((run) => !run.closed);
    return open.filter((run) => run.isWriting).at(-1) ?? open.at(-1) ?? null;
  }

  #begun(): void {
    this.desk.view?.dispatch({ effects: StateEffect.appendConfig.of(streamed) });
  }

  #take(taken: readonly Taken[]): void {
    const { view } = this.desk;
    const effects: StateEffect<unknown>[] = [];
    let later: Taken[] = [...taken];
    for (const { edit, transaction } of taken) {
      later = later.slice(1);
      if (edit.run === null) continue;
      this.#heard(edit.run, edit.author ?? 0, edit.version);
      const places: [number, number][] = [];
      transaction.changes.iterChangedRanges((_fromA, _toA, from, to) => places.push([from, to]));
      // In the text after all that came together.
      const move = (at: number, side: number) => later.reduce((place, next) => next.transaction.changes.mapPos(place, side), at);
      effects.push(wrote.of({ run: edit.run, places: places.map(([from, to]) => [move(from, 1), move(to, -1)] as const) }));
    }
    if (effects.length > 0) view?.dispatch({ effects });
  }

  #heard(id: string, author: number, version: number): void {
    this.#wroteAt.set(id, Date.now());
    const known = this.all.find((run) => run.id === id);
    const isNew = known?.isWriting !== true;
    if (known !== undefined) Object.assign(known, { edits: known.edits + 1, version, isWriting: true, closed: false });
    else this.all.push({ id, author, edits: 1, version, isWriting: true, closed: false });
    if (isNew) this.#hooks.announce(`${this.#hooks.name(author)} started editing ${this.desk.document.name}`);
    this.#hooks.changed();
  }

  /** Looks whether those that wrote still do; called each time the pane is drawn. */
  look(): void {
    for (const run of this.all) {
      if (!run.isWriting || this.desk.company.has(`run-${run.id}`)) continue;
      if (Date.now() - (this.#wroteAt.get(run.id) ?? 0) < CARET_MS) continue;
      run.isWriting = false;
      this.#hooks.announce(`finished, ${run.edits} ${run.edits === 1 ? "edit" : "edits"}`);
      const timer = setTimeout(() => this.desk.view?.dispatch({ effects: faded.of(run.id) }), FADE_MS);
      this.#timers.add(timer);
      this.#hooks.changed();
    }
  }
}
