// What runs of the assistant wrote into a text since it was opened: fresh text is tinted, its lines keep a bar.
// An extension of the editor, fed by runs.ts.

import { StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

interface Stretch {
  run: string;
  from: number;
  to: number;
  /** The tint is gone. */
  faded: boolean;
}

/** A run wrote these places, in the text after the transaction. */
export const wrote = StateEffect.define<{ run: string; places: readonly (readonly [number, number])[] }>();
export const faded = StateEffect.define<string>();

const field = StateField.define<readonly Stretch[]>({
  create: () => [],
  update(stretches, transaction) {
    let next = stretches;
    if (transaction.docChanged) {
      // What is typed within it belongs to it; what is typed at its edges does not.
      const moved = next.map((one) => ({ ...one, from: transaction.changes.mapPos(one.from, 1), to: transaction.changes.mapPos(one.to, -1) }));
      next = moved.filter((one) => one.from < one.to);
    }
    for (const effect of transaction.effects) {
      if (effect.is(wrote)) {
        const { run, places } = effect.value;
        const { length } = transaction.newDoc;
        const fresh = places.map(([from, to]) => ({ run, from: Math.min(from, length), to: Math.min(to, length), faded: false }));
        next = [...next, ...fresh.filter((one) => one.from < one.to)];
      } else if (effect.is(faded)) next = next.map((one) => (one.run === effect.value ? { ...one, faded: true } : one));
    }
    return next;
  },
  provide: (own) => EditorView.decorations.compute([own, "doc"], (state) => draw(state, state.field(own))),
});

const TINT = Decoration.mark({ class: "cm-streamed" });
const BAR = Decoration.line({ class: "cm-streamline" });

function draw(state: EditorState, stretches: readonly Stretch[]): DecorationSet {
  const marks: Range<Decoration>[] = [];
  const lines = new Set<number>();
  for (const { from, to, faded: plain } of stretches) {
    if (!plain) marks.push(TINT.range(from, to));
    for (let at = from; at < to; ) {
      const line = state.doc.lineAt(at);
      lines.add(line.from);
      at = line.to + 1;
    }
  }
  for (const from of lines) marks.push(BAR.range(from));
  return Decoration.set(marks, true);
}

const look = EditorView.theme({
  ".cm-streamed": { backgroundColor: "color-mix(in oklab, var(--ai) 8%, transparent)", borderRadius: "2px" },
  ".cm-streamline": { boxShadow: "inset 3px 0 0 color-mix(in oklab, var(--ai) 60%, transparent)" },
});

export const streamed: Extension = [field, look];
