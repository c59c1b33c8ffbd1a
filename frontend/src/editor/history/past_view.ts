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
  private readonly language = new Compartment();
  private readonly comfort = new Compartment();
  private readonly words = new Compartment();
  private readonly more = new Compartment();
  private version = -1;

  constructor(host: HTMLElement, document: DocumentView, start: Text, wrap: boolean) {
    const extensions = [
      readingSetup(),
      still,
      this.language.of([]),
      this.comfort.of([]),
      this.words.of([]),
      this.more.of([]),
      wrap ? EditorView.lineWrapping : [],
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
    ];
    this.view = new EditorView({ state: EditorState.create({ doc: start, extensions }), parent: host });
    comforts().then((rich) => this.view.dispatch({ effects: this.comfort.reconfigure(rich.readingComforts()) }), () => undefined);
    languageOf(document).load().then((found) => this.view.dispatch({ effects: this.language.reconfigure(found) }), () => undefined);
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
    view.dispatch({ changes, effects: [this.words.reconfigure(label), ...scroll] });
  }

  /** Marks that lie over the text: the difference to now, who wrote a line. */
  dress(extension: Extension): void {
    this.view.dispatch({ effects: this.more.reconfigure(extension) });
  }

  /** The same line at the top as in another editor. */
  scrollLike(other: EditorView): void {
    const line = other.state.doc.lineAt(other.lineBlockAtHeight(other.scrollDOM.scrollTop).from).number;
    const { doc } = this.view.state;
    const { from } = doc.line(Math.min(line, doc.lines));
    this.view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "start", yMargin: 0 }) });
  }

  close(): void {
    this.view.destroy();
  }
}
