// One figure, large, with what it did in the range below it and how it changed. Made by bodies.ts.

import { el } from "../../dom";
import type { PanelView } from "../../protocol";
import { changeWords, statFigure } from "./changes";
import { Chart } from "./chart";
import { curvesOf, levelOf, type Body, type Scene } from "./scene";
import { partsOf } from "./units";

export class Stat implements Body {
  readonly element = el("div", "stat");
  readonly chip = el("span", "delta num");
  readonly #scene: Scene;
  readonly #value = el("p", "value");
  readonly #figure = el("span");
  readonly #unit = el("small");
  readonly #spark: Chart;
  #view: PanelView;
  /** For the card: whether the figure is old. */
  staleSince: number | null = null;
  level = "";

  constructor(scene: Scene, view: PanelView) {
    this.#scene = scene;
    this.#view = view;
    this.#spark = new Chart(scene, view, true);
    this.#spark.element.classList.add("spark");
    this.#value.append(this.#figure, this.#unit);
    this.element.append(this.#value, this.#spark.element);
  }

  update(view: PanelView): void {
    this.#view = view;
    this.#spark.update(view);
    this.draw();
  }

  recolour(): void {
    this.#spark.recolour();
  }

  dispose(): void {
    this.#spark.dispose();
  }

  draw(): void {
    const aggregate = this.#view.series[0]?.aggregate ?? "last";
    const { curves, unit, staleSince } = curvesOf(this.#scene, this.#view, aggregate === "sum");
    const values = curves[0]?.points.value ?? [];
    const value = statFigure(values, aggregate);
    const [figure, of] = value === null ? ["–", ""] : partsOf(value, unit);
    if (this.#figure.textContent !== figure) this.#figure.textContent = figure;
    if (this.#unit.textContent !== of) this.#unit.textContent = of;
    this.staleSince = staleSince;
    this.level = levelOf(value, this.#view);
    this.#drawChip(values, unit, aggregate);
    this.#spark.draw();
  }

  #drawChip(values: readonly (number | null)[], unit: string, aggregate: string): void {
    const { text, rises } = changeWords(values, unit, aggregate);
    this.chip.hidden = text === "" || this.staleSince !== null || this.level !== "";
    if (this.chip.textContent !== text) this.chip.textContent = text;
    // Where too much is worth a warning, more is worse.
    const worse = this.#view.thresholds[0] === undefined ? false : this.#view.thresholds[0].below ? !rises : rises;
    this.chip.classList.toggle("bad", worse);
    this.chip.classList.toggle("flat", !worse && !rises);
    this.chip.title = "Compared with the beginning of the range";
  }
}
