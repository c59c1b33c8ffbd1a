// This tab's copy of a document: the text as it is stored, one's own edits on top of it, and how others' edits join in.
// Used by the desk, which shows it, and by the merger, which only sends it. It knows no socket and no page.

import { collab, getSyncedVersion, receiveUpdates, sendableUpdates } from "@codemirror/collab";
import { ChangeSet, EditorState, Text, Transaction, type Extension } from "@codemirror/state";
import type { EditView } from "../protocol";
import type { LocalEdit } from "./edits";

/** Who holds the state: an editor's view, or a variable. */
export interface Host {
  readonly state: EditorState;
  dispatch(transactions: readonly Transaction[]): void;
}

/** Edits that were not stored when they were kept, and what they were made on. */
export interface Unsent {
  clientId: string;
  version: number;
  base: string;
  /** ChangeSet JSON, one after the other. */
  changes: unknown[];
  /** When each was made. */
  times: number[];
}

/** An edit that came, as the state took it. */
export interface Taken {
  edit: EditView;
  transaction: Transaction;
}

/** Carets are mapped over this many edits; whoever is further behind is shown at their next word. */
const RECENT_EDITS = 500;

/** A document is split at LF alone, as the server counts; a CR within it stays a character. */
export function textOf(text: string): Text {
  return Text.of(text.split("\n"));
}

/** The state of a fresh copy; the unsent edits are on it, and count as one's own. */
export function startState(start: { clientId: string; version: number; text: string }, extensions: Extension, unsent: Unsent | null = null): EditorState {
  const shared = collab({ clientID: start.clientId, startVersion: start.version });
  let state = EditorState.create({ doc: textOf(start.text), extensions: [shared, extensions] });
  unsent?.changes.forEach((json, index) => {
    const time = Transaction.time.of(unsent.times[index] ?? Date.now());
    state = state.update({ changes: ChangeSet.fromJSON(json), annotations: time, filter: false }).state;
  });
  return state;
}

/** A host without a view. */
export class PlainHost implements Host {
  constructor(public state: EditorState) {}

  dispatch(transactions: readonly Transaction[]): void {
    const last = transactions[transactions.length - 1];
    if (last !== undefined) this.state = last.state;
  }
}

export class Replica {
  #confirmed: Text;
  readonly #recent: { version: number; changes: ChangeSet }[] = [];
  #torn = false;

  /** `confirmed` is the text at the version that the state began with, without one's own edits. */
  constructor(
    readonly host: Host,
    readonly clientId: string,
    confirmed: Text,
  ) {
    this.#confirmed = confirmed;
  }

  /** The newest version that is part of the state. */
  get version(): number {
    return getSyncedVersion(this.host.state);
  }

  get text(): Text {
    return this.host.state.doc;
  }

  /** The text as it is stored at `version`. */
  get storedText(): Text {
    return this.#confirmed;
  }

  /** One's own edits that are not stored yet, as far as this tab knows. */
  get edits(): LocalEdit[] {
    return sendableUpdates(this.host.state).map(({ changes, origin }) => ({ changes, at: origin.annotation(Transaction.time) ?? 0 }));
  }

  get isSettled(): boolean {
    return sendableUpdates(this.host.state).length === 0;
  }

  /** Edits that this copy knows nothing of were stored under its id: its own do not follow them. */
  get isTorn(): boolean {
    return this.#torn;
  }

  /** All of one's own edits as one. */
  get ownChanges(): ChangeSet {
    return this.edits.reduce((all, { changes }) => all.compose(changes), ChangeSet.empty(this.#confirmed.length));
  }

  unsent(): Unsent {
    const edits = this.edits;
    return {
      clientId: this.clientId,
      version: this.version,
      base: this.#confirmed.toString(),
      changes: edits.map(({ changes }) => changes.toJSON() as unknown),
      times: edits.map(({ at }) => at),
    };
  }

  /**
   * Takes stored edits, one at a time: the server maps over the parts, and mapping over their whole would differ.
   * What is known already is left out; a gap ends it, and so does an edit of this copy's id that is not its next one:
   * a page that ended kept less than it had sent, or another page speaks under the same id.
   */
  receive(edits: readonly EditView[]): Taken[] {
    const taken: Taken[] = [];
    let { state } = this.host;
    for (const edit of edits) {
      const next = getSyncedVersion(state) + 1;
      if (edit.version < next) continue;
      if (edit.version > next) break;
      const changes = ChangeSet.fromJSON(edit.changes);
      this.#torn = edit.client_id === this.clientId && this.#isForeign(state, edit, changes);
      if (this.#torn) break;
      const transaction = receiveUpdates(state, [{ changes, clientID: edit.client_id }]);
      this.#confirmed = changes.apply(this.#confirmed);
      this.#recent.push({ version: edit.version, changes });
      taken.push({ edit, transaction });
      state = transaction.state;
    }
    this.#recent.splice(0, this.#recent.length - RECENT_EDITS);
    this.host.dispatch(taken.map(({ transaction }) => transaction));
    return taken;
  }

  /** Whether an edit under one's own id is another than the first that waits; none waiting, it is only one more edit. */
  #isForeign(state: EditorState, edit: EditView, changes: ChangeSet): boolean {
    const own = sendableUpdates(state)[0]?.changes;
    if (own === undefined || JSON.stringify(own.toJSON()) === JSON.stringify(edit.changes)) return false;
    return own.length !== changes.length || !own.apply(this.#confirmed).eq(changes.apply(this.#confirmed));
  }

  /** The stored edits after a version, in order; null when it is from the future or long past. */
  since(version: number): ChangeSet[] | null {
    const missed = this.#recent.filter((one) => one.version > version);
    return version > this.version || missed.length !== this.version - version ? null : missed.map(({ changes }) => changes);
  }

  /** Positions of the document at `version` in the text of now; null when they are from the future or long past. */
  toNow(version: number, ranges: readonly (readonly number[])[]): [number, number][] | null {
    const missed = this.since(version);
    if (missed === null) return null;
    const steps = [...missed, ...this.edits.map(({ changes }) => changes)];
    const known = this.#recent.find((one) => one.version === version + 1)?.changes.length ?? this.#confirmed.length;
    if (ranges.flat().some((place) => place > known)) return null;
    const move = (place: number) => steps.reduce((at, changes) => changes.mapPos(at, -1), place);
    return ranges.map(([anchor = 0, head = 0]) => [move(anchor), move(head)]);
  }
}
