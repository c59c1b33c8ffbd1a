// Discussions in the text: marks in the gutter, the lines of the open one, the button at a selection, cards between lines.
// An extension of the editor, fed by talks.ts. Hidden from assistive technology but for the button: the list tells it.

import { RangeSet, StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { BlockType, Decoration, EditorView, gutter, GutterMarker, showTooltip, WidgetType, type DecorationSet, type Tooltip } from "@codemirror/view";
import { linesOf, moveSpan, type Span } from "../../discussions/spans";
import { icon } from "../../dom";

export interface Mark {
  /** The message that the discussion began with. */
  id: string;
  span: Span;
  /** Messages in it. */
  count: number;
  resolved: boolean;
}

interface Marks {
  all: readonly Mark[];
  open: string | null;
  /** Lines that one has just come to. */
  lit: Span | null;
  /** A card between the lines. */
  card: HTMLElement | null;
}

export const setMarks = StateEffect.define<readonly Mark[]>();
export const setOpen = StateEffect.define<{ id: string | null; card: HTMLElement | null }>();
export const setLit = StateEffect.define<Span | null>();

export interface MarkHooks {
  chosen(id: string): void;
  discuss(): void;
  mayDiscuss(): boolean;
  /** There is an assistant to ask. */
  mayAsk(): boolean;
  ask(): void;
}

function moved(marks: Marks, change: Parameters<typeof moveSpan>[1][number]): Marks {
  const all = marks.all.map((mark) => ({ ...mark, span: moveSpan(mark.span, [change]) }));
  return { ...marks, all, lit: marks.lit === null ? null : moveSpan(marks.lit, [change]) };
}

export const marksField = StateField.define<Marks>({
  create: () => ({ all: [], open: null, lit: null, card: null }),
  update(marks, transaction) {
    let next = transaction.docChanged ? moved(marks, transaction.changes) : marks;
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) next = { ...next, all: effect.value };
      else if (effect.is(setOpen)) next = { ...next, open: effect.value.id, card: effect.value.card };
      else if (effect.is(setLit)) next = { ...next, lit: effect.value };
    }
    return next;
  },
  provide: (field) => [
    EditorView.decorations.compute([field, "doc"], (state) => decorations(state, state.field(field))),
    EditorView.editorAttributes.from(field, ({ all }): Record<string, string> => (all.some(({ span }) => span[0] < span[1]) ? {} : { class: "cm-untalked" })),
  ],
});

// In the gutter

class Sign extends GutterMarker {
  readonly #count: number;
  readonly #kind: "" | "open" | "done";

  constructor(
    readonly ids: readonly string[],
    count: number,
    kind: "" | "open" | "done",
  ) {
    super();
    this.#count = count;
    this.#kind = kind;
  }

  override eq(other: Sign): boolean {
    return other.#count === this.#count && other.#kind === this.#kind && String(other.ids) === String(this.ids);
  }

  override toDOM(): HTMLElement {
    const mark = document.createElement("span");
    mark.className = `mark ${this.#kind}`;
    if (this.#kind === "done") mark.append(icon("check"));
    else mark.textContent = this.#count > 99 ? "99" : String(this.#count);
    return mark;
  }
}

/** Those whose lines are still there, by the line they begin at. */
function byLine(state: EditorState, marks: Marks): Map<number, Mark[]> {
  const found = new Map<number, Mark[]>();
  for (const mark of marks.all) {
    if (mark.span[0] === mark.span[1]) continue;
    const { from } = state.doc.lineAt(Math.min(mark.span[0], state.doc.length));
    found.set(from, [...(found.get(from) ?? []), mark]);
  }
  return found;
}

function signs(view: EditorView): RangeSet<GutterMarker> {
  const marks = view.state.field(marksField);
  const found: Range<GutterMarker>[] = [];
  for (const [from, here] of byLine(view.state, marks)) {
    const waiting = here.filter((mark) => !mark.resolved);
    const isOpen = here.some((mark) => mark.id === marks.open);
    const count = (waiting.length > 0 ? waiting : here).reduce((sum, mark) => sum + mark.count, 0);
    found.push(new Sign(here.map((mark) => mark.id), count, isOpen ? "open" : waiting.length > 0 ? "" : "done").range(from));
  }
  return RangeSet.of(found, true);
}

// In the text

class Card extends WidgetType {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    super();
    this.#element = element;
  }

  override eq(other: Card): boolean {
    return other.#element === this.#element;
  }

  override toDOM(): HTMLElement {
    const row = document.createElement("div");
    row.className = "cm-talkrow";
    row.append(this.#element);
    return row;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function lineMarks(state: EditorState, span: Span, className: string): Range<Decoration>[] {
  const { first, last } = linesOf(state.doc, span);
  return Array.from({ length: last - first + 1 }, (_, index) => Decoration.line({ class: className }).range(state.doc.line(first + index).from));
}

function decorations(state: EditorState, marks: Marks): DecorationSet {
  const open = marks.all.find((mark) => mark.id === marks.open);
  const found: Range<Decoration>[] = [];
  if (open !== undefined && open.span[0] < open.span[1]) found.push(...lineMarks(state, open.span, "cm-anchor"));
  if (marks.lit !== null) found.push(...lineMarks(state, marks.lit, "cm-jumped"));
  if (open !== undefined && marks.card !== null) {
    const { last } = linesOf(state.doc, open.span);
    found.push(Decoration.widget({ widget: new Card(marks.card), block: true, side: 1 }).range(state.doc.line(last).to));
  }
  return Decoration.set(found, true);
}

// At a selection

function action(words: string, sign: string, run: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn small";
  button.append(icon(sign), words);
  // The selection stays while the button is pressed.
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", run);
  return button;
}

function bar(hooks: MarkHooks): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-discuss";
  box.append(action("Discuss", "message-square-code", () => hooks.discuss()));
  if (hooks.mayAsk()) box.append(action("Ask", "sparkles", () => hooks.ask()));
  return box;
}

function tooltip(state: EditorState, hooks: MarkHooks): Tooltip | null {
  const { main } = state.selection;
  if (main.empty || !hooks.mayDiscuss() || state.sliceDoc(main.from, main.to).trim() === "") return null;
  return { pos: main.head, above: main.head === main.from, strictSide: false, create: () => ({ dom: bar(hooks) }) };
}

function selectionBar(hooks: MarkHooks): Extension {
  return StateField.define<Tooltip | null>({
    create: (state) => tooltip(state, hooks),
    update: (now, transaction) => (transaction.docChanged || transaction.selection ? tooltip(transaction.state, hooks) : now),
    provide: (field) => showTooltip.from(field),
  });
}

export function marks(hooks: MarkHooks): Extension {
  let turn = 0;
  const talkGutter = gutter({
    class: "cm-talk",
    markers: signs,
    domEventHandlers: {
      mousedown(view, block) {
        if (block.type !== BlockType.Text && !Array.isArray(block.type)) return false;
        const here = byLine(view.state, view.state.field(marksField)).get(block.from) ?? [];
        const { open } = view.state.field(marksField);
        // Several at one line take turns.
        turn = here.some((mark) => mark.id === open) ? turn + 1 : 0;
        const chosen = here[turn % here.length];
        if (chosen !== undefined) hooks.chosen(chosen.id);
        return chosen !== undefined;
      },
    },
  });
  return [marksField, talkGutter, selectionBar(hooks), look];
}

const tint = (colour: string, share: number) => `color-mix(in oklab, var(${colour}) ${share}%, transparent)`;

const look = EditorView.theme({
  ".cm-talk": { width: "26px" },
  "&.cm-untalked .cm-talk": { display: "none !important" },
  ".cm-talk .cm-gutterElement": { display: "flex", alignItems: "flex-start", justifyContent: "center", paddingTop: "2px" },
  ".cm-talk .mark": { display: "inline-flex", alignItems: "center", justifyContent: "center", minWidth: "20px", height: "18px", borderRadius: "6px 6px 6px 2px", font: "660 10.5px/1 var(--font)", color: "var(--ink-2)", background: "var(--bg-active)", cursor: "pointer" },
  ".cm-talk .mark.open": { color: "var(--ink-invert)", background: "var(--brand)" },
  ".cm-talk .mark.done": { color: "var(--ink-3)", background: "none", boxShadow: "inset 0 0 0 1px var(--line-strong)" },
  ".cm-talk .mark .icon": { width: "11px", height: "11px", strokeWidth: "3" },
  ".cm-anchor": { backgroundColor: tint("--brand", 11), boxShadow: "inset 3px 0 0 var(--brand)" },
  ".cm-jumped": { backgroundColor: tint("--brand", 16) },
  "@media (prefers-reduced-motion: no-preference)": { ".cm-jumped": { animation: "cm-jumped 2s ease-out" } },
  "@keyframes cm-jumped": { from: { backgroundColor: tint("--brand", 16) }, to: { backgroundColor: tint("--brand", 4) } },
  ".cm-tooltip.cm-tooltip:has(.cm-discuss)": { border: "0", background: "none", boxShadow: "none", zIndex: "6" },
  ".cm-discuss": { display: "flex", gap: "4px", padding: "4px 0" },
  ".cm-discuss .btn": { boxShadow: "var(--shadow-2)" },
  ".cm-talkrow": { position: "sticky", left: "0", width: "var(--talk, 100%)", boxSizing: "border-box", padding: "6px 12px 10px", whiteSpace: "normal", fontFamily: "var(--font)" },
});
