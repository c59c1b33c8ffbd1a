// The editor as a person meets it: keys, gutters, brackets, search, indentation, and what may be switched while it is open.
// Used by the desk. It knows no document and no server.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, insertTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec, type Extension, type StateCommand } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
  rectangularSelection,
} from "@codemirror/view";
import { searchPanel } from "./search_panel";
import { editorLook, styleNonce } from "./theme";

/** What is switched while the editor is open. */
export class Switches {
  readonly language = new Compartment();
  readonly indent = new Compartment();
  readonly wrap = new Compartment();
  readonly writing = new Compartment();
  /** What colleagues of this module add: gutters, marks. */
  readonly extras = new Compartment();
}

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

export interface Wording {
  /** What the editor is called. */
  label: string;
  /** The id of the element that tells how to leave by the keyboard. */
  describedBy: string;
}

/** Said on each, so that a screen reader knows it. */
export function wording({ label, describedBy }: Wording, readOnly: boolean): Extension {
  return [
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, "aria-readonly": String(readOnly), spellcheck: "false", autocorrect: "off", autocapitalize: "off", translate: "no" }),
    readOnly ? [] : placeholder("Start typing"),
  ];
}

/** What any editor of the pane has, written in or not. */
export function readingSetup(): Extension {
  return [
    styleNonce(),
    editorLook,
    lineNumbers(),
    foldGutter(),
    highlightSpecialChars(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    bracketMatching(),
    rectangularSelection(),
    crosshairCursor(),
    highlightSelectionMatches(),
    search({ top: true, createPanel: searchPanel }),
    keymap.of([...searchKeymap, ...foldKeymap]),
  ];
}

/** What one needs to write; others' edits are no part of the history, so undo takes back one's own only. */
export function writingSetup(): Extension {
  return [
    history(),
    dropCursor(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    indentOnInput(),
    closeBrackets(),
    autocompletion({ activateOnTyping: false }),
    Prec.high(tabKeys),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
  ];
}
