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
  /** By moment: whoever reads a row, or has scrolled to it, keeps it while newer ones come. */
  readonly #known = new Map<number, HTMLElement>();
  #view: PanelView;
  #drawn = "";
  #heads = "";

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
    const words = (value: number | null) => (value === null ? "no data" : wordsOf(value, unit));
    const cells = moments.map((at) => [moment(at, this.#scene.samples.step, this.#scene.now()), ...found.map((values) => (values.has(at) ? words(values.get(at) ?? null) : ""))]);
    const heads = ["Time", ...curves.map(({ label }) => label)];
    const drawn = JSON.stringify([heads, moments, cells]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#drawHead(heads);
    this.#drawRows(moments, cells);
  }

  /** With other columns all rows are others. */
  #drawHead(heads: readonly string[]): void {
    const drawn = JSON.stringify(heads);
    if (drawn === this.#heads) return;
    this.#heads = drawn;
    const head = el("tr");
    head.append(...heads.map((text, index) => el("th", index === 0 ? "" : "r", text, { scope: "col" })));
    this.#head.replaceChildren(head);
    this.#known.clear();
    this.#rows.replaceChildren();
  }

  #drawRows(moments: readonly number[], cells: readonly (readonly string[])[]): void {
    const wanted = new Set(moments);
    for (const [at, row] of this.#known) {
      if (wanted.has(at)) continue;
      row.remove();
      this.#known.delete(at);
    }
    let next = this.#rows.firstElementChild;
    moments.forEach((at, index) => {
      const row = this.#row(at, cells[index] ?? []);
      if (row === next) next = row.nextElementSibling;
      else this.#rows.insertBefore(row, next);
    });
  }

  #row(at: number, texts: readonly string[]): HTMLElement {
    let row = this.#known.get(at);
    if (row === undefined) {
      row = el("tr");
      row.append(...texts.map((_, index) => el("td", index === 0 ? "num" : "r")));
      this.#known.set(at, row);
    }
    texts.forEach((text, index) => {
      const cell = row.children[index];
      if (cell !== undefined && cell.textContent !== text) cell.textContent = text;
    });
    return row;
  }

  dispose(): void {
    this.#known.clear();
    this.element.replaceChildren();
  }
}
