// What may be typed or pasted: no more than a document holds, and nothing that could never be stored.
// An extension of the editor. Others' edits pass untouched: the server has checked them.

import { type ChangeSet, EditorState, type Extension, type Transaction, type TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

import { wholeCharacters } from "./characters";

/** As the server counts: UTF-16 code units of a document, and changed places of one edit. */
export const DOCUMENT_UNITS = 1_048_576;
const PLACES_MOST = 4_500;
/** One push holds 256 KiB: a larger text goes in as several edits. */
const INSERT_UNITS = 60_000;

const UNSTORABLE = /[\0\u{D800}-\u{DFFF}]/gu;

/** The text as it can be stored: without NUL and without halves of characters. */
export function cleanText(text: string): string {
  return text.replace(UNSTORABLE, "");
}

function placesOf(transaction: Transaction): number {
  let places = 0;
  transaction.changes.iterChanges(() => (places += 1), true);
  return places;
}

/** Why an edit of one's own cannot be made; "" when it can. */
export function refusal(transaction: Transaction): string {
  const { newDoc, startState } = transaction;
  if (newDoc.length > DOCUMENT_UNITS && newDoc.length > startState.doc.length) {
    return `A document holds ${DOCUMENT_UNITS.toLocaleString("en")} characters (1 MB); this would make ${newDoc.length.toLocaleString("en")}.`;
  }
  if (placesOf(transaction) > PLACES_MOST) return `One edit may change ${PLACES_MOST.toLocaleString("en")} places at once. Change a part first.`;
  return "";
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

/** Puts a text in the place of the selection, as several edits that are undone as one. */
export function insertLong(view: EditorView, text: string): void {
  const { from, to } = view.state.selection.main;
  let at = from;
  piecesOf(view.state.toText(text).toString()).forEach((piece, index) => {
    const insert = view.state.toText(piece);
    view.dispatch({ changes: { from: at, to: index === 0 ? to : at, insert }, selection: { anchor: at + insert.length }, userEvent: "input.type.paste", scrollIntoView: true });
    at += insert.length;
  });
}

/**
 * Makes changes of any size, as several edits where one push could not hold them.
 *
 * Answers why not, with nothing changed; "" when they are made.
 */
export function changeLong(view: { readonly state: EditorState; dispatch(spec: TransactionSpec): void }, changes: ChangeSet): string {
  const why = refusal(view.state.update({ changes, filter: false }));
  if (why !== "") return why;
  const edits: { from: number; to: number; text: string }[] = [];
  changes.iterChanges((from, to, _fromB, _toB, inserted) => edits.push({ from, to, text: inserted.toString() }), true);
  const options = { userEvent: "input.paste", scrollIntoView: true };
  if (edits.reduce((all, { text }) => all + text.length, 0) <= INSERT_UNITS) view.dispatch({ changes, ...options });
  else {
    // From the end to the beginning: what is done moves nothing to do.
    for (const { from, to, text } of edits.reverse()) {
      let at = from;
      const pieces = text === "" ? [""] : piecesOf(text);
      pieces.forEach((piece, index) => {
        const insert = view.state.toText(piece);
        view.dispatch({ changes: { from: at, to: index === 0 ? to : at, insert }, ...options });
        at += insert.length;
      });
    }
  }
  return "";
}

export function guards(tell: (why: string) => void): Extension {
  return [
    wholeCharacters,
    EditorState.transactionFilter.of((transaction) => {
      const why = transaction.docChanged ? refusal(transaction) : "";
      if (why === "") return transaction;
      tell(why);
      return [];
    }),
    EditorView.clipboardInputFilter.of(cleanText),
    EditorView.domEventHandlers({
      paste(event, view) {
        const text = cleanText(event.clipboardData?.getData("text/plain") ?? "");
        if (text.length <= INSERT_UNITS || view.state.readOnly) return false;
        event.preventDefault();
        const { from, to } = view.state.selection.main;
        const whole = view.state.update({ changes: { from, to, insert: text }, filter: false });
        const why = refusal(whole);
        if (why === "") insertLong(view, text);
        else tell(why);
        return true;
      },
    }),
  ];
}
