// What makes the editor comfortable: keys, undo, colours, brackets, folding, search, indentation.
// Fetched beside the editor itself and added as soon as it is there; text and carets do not wait for it.

import "../kernel";

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, insertTab, invertedEffects, redo, undo } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, type Extension, type StateCommand } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";
import { longPiece, pieceOf } from "./long";
import { searchPanel } from "./search_panel";

export { openSearchPanel } from "@codemirror/search";

/** Spaces of a level, or 0 for a tab. */
export function indentation(spaces: number): Extension {
  return spaces === 0 ? [indentUnit.of("\t"), EditorState.tabSize.of(4)] : [indentUnit.of(" ".repeat(spaces)), EditorState.tabSize.of(spaces)];
}

const spaceOrIndent: StateCommand = (target) => {
  const { state, dispatch } = target;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(target);
  const unit = state.facet(indentUnit);
  if (unit === "\t") return insertTab(target);
  const columns = (at: number) => unit.length - ((at - state.doc.lineAt(at).from) % unit.length);
  dispatch(state.update(state.changeByRange((range) => ({ changes: { from: range.from, insert: " ".repeat(columns(range.from)) }, range: range.extend(range.from + columns(range.from)) })), { userEvent: "input" }));
  return true;
};

/** Tab indents; Esc and then Tab leaves, which CodeMirror knows by itself: Esc lets the next Tab move the focus. */
const tabKeys = keymap.of([{ key: "Tab", run: (view) => !view.state.readOnly && spaceOrIndent(view), shift: (view) => !view.state.readOnly && indentLess(view) }]);

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.controlKeyword, t.definitionKeyword, t.moduleKeyword, t.modifier], color: "var(--syn-keyword)" },
  { tag: [t.string, t.special(t.string), t.regexp], color: "var(--syn-string)" },
  { tag: [t.number, t.bool, t.null, t.atom], color: "var(--syn-number)" },
  { tag: [t.comment, t.quote], class: "cm-comment" },
  { tag: [t.function(t.variableName), t.function(t.definition(t.variableName)), t.function(t.propertyName)], color: "var(--syn-func)" },
  { tag: [t.className, t.typeName, t.definition(t.className), t.tagName, t.namespace], color: "var(--syn-type)" },
  { tag: [t.meta, t.attributeName, t.definition(t.propertyName)], color: "var(--syn-meta)" },
  { tag: t.heading, fontWeight: "700", color: "var(--syn-func)" },
  { tag: t.strong, fontWeight: "700" },
  { tag: t.emphasis, fontStyle: "italic" },
  { tag: [t.link, t.url], color: "var(--syn-func)", textDecoration: "underline" },
  { tag: t.invalid, color: "var(--danger)" },
]);

/** What any editor of the pane has, written in or not. */
export function readingComforts(): Extension {
  return [foldGutter(), bracketMatching(), highlightSelectionMatches(), search({ top: true, createPanel: searchPanel }), keymap.of([...searchKeymap, ...foldKeymap]), syntaxHighlighting(colours)];
}

/** A long change is several edits in the history, and one to whoever undoes it: one step makes the next. */
const longUndo: Extension = [
  invertedEffects.of(({ effects }) => effects.filter((effect) => effect.is(longPiece))),
  EditorView.updateListener.of(({ transactions, view }) => {
    for (const transaction of transactions) {
      const piece = pieceOf(transaction);
      if (piece === null) continue;
      if (transaction.isUserEvent("undo") && !piece.first) queueMicrotask(() => undo(view));
      if (transaction.isUserEvent("redo") && !piece.last) queueMicrotask(() => redo(view));
    }
  }),
];

/** What one needs to write; others' edits are no part of the history, so undo takes back one's own only. */
export function writingComforts(): Extension {
  return [
    history({ joinToEvent: (transaction, isAdjacent) => isAdjacent && pieceOf(transaction) === null }),
    longUndo,
    indentOnInput(),
    closeBrackets(),
    autocompletion({ activateOnTyping: false }),
    Prec.high(tabKeys),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    readingComforts(),
  ];
}
