// The column that says who last touched each line: one block for each stretch of an author. Off until it is asked for.
// An extension for the living text and for an old version; the words come from the history's control.

import { RangeSet, StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { EditorView, gutter, GutterMarker } from "@codemirror/view";
import { el } from "../../dom";
import type { BlameLines } from "../../protocol";

/** What a block of lines shows. */
export interface BlameWords {
  /** Letters of the author; "" for lines that nobody is known for. */
  who: string;
  when: string;
  /** In full, for the pointer. */
  title: string;
  /** The class of the author's colour. */
  colour: string;
}

export interface BlameBlock extends BlameWords {
  line: number;
  count: number;
  version: number;
}

/** Blocks of lines that follow each other and belong to one stretch of one author become one, with its newest version. */
export function blocksOf(lines: readonly BlameLines[], stretchOf: (version: number) => number | null, words: (line: BlameLines) => BlameWords): BlameBlock[] {
  const merged: BlameLines[] = [];
  for (const one of lines) {
    const last = merged[merged.length - 1];
    const goesOn = last !== undefined && last.author === one.author && last.line + last.count === one.line && stretchOf(last.version) === stretchOf(one.version);
    if (!goesOn) merged.push({ ...one });
    else {
      const newer = last.version >= one.version ? last : one;
      merged[merged.length - 1] = { ...newer, line: last.line, count: last.count + one.count };
    }
  }
  return merged.map((one) => ({ ...words(one), line: one.line, count: one.count, version: one.version }));
}

class BlameMarker extends GutterMarker {
  constructor(
    readonly block: BlameBlock,
    readonly isFirst: boolean,
  ) {
    super();
    this.elementClass = block.colour;
  }

  override elementClass: string;

  override eq(other: BlameMarker): boolean {
    return other.isFirst === this.isFirst && other.block.title === this.block.title && other.block.colour === this.block.colour;
  }

  override toDOM(): Node {
    const { who, when, title } = this.block;
    const cell = el("span", "cell", null, { title });
    if (this.isFirst) cell.append(el("span", "who", who), el("span", "when", when));
    return cell;
  }
}

type Marks = RangeSet<BlameMarker>;

const setMarks = StateEffect.define<Marks>();

/** Follows the text; lines that are touched have no mark until the server says whose they are. */
const field = StateField.define<Marks>({
  create: () => RangeSet.empty,
  update(marks, { changes, effects, newDoc, docChanged }) {
    let next = marks;
    if (docChanged) {
      next = next.map(changes);
      changes.iterChangedRanges((_fromA, _toA, from, to) => {
        next = next.update({ filterFrom: newDoc.lineAt(from).from, filterTo: newDoc.lineAt(to).to, filter: () => false });
      });
    }
    for (const effect of effects) if (effect.is(setMarks)) next = effect.value;
    return next;
  },
});

const look = EditorView.theme({
  ".cm-blame": { minWidth: "86px", borderRight: "1px solid var(--line)" },
  ".cm-blame .cm-gutterElement": { display: "flex", padding: "0", font: "500 11px/1.9 var(--font)", color: "var(--ink-3)", boxShadow: "inset 3px 0 0 var(--c, transparent)", whiteSpace: "nowrap", cursor: "pointer" },
  ".cm-blame .cell": { display: "flex", flex: "1", gap: "6px", padding: "0 8px" },
  ".cm-blame .who": { minWidth: "22px", paddingLeft: "4px", fontWeight: "640", color: "color-mix(in oklab, var(--c, var(--ink-3)) 75%, var(--ink))" },
  ".cm-blame .when": { fontVariantNumeric: "tabular-nums" },
});

/** The column; `chosen` is told the version of a block that is clicked, `looked` the cell that the pointer comes to. */
export function blameColumn(chosen: (version: number) => void, looked: (block: BlameBlock, cell: HTMLElement) => void): Extension {
  const mouseover = (view: EditorView, line: { from: number }, event: Event) => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>(".cell") : null;
    const block = blameAt(view.state, line.from);
    if (block !== null && cell !== null) looked(block, cell);
    return false;
  };
  const click = (view: EditorView, line: { from: number }) => {
    const block = blameAt(view.state, line.from);
    if (block !== null) chosen(block.version);
    return block !== null;
  };
  return [look, field, gutter({ class: "cm-blame", markers: (view) => view.state.field(field), domEventHandlers: { click, mouseover } })];
}

/** The block that the line at this place belongs to. */
export function blameAt(state: EditorState, at: number): BlameBlock | null {
  const { from } = state.doc.lineAt(at);
  let found: BlameBlock | null = null;
  state.field(field, false)?.between(from, from, (_from, _to, mark) => {
    found = mark.block;
    return false;
  });
  return found;
}

/** Shows the blocks in an editor that has the column and the text that they are about. */
export function showBlame(view: EditorView, blocks: readonly BlameBlock[]): void {
  if (view.state.field(field, false) === undefined) return;
  const { doc } = view.state;
  const marks: Range<BlameMarker>[] = [];
  for (const block of blocks) {
    const [first, rest] = [new BlameMarker(block, true), new BlameMarker(block, false)];
    for (let line = block.line; line < block.line + block.count && line <= doc.lines; line += 1) marks.push((line === block.line ? first : rest).range(doc.line(line).from));
  }
  view.dispatch({ effects: setMarks.of(RangeSet.of(marks)) });
}

