// A chart as a table: its figures in the shown range, newest first. Made by bodies.ts in place of the chart.

import { el } from "../../dom";
import type { PanelView } from "../../protocol";
import { curvesOf, type Body, type Scene } from "./scene";
import { moment, wordsOf } from "./units";

const ROWS_MOST = 500;

export class FiguresTable implements Body {
  readonly element = el("div", "tablewrap");
  readonly #scene: Scene;
  readonly #head = el("thead");
  readonly #rows = el("tbody");
  #view: PanelView;
  #drawn = "";

  constructor(scene: Scene, view: PanelView) {
    this.#scene = scene;
    this.#view = view;
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "region");
    const table = el("table", "tbl");
    table.append(this.#head, this.#rows);
    this.element.append(table);
  }

  update(view: PanelView): void {
    this.#view = view;
    this.draw();
  }

  draw(): void {
    const { curves, unit } = curvesOf(this.#scene, this.#view);
    this.element.setAttribute("aria-label", `${this.#view.title || "Chart"}, as a table, newest first`);
    const found = curves.map(({ points }) => new Map(points.at.map((at, index) => [at, points.value[index] ?? null])));
    const moments = [...new Set(curves.flatMap(({ points }) => points.at))].sort((one, other) => other - one).slice(0, ROWS_MOST);
    const cells = moments.map((at) => [moment(at, this.#scene.samples.step, this.#scene.now()), ...found.map((values) => (values.has(at) ? wordsOf(values.get(at) ?? null, unit) : ""))]);
    const heads = ["Time", ...curves.map(({ label }) => label)];
    const drawn = JSON.stringify([heads, cells]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const head = el("tr");
    head.append(...heads.map((text, index) => el("th", index === 0 ? "" : "r", text, { scope: "col" })));
    this.#head.replaceChildren(head);
    this.#rows.replaceChildren(...cells.map((texts) => this.#row(texts)));
  }

  #row(texts: readonly string[]): HTMLElement {
    const row = el("tr");
    row.append(...texts.map((text, index) => el("td", index === 0 ? "num" : "r", text === "no figure" ? "no data" : text)));
    return row;
  }

  dispose(): void {
    this.element.replaceChildren();
  }
}
