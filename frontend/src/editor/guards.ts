// What may be typed or pasted: no more than a document holds, and nothing that could never be stored.
// An extension of the editor. Others' edits pass untouched: the server has checked them.

import { type ChangeSet, EditorState, type Extension, type Transaction, type TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

import { wholeCharacters } from "./characters";
import { INSERT_UNITS, isLong, specsOf } from "./long";

/** As the server counts: UTF-16 code units of a document, and changed places of one edit. */
export const DOCUMENT_UNITS = 1_048_576;
const PLACES_MOST = 4_500;

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

/**
 * Makes changes of any size, as several edits where one push could not hold them.
 *
 * Answers why not, with nothing changed; "" when they are made.
 */
export function changeLong(view: { readonly state: EditorState; dispatch(spec: TransactionSpec): void }, changes: ChangeSet): string {
  const why = refusal(view.state.update({ changes, filter: false }));
  if (why !== "") return why;
  const options = { userEvent: "input.paste", scrollIntoView: true };
  if (!isLong(changes)) view.dispatch({ changes, ...options });
  else for (const spec of specsOf(changes, view.state.doc, options)) view.dispatch(spec);
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
        // Anchored where it ends; the view makes pieces of it.
        if (why === "") view.dispatch({ changes: whole.changes, selection: { anchor: from + view.state.toText(text).length }, userEvent: "input.paste", scrollIntoView: true, filter: false });
        else tell(why);
        return true;
      },
    }),
  ];
}
