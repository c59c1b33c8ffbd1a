// Suggested changes in the text: lines that would go, lines that would come, a bar with Accept and Reject for each.
// An extension of the editor, fed by places.ts. They are widgets: no line numbers, and nothing of them is in the text.

import { RangeSetBuilder, StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, gutter, type GutterMarker, WidgetType, type DecorationSet } from "@codemirror/view";
import { linesOf, moveSpan, type Span } from "../../discussions/spans";
import { el, icon } from "../../dom";
import { drawCode, LINES_MOST, Sign } from "../ghost";

/** A change as it is drawn. */
export interface Shown {
  id: number;
  suggestion: number;
  /** Its number among those of its suggestion, from 1. */
  position: number;
  span: Span;
  quote: string;
  text: string;
  note: string;
  state: "open" | "accepted" | "rejected";
  /** Who decided it, or, of an open one, who wrote in its lines. */
  who: string;
  mayDecide: boolean;
  /** An answer is on its way. */
  busy: boolean;
}

interface Hunks {
  all: readonly Shown[];
  /** The one that the keys act on. */
  current: number | null;
}

export type Decision = "accept" | "reject" | "undo";

export interface HunkHooks {
  decide(hunk: number, decision: Decision): void;
}

export const setHunks = StateEffect.define<readonly Shown[]>();
export const setCurrent = StateEffect.define<number | null>();

export const hunksField = StateField.define<Hunks>({
  create: () => ({ all: [], current: null }),
  update(hunks, transaction) {
    let next = hunks;
    if (transaction.docChanged) next = { ...next, all: next.all.map((one) => ({ ...one, span: moveSpan(one.span, [transaction.changes]) })) };
    // Whoever types or goes elsewhere means the text again.
    if (transaction.isUserEvent("input") || transaction.isUserEvent("delete") || transaction.isUserEvent("select")) next = { ...next, current: null };
    for (const effect of transaction.effects) {
      if (effect.is(setHunks)) next = { ...next, all: effect.value };
      else if (effect.is(setCurrent)) next = { ...next, current: effect.value };
    }
    return next;
  },
});

/** Whether what it replaces still stands there. */
export function fits(state: EditorState, one: Shown): boolean {
  const [start, end] = one.span;
  return end <= state.doc.length && state.doc.sliceString(start, end) === one.quote;
}

const bare = (text: string) => (text.endsWith("\n") ? text.slice(0, -1) : text);
const lineCount = (text: string) => (text === "" ? 0 : bare(text).split("\n").length);

/** "lines 11–12" of what it wrote or would replace. */
export function whereOf(state: EditorState, one: Shown): string {
  const { first, last } = linesOf(state.doc, one.span);
  return first === last ? `line ${first}` : `lines ${first}–${last}`;
}

function button(words: string, sign: string, kind: string, run: () => void): HTMLButtonElement {
  const made = el("button", `btn small ${kind}`.trim(), null, { type: "button" });
  made.append(icon(sign), words);
  // The caret stays where it is while the button is pressed.
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", run);
  return made;
}

class OpenHunk extends WidgetType {
  readonly lines: number;

  constructor(
    readonly one: Shown,
    readonly fits: boolean,
    readonly current: boolean,
    readonly hooks: HunkHooks,
  ) {
    super();
    this.lines = lineCount(one.text);
  }

  override eq(other: OpenHunk): boolean {
    const { one } = this;
    const same = one.id === other.one.id && one.text === other.one.text && one.who === other.one.who && one.busy === other.one.busy;
    return same && this.fits === other.fits && this.current === other.current && one.mayDecide === other.one.mayDecide;
  }

  override get estimatedHeight(): number {
    return 21 * Math.min(this.lines, LINES_MOST + 1) + 38;
  }

  override toDOM(view: EditorView): HTMLElement {
    const { one } = this;
    const box = el("div", `cm-hunk${this.fits ? "" : " stale"}${this.current ? " current" : ""}`, null, { role: "group", "aria-label": `Change ${one.position}` });
    if (one.text !== "") {
      const ghost = el("div", "cm-ghost");
      ghost.append(el("span", "sr", this.lines === 1 ? "1 line would come:" : `${this.lines} lines would come:`));
      drawCode(ghost, bare(one.text).split("\n").slice(0, LINES_MOST).join("\n"), view.state);
      if (this.lines > LINES_MOST) ghost.append(el("em", "", `${this.lines - LINES_MOST} more lines`));
      box.append(ghost);
    }
    box.append(this.#bar());
    return box;
  }

  #bar(): HTMLElement {
    const { one, hooks } = this;
    const bar = el("div", "hunk-bar");
    const why = this.fits ? one.note : `Changed by ${one.who === "" ? "somebody" : one.who} since, ask again`;
    bar.append(el("b", "", `Change ${one.position}`), el("span", "why", why));
    if (!one.mayDecide) return bar;
    const reject = button("Reject", "x", "", () => hooks.decide(one.id, "reject"));
    const accept = button("Accept", "check", this.current ? "primary" : "", () => hooks.decide(one.id, "accept"));
    reject.setAttribute("aria-keyshortcuts", "Control+Backspace");
    accept.setAttribute("aria-keyshortcuts", "Control+Enter");
    reject.disabled = one.busy;
    accept.disabled = one.busy || !this.fits;
    bar.append(reject, accept);
    return bar;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

class Done extends WidgetType {
  constructor(
    readonly one: Shown,
    readonly where: string,
    readonly hooks: HunkHooks,
  ) {
    super();
  }

  override eq(other: Done): boolean {
    const { one } = this;
    return one.id === other.one.id && one.state === other.one.state && one.who === other.one.who && one.busy === other.one.busy && this.where === other.where;
  }

  override get estimatedHeight(): number {
    return 32;
  }

  override toDOM(): HTMLElement {
    const { one } = this;
    const box = el("div", `hunk-done ${one.state}`);
    const words = one.state === "accepted" && one.text !== "" ? `, ${this.where}` : "";
    box.append(icon(one.state === "accepted" ? "check" : "x"), el("b", "", one.who), el("span", "grow", `${one.state} change ${one.position}${words}`));
    if (one.mayDecide) {
      const undo = button("Undo", "undo-2", "quiet", () => this.hooks.decide(one.id, "undo"));
      undo.disabled = one.busy;
      box.append(undo);
    }
    return box;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** Behind the lines of a change; one that only adds stands before the line at its place, but at the end of the text. */
function place(state: EditorState, [start, end]: Span): { at: number; side: 1 | -1 } {
  if (start < end) return { at: state.doc.line(linesOf(state.doc, [start, end]).last).to, side: 1 };
  const line = state.doc.lineAt(Math.min(start, state.doc.length));
  return start > line.from ? { at: line.to, side: 1 } : { at: line.from, side: -1 };
}

function draw(state: EditorState, hunks: Hunks, hooks: HunkHooks): DecorationSet {
  const marks: Range<Decoration>[] = [];
  for (const one of hunks.all) {
    const { at, side } = place(state, one.span);
    const isOpen = one.state === "open";
    const still = isOpen && fits(state, one);
    const widget = isOpen ? new OpenHunk(one, still, one.id === hunks.current, hooks) : new Done(one, whereOf(state, one), hooks);
    marks.push(Decoration.widget({ widget, block: true, side }).range(at));
    if (!isOpen || one.span[0] === one.span[1]) continue;
    const { first, last } = linesOf(state.doc, one.span);
    const line = Decoration.line({ class: still ? "cm-gone cm-hunkline" : "cm-hunkline", attributes: still ? { "aria-label": "would go" } : {} });
    for (let number = first; number <= last; number += 1) marks.push(line.range(state.doc.line(number).from));
  }
  return Decoration.set(marks, true);
}

function signs(state: EditorState, hunks: Hunks) {
  const found = new Set<number>();
  for (const one of hunks.all) {
    if (one.state !== "open" || one.span[0] === one.span[1] || !fits(state, one)) continue;
    const { first, last } = linesOf(state.doc, one.span);
    for (let number = first; number <= last; number += 1) found.add(state.doc.line(number).from);
  }
  const made = new RangeSetBuilder<GutterMarker>();
  for (const from of [...found].sort((a, b) => a - b)) made.add(from, from, GONE_SIGN);
  return made.finish();
}

const GONE_SIGN = new Sign("gone", 1);

export function hunks(hooks: HunkHooks): Extension {
  return [
    hunksField,
    EditorView.decorations.compute([hunksField, "doc"], (state) => draw(state, state.field(hunksField), hooks)),
    EditorView.editorAttributes.from(hunksField, ({ all }): Record<string, string> => (all.some((one) => one.state === "open") ? {} : { class: "cm-unasked" })),
    gutter({
      class: "cm-sign",
      markers: (view) => signs(view.state, view.state.field(hunksField)),
      widgetMarker: (_view, widget) => (widget instanceof OpenHunk && widget.lines > 0 ? new Sign("came", widget.lines) : null),
    }),
    look,
  ];
}

const look = EditorView.theme({
  "&.cm-unasked .cm-sign": { display: "none !important" },
  ".cm-sign .cm-gutterElement span": { display: "block", whiteSpace: "pre" },
  ".cm-sign .gone": { color: "var(--danger)" },
  ".cm-sign .came": { color: "var(--ok)" },
  ".cm-gone": { backgroundColor: "var(--del-bg)" },
  ".cm-hunkline": { boxShadow: "inset 3px 0 0 var(--ai)" },
  ".cm-hunk": { borderLeft: "3px solid var(--ai)", cursor: "default" },
  ".cm-hunk .cm-ghost": { display: "block", whiteSpace: "pre" },
  ".cm-hunk .cm-ghost > span:not(.sr)": { display: "block", padding: "0 12px 0 3px", backgroundColor: "var(--add-bg)" },
  ".cm-hunk .cm-ghost > em": { display: "block", padding: "0 12px 0 3px", color: "var(--ink-2)", backgroundColor: "var(--add-bg)" },
  ".cm-hunk.stale .cm-ghost": { opacity: "0.6" },
  ".cm-hunk.stale, .cm-hunk.stale .hunk-bar": { borderColor: "var(--warn)", backgroundColor: "var(--warn-soft)" },
  ".hunk-bar, .hunk-done": { position: "sticky", left: "0", boxSizing: "border-box", width: "var(--hunk, 100%)", display: "flex", flexWrap: "wrap", alignItems: "center", gap: "4px 8px", whiteSpace: "normal", font: "400 12px/1.4 var(--font)", color: "var(--ink-2)" },
  ".hunk-bar": { padding: "5px 10px 6px 8px", backgroundColor: "var(--ai-soft)" },
  ".cm-hunk.current .hunk-bar": { boxShadow: "inset 0 0 0 2px var(--ai)" },
  ".hunk-bar b, .hunk-done b": { fontWeight: "600", color: "var(--ink)" },
  ".hunk-bar .why": { flex: "1 1 40px", minWidth: "0", overflow: "hidden", textOverflow: "ellipsis" },
  ".hunk-done": { padding: "3px 10px 3px 8px", borderLeft: "3px solid var(--ok)", backgroundColor: "var(--add-bg)", cursor: "default" },
  ".hunk-done .grow": { flex: "1" },
  ".hunk-done > .icon": { color: "var(--ok)", width: "14px", height: "14px" },
  ".hunk-done.rejected": { borderColor: "var(--line-strong)", backgroundColor: "var(--bg-active)" },
  ".hunk-done.rejected > .icon": { color: "var(--ink-2)" },
});
