// The editor as it stands at once: text, carets, line numbers, and what may be switched while it is open.
// Used by the desk and the draft. Keys, colours, search and folding follow with rich.ts; it knows no document.

import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { crosshairCursor, drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, lineNumbers, placeholder, rectangularSelection } from "@codemirror/view";
import { editorLook, styleNonce } from "./theme";

/** What is switched while the editor is open. */
export class Switches {
  /** Keys, history, search: what rich.ts brings. */
  readonly rich = new Compartment();
  readonly language = new Compartment();
  readonly indent = new Compartment();
  readonly wrap = new Compartment();
  readonly writing = new Compartment();
  /** What other parts of the editor add: gutters, marks. */
  readonly extras = new Compartment();
}

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
    EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, "aria-readonly": String(readOnly), tabindex: "0", spellcheck: "false", autocorrect: "off", autocapitalize: "off", translate: "no" }),
    readOnly ? [] : placeholder("Start typing"),
  ];
}

/** What any editor of the pane has, written in or not. */
export function readingSetup(): Extension {
  return [styleNonce(), editorLook, lineNumbers(), highlightSpecialChars(), drawSelection(), EditorState.allowMultipleSelections.of(true), rectangularSelection(), crosshairCursor()];
}

/** What one sees of where one writes. */
export function writingSetup(): Extension {
  return [dropCursor(), highlightActiveLine(), highlightActiveLineGutter()];
}
