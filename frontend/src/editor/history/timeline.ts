// The text of a document at any version: a text of the server's now and then, and the edits after it applied here.
// Made for each open document. It asks for what it lacks and keeps the last few pieces; what fails is asked again.

import { ChangeSet, type Text } from "@codemirror/state";
import type { EditAt, EditPage, TextView } from "../../protocol";
import { textOf } from "../replica";

export interface Source {
  text(version: number): Promise<TextView>;
  edits(after: number, limit: number): Promise<EditPage>;
}

/** The document at a version, with who made it. */
export interface Moment {
  version: number;
  text: Text;
  author: number | null;
  at: string | null;
  /** What this version changed of the one before; null at the beginning of a piece. */
  changes: ChangeSet | null;
}

interface Step {
  author: number | null;
  at: string;
  changes: ChangeSet;
}

/** Versions of one piece. */
const PIECE = 200;
/** Pieces that are kept; each holds one text of up to a megabyte. */
const PIECES_MOST = 8;

/** A text and the edits that follow it. */
class Piece {
  readonly #base: TextView;
  readonly #steps: Step[] = [];
  #reached: { version: number; text: Text };

  constructor(
    readonly start: number,
    base: TextView,
  ) {
    this.#base = base;
    this.#reached = { version: start, text: textOf(base.text) };
  }

  get end(): number {
    return this.start + this.#steps.length;
  }

  add(edits: readonly EditAt[]): void {
    for (const { version, author, at, changes } of edits) {
      if (version === this.end + 1) this.#steps.push({ author, at, changes: ChangeSet.fromJSON(changes) });
    }
  }

  #textAt(version: number): Text {
    let { text, version: at } = this.#reached.version <= version ? this.#reached : { text: textOf(this.#base.text), version: this.start };
    for (; at < version; at += 1) text = (this.#steps[at - this.start] as Step).changes.apply(text);
    this.#reached = { version, text };
    return text;
  }

  /** A version of this piece; null when it is not here (yet). */
  moment(version: number): Moment | null {
    if (version < this.start || version > this.end) return null;
    const step = this.#steps[version - this.start - 1];
    const made = step ?? { author: this.#base.author, at: this.#base.at, changes: null };
    return { version, text: this.#textAt(version), author: made.author, at: made.at, changes: made.changes };
  }
}

export class Timeline {
  readonly #source: Source;
  readonly #oldest: number;
  /** By start; the last used is the last. */
  readonly #pieces = new Map<number, Piece>();

  constructor(source: Source, oldest: number) {
    this.#source = source;
    this.#oldest = oldest;
  }

  #startOf(version: number): number {
    // A named version outlives the edits around it.
    if (version < this.#oldest) return version;
    return Math.max(this.#oldest, Math.floor(version / PIECE) * PIECE);
  }

  /** The version if it can be shown without asking. */
  known(version: number): Moment | null {
    return this.#pieces.get(this.#startOf(version))?.moment(version) ?? null;
  }

  /**
   * The document at a version.
   *
   * Rejects with the server's error when it cannot be had.
   */
  async at(version: number): Promise<Moment> {
    const start = this.#startOf(version);
    const piece = await this.#piece(start);
    if (version > piece.end) piece.add((await this.#source.edits(piece.end, PIECE)).updates);
    const found = piece.moment(version);
    if (found === null) throw new Error(`Version ${version} did not come.`);
    return found;
  }

  async #piece(start: number): Promise<Piece> {
    const known = this.#pieces.get(start);
    const piece = known ?? (await this.#load(start));
    this.#pieces.delete(start);
    this.#pieces.set(start, piece);
    for (const old of [...this.#pieces.keys()].slice(0, -PIECES_MOST)) this.#pieces.delete(old);
    return piece;
  }

  async #load(start: number): Promise<Piece> {
    const alone = start < this.#oldest;
    const [base, page] = await Promise.all([this.#source.text(start), alone ? null : this.#source.edits(start, PIECE)]);
    const piece = new Piece(start, base);
    if (page !== null) piece.add(page.updates);
    return piece;
  }
}
