// What became different since an old version: lines that are gone, lines that came, and how many of each.
// Used by the old version's editor, which marks them, and by the side panel, which counts them.

import { RangeSetBuilder, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, gutter, type GutterMarker, WidgetType } from "@codemirror/view";
import { el } from "../../dom";
import { changesBetween, type Change } from "../diff";
import { drawCode, LINES_MOST, Sign } from "../ghost";

export interface Difference {
  /** In the old text; `insert` ends with a line's end. */
  changes: Change[];
  came: number;
  gone: number;
}

const lineCount = (text: string) => text.split("\n").length - 1;

/** From an old text to the one of now. */
export function differenceOf(before: string, after: string): Difference {
  // With an end at the last line too, a line that follows it changes nothing of it. No text has no lines.
  const [old, now] = [before, after].map((text) => (text === "" ? "" : `${text}\n`)) as [string, string];
  const changes = changesBetween(old, now);
  const count = (texts: string[]) => texts.reduce((sum, text) => sum + lineCount(text), 0);
  return { changes, came: count(changes.map(({ insert }) => insert)), gone: count(changes.map(({ from, to }) => old.slice(from, to))) };
}

class Ghost extends WidgetType {
  readonly lines: number;

  constructor(readonly code: string) {
    super();
    this.lines = lineCount(code);
  }

  override eq(other: Ghost): boolean {
    return other.code === this.code;
  }

  override get estimatedHeight(): number {
    return 21 * Math.min(this.lines, LINES_MOST + 1);
  }

  /** Coloured as the document is. */
  override toDOM(view: EditorView): HTMLElement {
    const shown = this.code.split("\n").slice(0, -1).slice(0, LINES_MOST);
    const box = el("div", "cm-ghost");
    box.append(el("span", "sr", this.lines === 1 ? "1 line came since:" : `${this.lines} lines came since:`));
    drawCode(box, shown.join("\n"), view.state);
    if (this.lines > LINES_MOST) box.append(el("em", "", `${this.lines - LINES_MOST} more lines`));
    return box;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const GONE = Decoration.line({ class: "cm-gone" });
const GONE_SIGN = new Sign("gone", 1);

const look = EditorView.theme({
  ".cm-sign .cm-gutterElement span": { display: "block", whiteSpace: "pre" },
  ".cm-sign .gone": { color: "var(--danger)" },
  ".cm-sign .came": { color: "var(--ok)" },
  ".cm-gone": { backgroundColor: "var(--del-bg)" },
  ".cm-ghost": { display: "block", whiteSpace: "pre", cursor: "default" },
  ".cm-ghost > span:not(.sr)": { display: "block", padding: "0 12px 0 6px", backgroundColor: "var(--add-bg)" },
  ".cm-ghost > em": { display: "block", padding: "0 12px 0 6px", color: "var(--ink-2)", backgroundColor: "var(--add-bg)" },
});

/** Marks the difference on the old text. */
export function differenceMarks({ changes }: Difference, state: EditorState): Extension {
  const { doc } = state;
  const marks: Range<Decoration>[] = [];
  const signs = new RangeSetBuilder<GutterMarker>();
  for (const { from, to, insert } of changes) {
    for (let at = from; at < to && at <= doc.length; ) {
      const line = doc.lineAt(at);
      marks.push(GONE.range(line.from));
      signs.add(line.from, line.from, GONE_SIGN);
      at = line.to + 1;
    }
    if (insert === "") continue;
    // Behind the lines whose place these took; behind the last line there is no next one.
    const behind = to > doc.length;
    marks.push(Decoration.widget({ widget: new Ghost(insert), block: true, side: behind ? 1 : -1 }).range(Math.min(to, doc.length)));
  }
  const found = signs.finish();
  return [
    look,
    EditorView.decorations.of(Decoration.set(marks, true)),
    gutter({ class: "cm-sign", markers: () => found, widgetMarker: (_view, widget) => (widget instanceof Ghost ? new Sign("came", widget.lines) : null) }),
  ];
}
