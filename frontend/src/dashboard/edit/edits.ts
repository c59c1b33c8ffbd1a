// What one does to the draft of a board, and the way back. Commands carry only what changed, so that two people never
// lose each other's; what another has changed since is not taken back. Used by mode.ts, grid and the panel's form.

import type { BoardSnapshot, PanelView } from "../../protocol";
import type { EditHost, PanelSet } from "./host";

interface Act {
  /** What it was: "moved Delivery latency". */
  words: string;
  /** Several of these in a row are one step back. */
  matter: string;
  at: number;
  back(): Promise<void>;
}

export interface PanelChange {
  id: string;
  set: PanelSet;
}

const UNDO_MOST = 50;
const SAME_MS = 3_000;

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The fields of `set` as the panel has them. */
export function asItIs(panel: PanelView, set: PanelSet): PanelSet {
  return Object.fromEntries(Object.keys(set).map((field) => [field, panel[field as keyof PanelSet]])) as PanelSet;
}

/** What of `before` may be put back: fields that still are what was set. */
export function revertible(panel: PanelView, set: PanelSet, before: PanelSet): PanelSet {
  const kept = Object.entries(before).filter(([field]) => same(panel[field as keyof PanelSet], set[field as keyof PanelSet]));
  return Object.fromEntries(kept) as PanelSet;
}

/** The fields in which a panel differs from what is wished. */
export function differing(panel: PanelView, wished: PanelSet): PanelSet {
  return Object.fromEntries(Object.entries(wished).filter(([field, value]) => !same(panel[field as keyof PanelSet], value))) as PanelSet;
}

export class Edits {
  readonly #host: EditHost;
  readonly #changed: () => void;
  #acts: Act[] = [];
  /** What was sent and has not come back yet is shown as it will be. */
  readonly #wished = new Map<string, { set: PanelSet; until: number }>();

  constructor(host: EditHost, changed: () => void) {
    this.#host = host;
    this.#changed = changed;
  }

  /** The panels of the draft as they are, with what is on its way. */
  panels(): PanelView[] {
    return (this.#state.draft ?? []).map((panel) => {
      const wish = this.#wished.get(panel.id);
      if (wish !== undefined && panel.version >= wish.until) this.#wished.delete(panel.id);
      return wish === undefined || panel.version >= wish.until ? panel : { ...panel, ...wish.set };
    });
  }

  get #state(): BoardSnapshot {
    return this.#host.board.get();
  }

  get undoes(): string | null {
    return this.#acts[this.#acts.length - 1]?.words ?? null;
  }

  #find(id: string): PanelView | undefined {
    return this.panels().find((panel) => panel.id === id);
  }

  /** Changes fields of panels; `matter` joins changes of a kind that follow each other. */
  async change(words: string, changes: readonly PanelChange[], matter = ""): Promise<void> {
    const real = changes.filter(({ id, set }) => this.#find(id) !== undefined && Object.keys(set).length > 0);
    if (real.length === 0) return;
    const before = real.map(({ id, set }) => ({ id, set, was: asItIs(this.#find(id) as PanelView, set) }));
    this.#remember(words, matter, async () => {
      for (const { id, set, was } of before) {
        const now = this.#find(id);
        if (now !== undefined) await this.#send(id, revertible(now, set, was));
      }
    });
    await Promise.all(real.map(({ id, set }) => this.#send(id, set)));
  }

  async #send(id: string, set: PanelSet): Promise<void> {
    if (Object.keys(set).length === 0) return;
    this.#wished.set(id, { set: { ...this.#wished.get(id)?.set, ...set }, until: Infinity });
    this.#changed();
    try {
      const { panel } = await this.#host.command("panel.change", { panel: id, ...set });
      const wish = this.#wished.get(id);
      if (wish !== undefined) wish.until = panel.version;
    } catch (error) {
      this.#wished.delete(id);
      throw error;
    } finally {
      this.#changed();
    }
  }

  async add(words: string, panel: PanelView): Promise<void> {
    await this.#host.command("panel.add", { panel });
    this.#remember(words, "", () => this.#take(panel.id));
  }

  async remove(words: string, id: string): Promise<void> {
    const panel = this.#find(id);
    if (panel === undefined) return;
    await this.#take(id);
    this.#remember(words, "", async () => void (await this.#host.command("panel.add", { panel })));
  }

  async #take(id: string): Promise<void> {
    if (this.#find(id) !== undefined) await this.#host.command("panel.remove", { panel: id });
  }

  async rename(name: string): Promise<void> {
    const was = this.#state.board.name;
    if (name === was) return;
    await this.#host.command("board.change", { name });
    this.#remember("the name", "name", async () => {
      if (this.#state.board.name === name) await this.#host.command("board.change", { name: was });
    });
  }

  #remember(words: string, matter: string, back: () => Promise<void>): void {
    const last = this.#acts[this.#acts.length - 1];
    const now = Date.now();
    // The first of them knows how it was before.
    if (matter !== "" && last?.matter === matter && now - last.at < SAME_MS) {
      const first = last.back;
      this.#acts[this.#acts.length - 1] = { words, matter, at: now, back: async () => (await back(), await first()) };
    } else this.#acts = [...this.#acts, { words, matter, at: now, back }].slice(-UNDO_MOST);
    this.#changed();
  }

  /** Takes the newest of one's own acts back; answers which that was. */
  async undo(): Promise<string | null> {
    const act = this.#acts.pop();
    if (act === undefined) return null;
    this.#changed();
    try {
      await act.back();
    } catch (error) {
      // It can be taken back later, when there is a connection again.
      this.#acts.push(act);
      this.#changed();
      throw error;
    }
    return act.words;
  }

  /** What was done is done: it was published or thrown away. */
  forget(): void {
    this.#acts = [];
    this.#changed();
  }
}
