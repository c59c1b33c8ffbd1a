// Lines and areas: a uPlot in a panel, with thresholds, gaps as gaps, the crosshair of the board and zooming by dragging.
// Colours are resolved, for a canvas knows nothing of the sheet. Made by bodies.ts.

import uPlot from "uplot";

import { el } from "../../dom";
import type { PanelView } from "../../protocol";
import { resolved, thin } from "./colours";
import { valueIn } from "../series";
import { drawMarks, type Marks } from "./marks";
import { aligned } from "./aligned";
import { curvesOf, type Body, type Curves, type Scene } from "./scene";
import { isLive, rangeWords } from "./ranges";
import { axisMoment, axisWords, wordsOf } from "./units";

const LEAST_PX = 40;
/** More points than this are drawn straight from one to the next: nobody would see the difference. */
const SMOOTH_MOST = 240;
const SENTENCE_MS = 5_000;
const FONT = '11px "Inter", sans-serif';

const linear = uPlot.paths.linear?.();
const spline = uPlot.paths.spline?.();

function paths(plot: uPlot, series: number, from: number, to: number): uPlot.Series.Paths | null {
  return (to - from <= SMOOTH_MOST ? spline : linear)?.(plot, series, from, to) ?? null;
}

export class Chart implements Body {
  readonly element = el("div", "plot");
  readonly legend = el("div", "legend");
  readonly #scene: Scene;
  readonly #sparkline: boolean;
  readonly #sizes = new ResizeObserver(() => this.#resize());
  #view: PanelView;
  #curves: Curves = { curves: [], hidden: 0, unit: "", staleSince: null };
  #plot: uPlot | null = null;
  #made = "";
  #hovered = false;
  #saidAt = 0;

  constructor(scene: Scene, view: PanelView, sparkline = false) {
    this.#scene = scene;
    this.#view = view;
    this.#sparkline = sparkline;
    if (sparkline) this.element.setAttribute("aria-hidden", "true");
    else {
      this.element.setAttribute("role", "img");
      this.element.setAttribute("aria-label", view.title || "Chart");
    }
    this.#sizes.observe(this.element);
  }

  get curves(): Curves {
    return this.#curves;
  }

  update(view: PanelView): void {
    this.#view = view;
    this.#saidAt = 0;
    this.draw();
  }

  recolour(): void {
    this.#made = "";
    this.draw();
  }

  dispose(): void {
    this.#sizes.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
    // The pointer does not leave what is taken from under it.
    if (this.#hovered) this.#scene.cross(null);
  }

  draw(): void {
    this.#curves = curvesOf(this.#scene, this.#view);
    if (this.element.clientWidth < LEAST_PX || this.element.clientHeight < LEAST_PX / 2) return;
    const data = aligned(this.#curves.curves.map(({ points }) => points));
    const made = JSON.stringify([this.#view.kind, this.#curves.unit, this.#curves.curves.map(({ label, colour }) => [label, colour])]);
    if (this.#plot === null || made !== this.#made) {
      this.#made = made;
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(), data, this.element);
      this.#drawLegend();
    } else {
      // At once, not in a microtask after the frame: whoever asked counts how long it takes.
      const plot = this.#plot;
      plot.batch(() => plot.setData(data));
    }
    this.#mark();
    this.#say();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width < LEAST_PX || height < LEAST_PX / 2) return;
    if (this.#plot === null) this.draw();
    else this.#plot.setSize({ width, height });
  }

  // How it is drawn

  #options(): uPlot.Options {
    const sparkline = this.#sparkline;
    const { clientWidth: width, clientHeight: height } = this.element;
    return {
      width,
      height,
      padding: sparkline ? [4, 0, 0, 0] : [10, 8, 0, 0],
      legend: { show: false },
      cursor: sparkline ? { show: false } : { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false, dist: 6 }, bind: { dblclick: () => () => null } },
      scales: { x: { time: true, range: () => [this.#scene.start(), this.#scene.end()] }, y: { range: (_, low, high) => this.#ends(low, high) } },
      axes: sparkline ? [{ show: false }, { show: false }] : this.#axes(),
      series: [{}, ...this.#curves.curves.map(({ colour, label }, index) => this.#series(colour, label, index))],
      hooks: sparkline ? { draw: [(plot) => drawMarks(plot, this.#marks())] } : { draw: [(plot) => drawMarks(plot, this.#marks())], setCursor: [(plot) => this.#pointed(plot)], setSelect: [(plot) => this.#selected(plot)], ready: [(plot) => this.#listen(plot)] },
    };
  }

  #axes(): uPlot.Axis[] {
    const ink = resolved("--ink-3");
    const { unit } = this.#curves;
    const seconds = this.#scene.end() - this.#scene.start();
    return [
      { stroke: ink, font: FONT, grid: { show: false }, ticks: { show: false }, size: 26, gap: 8, space: 66, values: (_, splits) => splits.map((at, index) => axisMoment(at, seconds, (splits[index + 1] ?? at + 60) - at)) },
      { stroke: ink, font: FONT, grid: { stroke: resolved("--line"), width: 1 }, ticks: { show: false }, gap: 8, space: 34, size: (_, values) => Math.max(28, ...(values ?? []).map((text) => text.length * 6.5 + 12)), values: (_, splits) => splits.map((value) => axisWords(value, unit)) },
    ];
  }

  #series(property: string, label: string, index: number): uPlot.Series {
    const colour = resolved(property);
    const fills = this.#view.kind === "area" ? index === 0 || this.#curves.curves.length < 3 : this.#sparkline || this.#curves.curves.length === 1;
    const top = this.#view.kind === "area" ? 0.26 : 0.14;
    return {
      label,
      stroke: colour,
      width: this.#sparkline ? 1.75 : 2,
      spanGaps: false,
      paths,
      points: { show: false },
      ...(fills ? { fill: (plot: uPlot) => gradient(plot, colour, top) } : {}),
    };
  }

  /** The ends of the axis: from nought, unless something is below it or somebody chose. A sparkline shows movement alone. */
  #ends(low: number | null, high: number | null): [number, number] {
    const view = this.#view;
    const [least, most] = [low ?? 0, high ?? 1];
    if (this.#sparkline) {
      const span = most - least || Math.abs(most) || 1;
      return [least - span * 0.3, most + span * 0.05];
    }
    const limits = view.thresholds.map(({ value }) => value * 1.12);
    const top = view.high ?? Math.max(most + (most - Math.min(0, least)) * 0.12, ...limits);
    const bottom = view.low ?? Math.min(0, least * 1.1);
    return top > bottom ? [bottom, top] : [bottom, bottom + 1];
  }

  #marks(): Marks {
    const { curves, staleSince } = this.#curves;
    // Below a figure that is none there is no curve to have a gap.
    const gaps = this.#sparkline && curves.every(({ last }) => last === null) ? [] : this.#scene.samples.gaps;
    return { gaps, staleSince, thresholds: this.#sparkline ? [] : this.#view.thresholds, words: !this.#sparkline, unit: this.#curves.unit };
  }

  // The crosshair and the zoom

  #listen(plot: uPlot): void {
    plot.over.addEventListener("pointerenter", () => (this.#hovered = true));
    plot.over.addEventListener("pointerleave", () => {
      this.#hovered = false;
      this.#scene.cross(null);
    });
    plot.over.addEventListener("dblclick", () => this.#scene.unzoom());
  }

  #pointed(plot: uPlot): void {
    if (!this.#hovered) return;
    const { idx } = plot.cursor;
    this.#scene.cross(idx == null ? null : (plot.data[0][idx] ?? null));
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 1) return;
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#scene.zoom(from, to);
  }

  /** Another panel, or a key, moved the crosshair of the board. */
  cross(): void {
    this.#mark();
    const plot = this.#plot;
    if (plot === null) return;
    const at = this.#scene.crossed();
    if (this.#hovered) return;
    plot.setCursor(at === null ? { left: -10, top: -10 } : { left: plot.valToPos(at, "x"), top: 0 }, false);
  }

  // Words

  #drawLegend(): void {
    const { curves } = this.#curves;
    this.legend.replaceChildren(...curves.map(({ label, colour }) => legendEntry(label, colour)));
    this.legend.classList.toggle("single", curves.length < 2);
  }

  /** The figures under the crosshair stand behind the names. */
  #mark(): void {
    const at = this.#scene.crossed();
    const { curves, unit } = this.#curves;
    this.legend.classList.toggle("crossed", at !== null);
    this.legend.querySelectorAll("b").forEach((place, index) => {
      const text = at === null ? "" : wordsOf(valueIn(curves[index]?.points, at), unit);
      if (place.textContent !== text) place.textContent = text;
    });
  }

  /** What the picture shows, for whoever does not see it. */
  #say(): void {
    if (this.#sparkline || performance.now() - this.#saidAt < SENTENCE_MS) return;
    this.#saidAt = performance.now();
    const { curves, unit } = this.#curves;
    const range = this.#scene.range();
    const parts = curves.map(({ label, last, points }) => {
      const values = points.value.filter((value) => value !== null);
      return values.length === 0 ? `${label}: no figures` : `${label} ${wordsOf(last, unit)}, between ${wordsOf(Math.min(...values), unit)} and ${wordsOf(Math.max(...values), unit)}`;
    });
    const when = isLive(range) ? rangeWords(range).toLowerCase() : rangeWords(range);
    this.element.setAttribute("aria-label", `${this.#view.title || "Chart"}, ${when}: ${parts.length === 0 ? "no figures" : parts.join("; ")}`);
  }
}

function gradient(plot: uPlot, colour: string, top: number): CanvasGradient | string {
  const { top: from, height } = plot.bbox;
  if (!Number.isFinite(from + height)) return "transparent";
  const made = plot.ctx.createLinearGradient(0, from, 0, from + height);
  made.addColorStop(0, thin(colour, top));
  made.addColorStop(1, thin(colour, 0));
  return made;
}

function legendEntry(label: string, colour: string): HTMLElement {
  const entry = el("span");
  const swatch = el("i", "", null, { "aria-hidden": "true" });
  swatch.style.setProperty("--c", `var(${colour})`);
  entry.append(swatch, el("span", "label", label), el("b", "num"));
  return entry;
}
