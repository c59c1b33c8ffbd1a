// No edit cuts a character in half: the server refuses such edits, and halves cannot be stored.
// An extension of the editor. CodeMirror compares code units when it reads what an input method wrote, so 😁 in the
// place of 😀 comes as a new low half behind the old high one; such an edit is widened. Others' edits pass untouched.

import { EditorState, type ChangeSpec, type Extension, type Text, type Transaction } from "@codemirror/state";

const LONE_HALF = /\p{Surrogate}/gu;
const PAIR = /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/;

function withinPair(text: Text, at: number): boolean {
  return at > 0 && at < text.length && PAIR.test(text.sliceString(at - 1, at + 1));
}

/** What to change after an edit so that both together change whole characters; nothing for nearly every edit. */
function repairs({ changes, startState, newDoc }: Transaction): ChangeSpec[] {
  const found: ChangeSpec[] = [];
  changes.iterChanges((fromA, toA, fromB, toB, inserted) => {
    const from = withinPair(startState.doc, fromA) ? fromB - 1 : fromB;
    const to = withinPair(startState.doc, toA) ? toB + 1 : toB;
    const text = newDoc.sliceString(from, to);
    const pair = fromA === toA && from < fromB ? startState.sliceDoc(fromA - 1, fromA + 1) : "";
    const whole = (pair === "" ? text : pair + inserted.toString()).replace(LONE_HALF, "");
    if (from < fromB || to > toB || whole !== text) found.push({ from, to, insert: startState.toText(whole) });
  });
  return found;
}

export const wholeCharacters: Extension = EditorState.transactionFilter.of((transaction) => {
  const changes = transaction.docChanged ? repairs(transaction) : [];
  return changes.length === 0 ? transaction : [transaction, { changes, sequential: true }];
});
