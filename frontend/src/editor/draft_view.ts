// A recovered draft: what a person typed and the server would not take, read-only, until it is put back, copied or discarded.
// Made by the pane over the editor. Leaving the page keeps the draft.

import { ChangeSet, Compartment, EditorState, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker } from "@codemirror/view";
import { clone, el, part } from "../dom";
import { clock } from "../time";
import { comforts } from "./comforts";
import { changesBetween } from "./diff";
import { languageOf } from "./languages";
import { textOf } from "./replica";
import { readingSetup } from "./setup";
import type { Draft } from "./shelf";

/** A sign beside the colour: it must not be the only one to tell. */
class Sign extends GutterMarker {
  override elementClass = "cm-came";

  override toDOM(): Text {
    return document.createTextNode("+");
  }
}

const SIGN = new Sign();
const CAME = Decoration.line({ class: "cm-came", attributes: { "aria-label": "not stored" } });

/** Starts of the lines that the draft has and the stored text had not. */
function freshLines(draft: Draft, state: EditorState): number[] {
  const starts = new Set<number>();
  const changes = ChangeSet.of(changesBetween(draft.base, draft.text), draft.base.length);
  changes.iterChangedRanges((_fromA, _toA, fromB, toB) => {
    for (let at = fromB; at < toB; ) {
      const line = state.doc.lineAt(at);
      starts.add(line.from);
      at = line.to + 1;
    }
  });
  return [...starts].sort((a, b) => a - b);
}

function marks(draft: Draft) {
  const state = EditorState.create({ doc: textOf(draft.text) });
  const [lines, signs] = [new RangeSetBuilder<Decoration>(), new RangeSetBuilder<GutterMarker>()];
  const starts = freshLines(draft, state);
  for (const start of starts) {
    lines.add(start, start, CAME);
    signs.add(start, start, SIGN);
  }
  const made = signs.finish();
  return { count: starts.length, extension: [EditorView.decorations.of(lines.finish()), gutter({ class: "cm-sign", markers: () => made })] };
}

/** The draft's own changes, carried over to the text of now; what meets changes of others stands beside them. */
export function carriedOver(draft: Draft, now: string): ChangeSet {
  const own = ChangeSet.of(changesBetween(draft.base, draft.text), draft.base.length);
  const others = ChangeSet.of(changesBetween(draft.base, now), draft.base.length);
  return own.map(others);
}

export class DraftView {
  readonly element = clone("t-code-draft");
  readonly #view: EditorView;

  constructor(
    readonly draft: Draft,
    mayEdit: boolean,
  ) {
    const { count, extension } = marks(draft);
    const lines = count === 1 ? "1 line" : `${count} lines`;
    part(this.element, "[data-part=title]").textContent = count === 0 ? "Draft recovered" : `Draft recovered, ${lines}`;
    const when = clock(new Date(draft.typedAt).toISOString());
    part(this.element, "[data-part=text]").textContent = `Typed ${when} on this device, not stored. ${draft.why}`;
    part<HTMLButtonElement>(this.element, "[data-part=put]").hidden = !mayEdit;
    const [language, comfort] = [new Compartment(), new Compartment()];
    const label = EditorView.contentAttributes.of({ "aria-label": `${draft.name}, your recovered draft`, "aria-readonly": "true", tabindex: "0" });
    const extensions = [readingSetup(), language.of([]), comfort.of([]), extension, EditorState.readOnly.of(true), EditorView.editable.of(false), label];
    const state = EditorState.create({ doc: textOf(draft.text), extensions });
    this.#view = new EditorView({ state, parent: part(this.element, "[data-part=host]") });
    comforts().then((rich) => this.#view.dispatch({ effects: comfort.reconfigure(rich.readingComforts()) }), () => undefined);
    languageOf({ language: "", name: draft.name }).load().then((found) => this.#view.dispatch({ effects: language.reconfigure(found) }), () => undefined);
  }

  /** Shows the stored text instead, with the draft's buttons above it. */
  toggle(): boolean {
    const host = part(this.element, "[data-part=host]");
    host.hidden = !host.hidden;
    part(this.element, "[data-part=toggle]").setAttribute("aria-pressed", String(host.hidden));
    return host.hidden;
  }

  close(): void {
    this.#view.destroy();
    this.element.remove();
  }
}

/** Puts a text into the clipboard, also where the browser has no clipboard for insecure pages. */
export async function copyText(text: string): Promise<void> {
  if ((navigator as { clipboard?: Clipboard }).clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = el("textarea", "sr", null, { readonly: true });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("The browser did not copy.");
}
