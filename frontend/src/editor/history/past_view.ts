// The text of an old version: an editor that only shows. It lies over the living one, which keeps its place meanwhile.
// Made by the history's control when a version is first shown.

import { Compartment, EditorState, type Extension, type Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { DocumentView } from "../../protocol";
import { comforts } from "../comforts";
import { languageOf } from "../languages";
import { textOf } from "../replica";
import { readingSetup } from "../setup";
import type { Moment } from "./timeline";

const still = EditorView.theme({ ".cm-cursorLayer": { display: "none" }, "&": { backgroundColor: "var(--bg-sunken)" } });

/** The one change that makes `after` out of `before`: what they share at both ends stays, with its colours and place. */
export function replacement(before: string, after: string): { from: number; to: number; insert: string } {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before.charCodeAt(from) === after.charCodeAt(from)) from += 1;
  let tail = 0;
  while (tail < most - from && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}

export class PastView {
  readonly view: EditorView;
  readonly #language = new Compartment();
  readonly #comfort = new Compartment();
  readonly #words = new Compartment();
  readonly #more = new Compartment();
  readonly #column = new Compartment();
  /** The version that is shown. */
  version = -1;

  constructor(host: HTMLElement, document: DocumentView, start: Text, wrap: boolean, coloured: () => void) {
    const extensions = [
      this.#column.of([]),
      readingSetup(),
      still,
      this.#language.of([]),
      this.#comfort.of([]),
      this.#words.of([]),
      this.#more.of([]),
      wrap ? EditorView.lineWrapping : [],
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
    ];
    this.view = new EditorView({ state: EditorState.create({ doc: start, extensions }), parent: host });
    comforts().then((rich) => this.view.dispatch({ effects: this.#comfort.reconfigure(rich.readingComforts()) }), () => undefined);
    const learn = (found: Extension) => {
      this.view.dispatch({ effects: this.#language.reconfigure(found) });
      coloured();
    };
    // Without its language the text stays plain.
    languageOf(document).load().then(learn, () => undefined);
  }

  get text(): Text {
    return this.view.state.doc;
  }

  /** Shows a version; `follow` brings what it changed into view. */
  show(moment: Moment, name: string, follow: boolean): void {
    if (moment.version === this.version) return;
    this.version = moment.version;
    const { view } = this;
    const label = EditorView.contentAttributes.of({ "aria-label": `${name} at version ${moment.version}, read-only`, "aria-readonly": "true", tabindex: "0" });
    const [before, after] = [view.state.doc.toString(), moment.text.toString()];
    const change = replacement(before, after);
    const changes = before === after ? [] : { from: change.from, to: change.to, insert: textOf(change.insert) };
    const scroll = follow && before !== after ? [EditorView.scrollIntoView(change.from + change.insert.length, { y: "nearest", yMargin: 60 })] : [];
    view.dispatch({ changes, effects: [this.#words.reconfigure(label), ...scroll] });
  }

  /** Marks over the text: the difference to now. */
  mark(extension: Extension): void {
    const { view } = this;
    // A text that fitted whole counts as scrolled to its end, and would stay there when lines come between.
    const top = view.scrollDOM.scrollTop < 1 ? [EditorView.scrollIntoView(0, { y: "start", yMargin: 10 })] : [];
    view.dispatch({ effects: [this.#more.reconfigure(extension), ...top] });
  }

  /** A column before the line numbers. */
  put(column: Extension): void {
    this.view.dispatch({ effects: this.#column.reconfigure(column) });
  }

  /** The same line at the top as in another editor. */
  scrollLike(other: EditorView): void {
    const line = other.state.doc.lineAt(other.lineBlockAtHeight(other.scrollDOM.scrollTop).from).number;
    if (line === 1) return;
    const { doc } = this.view.state;
    const { from } = doc.line(Math.min(line, doc.lines));
    this.view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "start", yMargin: 0 }) });
  }

  close(): void {
    this.view.destroy();
  }
}
