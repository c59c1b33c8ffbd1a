// The editor's look. CodeMirror's own sheet stands outside our layers and would beat them, so this cannot be in styles/.
// Custom properties keep it in step with the page's theme. Used by every editor of the pane.

import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

const tint = (colour: string, share: number) => `color-mix(in oklab, var(${colour}) ${share}%, transparent)`;

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  // A ligature would hide where somebody's caret is.
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.62", fontVariantLigatures: "none" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-placeholder": { color: "var(--ink-3)" },
  ".cm-gutters": { border: "0", color: "var(--ink-3)", backgroundColor: "var(--bg-sunken)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 14px" },
  ".cm-foldGutter .cm-gutterElement": { width: "14px", color: "var(--ink-3)", cursor: "pointer" },
  ".cm-foldPlaceholder": { border: "0", padding: "0 6px", color: "var(--ink-2)", backgroundColor: "var(--bg-active)" },
  ".cm-activeLine": { backgroundColor: tint("--ink", 5) },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)", fontWeight: "600" },
  ".cm-cursor": { borderLeft: "2px solid var(--ink)" },
  "& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: tint("--brand", 24) },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": { backgroundColor: tint("--brand", 20) },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: tint("--danger", 18) },
  ".cm-selectionMatch": { backgroundColor: tint("--warn", 16) },
  ".cm-searchMatch": { backgroundColor: tint("--warn", 28) },
  ".cm-searchMatch-selected": { backgroundColor: tint("--warn", 55) },
});

const peers = EditorView.theme({
  // Pale, so that every colour of the text keeps its contrast; the line below it carries the person's colour.
  ".cm-peer-sel": { background: tint("--c", 10), boxShadow: "inset 0 -2px 0 var(--c)" },
  ".cm-peer-sel .cm-comment": { color: "var(--ink-2)" },
  ".cm-comment": { color: "var(--syn-comment)", fontStyle: "italic" },
  ".cm-peer": { position: "relative", display: "inline-block", width: "0", height: "1.2em", margin: "0 -1px", verticalAlign: "text-bottom", borderLeft: "2px solid var(--c)" },
  ".cm-peer::after": {
    content: "attr(data-name)",
    position: "absolute",
    bottom: "100%",
    left: "-2px",
    padding: "1px 6px",
    borderRadius: "5px 5px 5px 0",
    font: "620 10.5px/1.45 var(--font)",
    color: "light-dark(#fff, #0b0f10)",
    background: "var(--c)",
    whiteSpace: "nowrap",
    pointerEvents: "none",
    zIndex: "3",
  },
  ".cm-peer.below::after": { bottom: "auto", top: "100%", borderRadius: "0 5px 5px 5px" },
});

const panels = EditorView.theme({
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--bg)", fontFamily: "var(--font)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-tooltip": { border: "1px solid var(--line)", borderRadius: "var(--r2)", backgroundColor: "var(--bg-raised)", boxShadow: "var(--shadow-2)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: "var(--ink)", background: "var(--bg-active)" },
});

/** A draft: what stands in it and is not stored. */
const drafts = EditorView.theme({
  ".cm-came": { backgroundColor: "var(--add-bg)" },
  ".cm-sign": { width: "16px" },
  ".cm-sign .cm-gutterElement": { textAlign: "center", fontWeight: "700", color: "var(--ok)" },
});

/** How every editor of the pane looks. */
export const editorLook: Extension = [look, peers, panels, drafts];

/** The page's nonce for styles: the content security policy refuses a sheet without it. */
export function styleNonce(): Extension {
  return EditorView.cspNonce.of(document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "");
}
