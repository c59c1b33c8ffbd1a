// Changes that are larger than what one push holds: made as several edits, undone and made again as one.
// Used by the desk for whatever a person does, and by the guards. rich.ts keeps the marks in the history of undo.

import { ChangeSet, StateEffect, type Text, Transaction, type TransactionSpec } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";

/** One push holds 256 KiB: a larger text goes in as several edits, and goes out so, because undo puts it in again. */
export const INSERT_UNITS = 60_000;

/** On each piece of a long change: whether it is the first, the last. */
export const longPiece = StateEffect.define<{ first: boolean; last: boolean }>();

export function pieceOf(transaction: Transaction): { first: boolean; last: boolean } | null {
  for (const effect of transaction.effects) if (effect.is(longPiece)) return effect.value;
  return null;
}

/** A long text as pieces that each fit into a push; no character is cut in two. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + INSERT_UNITS);
    if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

interface Part {
  at: number;
  gone: string;
  text: string;
}

function partsOf(changes: ChangeSet, doc: Text): Part[] {
  const parts: Part[] = [];
  changes.iterChanges((from, to, _fromB, _toB, inserted) => parts.push({ at: from, gone: doc.sliceString(from, to), text: inserted.toString() }), true);
  return parts;
}

export function isLong(changes: ChangeSet): boolean {
  let [gone, come] = [0, 0];
  changes.iterChanges((fromA, toA, fromB, toB) => {
    gone += toA - fromA;
    come += toB - fromB;
  });
  return gone > INSERT_UNITS || come > INSERT_UNITS;
}

interface Step {
  from: number;
  to: number;
  insert: string;
}

/** Steps from the end to the beginning, in groups that are small together; two insertions in one place keep their order. */
function gathered(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  let room = 0;
  for (const step of steps) {
    const size = Math.max(step.to - step.from, step.insert.length);
    const last = groups[groups.length - 1];
    const inSamePlace = step.insert !== "" && last?.[0]?.from === step.from;
    if (last === undefined || size > room || inSamePlace) {
      groups.push([step]);
      room = INSERT_UNITS - size;
    } else {
      last.unshift(step);
      room -= size;
    }
  }
  return groups;
}

/**
 * The same change as several that follow each other, each small enough to be sent and to be undone.
 *
 * What goes, goes first, so that the text never grows beyond what it is before or after; from the end to the beginning,
 * so that what is done moves nothing to do.
 */
export function smallOnes(changes: ChangeSet, doc: Text): ChangeSet[] {
  const removals: Step[] = [];
  const insertions: Step[] = [];
  let removed = 0;
  for (const { at, gone, text } of partsOf(changes, doc)) {
    let from = at;
    for (const piece of piecesOf(gone)) removals.push({ from, to: (from += piece.length), insert: "" });
    for (const insert of piecesOf(text)) insertions.push({ from: at - removed, to: at - removed, insert });
    removed += gone.length;
  }
  let { length } = doc;
  return [...gathered(removals.reverse()), ...gathered(insertions.reverse())].map((steps) => {
    const next = ChangeSet.of(steps, length, "\n");
    length = next.newLength;
    return next;
  });
}

/** Transactions for a long change; the last one takes along what else it does. */
export function specsOf(changes: ChangeSet, doc: Text, more: TransactionSpec): TransactionSpec[] {
  const small = smallOnes(changes, doc);
  return small.map((one, index) => {
    const [first, last] = [index === 0, index === small.length - 1];
    return { ...(last ? more : { userEvent: more.userEvent }), changes: one, effects: longPiece.of({ first, last }), filter: false } as TransactionSpec;
  });
}

/** What a person does goes in as one edit or, if it is too long for that, as several; what others did passes as it is. */
export function dispatchInPieces(transactions: readonly Transaction[], view: EditorView): void {
  const [one] = transactions;
  const userEvent = one?.annotation(Transaction.userEvent);
  const isOwn = one?.docChanged === true && one.annotation(Transaction.remote) !== true && pieceOf(one) === null;
  if (transactions.length !== 1 || one === undefined || !isOwn || userEvent === "undo" || userEvent === "redo" || !isLong(one.changes)) return view.update(transactions);
  const more: TransactionSpec = { userEvent: userEvent ?? "input", scrollIntoView: one.scrollIntoView, ...(one.selection === undefined ? {} : { selection: one.selection }) };
  for (const spec of specsOf(one.changes, one.startState.doc, more)) view.update([view.state.update(spec)]);
}
