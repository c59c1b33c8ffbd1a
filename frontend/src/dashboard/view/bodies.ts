// What stands in a panel of each kind. Used by the cards of a board, and by editing for its previews.

import type { PanelView } from "../../protocol";
import { Chart } from "./chart";
import { FiguresTable } from "./figures_table";
import { Gauge } from "./gauge";
import { Log, Table, TextBody } from "./lists";
import type { Body, Scene } from "./scene";
import { Stat } from "./stat";

/** Kinds whose figures can be read as a table instead. */
export const CHARTS: readonly string[] = ["line", "area", "stat", "gauge"];

export function makeBody(scene: Scene, view: PanelView, asTable = false): Body {
  if (asTable && CHARTS.includes(view.kind)) return new FiguresTable(scene, view);
  switch (view.kind) {
    case "stat":
      return new Stat(scene, view);
    case "gauge":
      return new Gauge(scene, view);
    case "table":
      return new Table(scene, view);
    case "log":
      return new Log(scene, view);
    case "text":
      return new TextBody(view);
    default:
      return new Chart(scene, view);
  }
}
