// The kinds of panels: what they are called, their icon, and how large a new one is. Pure but for the icons.

import { icon } from "../../dom";
import type { PanelView } from "../../protocol";

interface Kind {
  kind: string;
  text: string;
  symbol: string;
  icon(): SVGElement;
  size: readonly [number, number];
  /** What it shows: series, a source or text. */
  of: "series" | "table" | "log" | "text";
}

export const KINDS: readonly Kind[] = [
  { kind: "line", text: "Line", symbol: "chart-line", icon: () => icon("chart-line"), size: [6, 4], of: "series" },
  { kind: "area", text: "Area", symbol: "chart-area", icon: () => icon("chart-area"), size: [6, 4], of: "series" },
  { kind: "stat", text: "Stat", symbol: "hash", icon: () => icon("hash"), size: [4, 2], of: "series" },
  { kind: "gauge", text: "Gauge", symbol: "gauge", icon: () => icon("gauge"), size: [4, 4], of: "series" },
  { kind: "table", text: "Table", symbol: "table", icon: () => icon("table"), size: [6, 4], of: "table" },
  { kind: "log", text: "Log", symbol: "scroll-text", icon: () => icon("scroll-text"), size: [4, 4], of: "log" },
  { kind: "text", text: "Text", symbol: "type", icon: () => icon("type"), size: [4, 3], of: "text" },
];

export function kindOf(name: string): Kind {
  const found = KINDS.find(({ kind }) => kind === name) ?? KINDS[0];
  if (found === undefined) throw new Error("There are no kinds of panels.");
  return found;
}

/** A panel of nothing yet. */
export function emptyPanel(id: string, kind: string, place: { x: number; y: number }): PanelView {
  const [w, h] = kindOf(kind).size;
  const nothing = { series: [], unit: "", low: null, high: null, thresholds: [], source: "", text: "", html: "" };
  return { id, kind, title: "", ...place, w, h, ...nothing, version: 1 };
}

/** What a panel is called where it has no title. */
export function titleOf(panel: Pick<PanelView, "title" | "kind">): string {
  return panel.title === "" ? `${kindOf(panel.kind).text} panel` : panel.title;
}
