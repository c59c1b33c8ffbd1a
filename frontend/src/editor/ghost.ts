// Lines that do not stand in the text, drawn as if they did, and the signs before lines that came or are gone.
// Used by the difference to an old version and by suggested changes.

import { highlightingFor, language } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import { GutterMarker } from "@codemirror/view";
import { highlightCode } from "@lezer/highlight";
import { el } from "../dom";

/** Beyond this many lines of one place the rest is only counted. */
export const LINES_MOST = 300;

/** Puts lines into a box, coloured as the document is. */
export function drawCode(box: HTMLElement, code: string, state: EditorState): void {
  let line = box.appendChild(el("span"));
  const put = (text: string, classes: string) => line.append(classes === "" ? text : el("span", classes, text));
  const end = () => (line = box.appendChild(el("span")));
  const known = state.facet(language);
  if (known !== null) highlightCode(code, known.parser.parse(code), { style: (tags) => highlightingFor(state, tags) }, put, end);
  else {
    for (const [index, text] of code.split("\n").entries()) {
      if (index > 0) end();
      put(text, "");
    }
  }
  for (const one of box.children) if (one.textContent === "") one.append("\u00a0");
}

/** − or +, once for each line. */
export class Sign extends GutterMarker {
  constructor(
    readonly kind: "gone" | "came",
    readonly lines: number,
  ) {
    super();
  }

  override eq(other: Sign): boolean {
    return other.kind === this.kind && other.lines === this.lines;
  }

  override toDOM(): Node {
    return el("span", this.kind, Array.from({ length: Math.min(this.lines, LINES_MOST) }, () => (this.kind === "gone" ? "−" : "+")).join("\n"));
  }
}
