// A small curve as SVG: the figures of a card in a message or of a rule in a pane, with their limit.
// Drawn with attributes only, in colours of the style sheet, so that it follows the theme. It never fetches.

import { el } from "../../dom";
import { clock } from "../../time";
import { axisWords } from "../view/units";

const SVG = "http://www.w3.org/2000/svg";

export interface CurveView {
  /** [seconds since 1970, figure], in order. */
  points: readonly (readonly number[])[];
  /** The range that is shown ends with `end` and is this long. */
  seconds: number;
  end: number;
  threshold: number | null;
  /** Of the figures, as an axis writes them. */
  unit: string;
  /** "", warn or danger: the colour of the line; the threshold has it too. */
  level: string;
  /** What it shows, in a sentence: for whoever does not see it. */
  label: string;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const STEPS_S = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000];
const LABEL_PX = 92;

/** The next figure from `value` on that is pleasant at the end of an axis. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const found = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * (1 - 1e-9));
  return Number(((found ?? 10) * power).toPrecision(6));
}

/** Lowest and highest of the axis: from nought, unless something is below it. */
export function axisOf(points: CurveView["points"], threshold: number | null): [number, number] {
  const figures = points.map((point) => point[1] ?? 0);
  if (threshold !== null) figures.push(threshold);
  const least = Math.min(0, ...figures);
  return [least < 0 ? -niceTop(-least) : 0, niceTop(Math.max(0, ...figures))];
}

/** The moments that are written under a range, so many that they do not touch. */
export function momentsOf(start: number, end: number, width: number): number[] {
  const most = Math.max(1, Math.floor(width / LABEL_PX));
  const step = STEPS_S.find((one) => (end - start) / one <= most) ?? STEPS_S[STEPS_S.length - 1] ?? 3600;
  const moments: number[] = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) moments.push(at);
  return moments;
}

/** A hole of this many ordinary distances is no line: nobody knows what was there. */
const HOLE = 3.5;

/** The points as stretches without holes. */
export function stretchesOf(points: CurveView["points"]): (readonly number[])[][] {
  const gaps = points.slice(1).map((point, index) => (point[0] ?? 0) - (points[index]?.[0] ?? 0)).sort((a, b) => a - b);
  const usual = gaps[Math.floor(gaps.length / 2)] ?? 1;
  const stretches: (readonly number[])[][] = [];
  let before: number | null = null;
  for (const point of points) {
    const at = point[0] ?? 0;
    if (before === null || at - before > usual * HOLE) stretches.push([]);
    stretches[stretches.length - 1]?.push(point);
    before = at;
  }
  return stretches;
}

function shape(name: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(typeof value === "number" ? Math.round(value * 10) / 10 : value));
  if (text !== "") made.textContent = text;
  return made;
}

/** A curve in a place of the page; drawn again when its view or its width changes. */
export class Curve {
  readonly element = el("div", "curve", null, { role: "img" });
  readonly #sizes = new ResizeObserver(() => this.#draw());
  #view: CurveView;

  constructor(view: CurveView) {
    this.#view = view;
    this.element.setAttribute("aria-label", view.label);
    this.#sizes.observe(this.element);
  }

  show(view: CurveView): void {
    this.#view = view;
    this.element.setAttribute("aria-label", view.label);
    this.#draw();
  }

  dispose(): void {
    this.#sizes.disconnect();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width < 80 || height < 40) return;
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
    const box: Box = { left: 44, right: width - 8, top: 20, bottom: height - 20 };
    const { points, threshold, seconds, end, level, unit } = this.#view;
    const start = end - seconds;
    const shown = points.filter(([at = 0]) => at >= start && at <= end);
    const [low, high] = axisOf(shown, threshold);
    const x = (at: number) => box.left + ((at - start) / seconds) * (box.right - box.left);
    const y = (value: number) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
    svg.append(...grid(box, low, high, unit, y), ...this.#moments(box, x));
    for (const stretch of stretchesOf(shown)) svg.append(...line(stretch, level, x, y, y(Math.max(0, low))));
    if (threshold !== null) svg.append(...limit(threshold, level, unit, box, y, nearStart(shown, start, seconds, threshold, high - low)));
    this.element.replaceChildren(svg);
  }

  #moments(box: Box, x: (at: number) => number): SVGElement[] {
    const { seconds, end } = this.#view;
    return momentsOf(end - seconds, end, box.right - box.left)
      .filter((at) => x(at) > box.left + 12 && x(at) < box.right - 12)
      .map((at) => shape("text", { x: x(at), y: box.bottom + 15, "text-anchor": "middle", class: "at" }, moment(at, seconds)));
  }
}

/** A time of day in a short range, a day in a long one. */
function moment(at: number, seconds: number): string {
  const date = new Date(at * 1000);
  if (seconds <= 172_800) return clock(date.toISOString());
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(date);
}

function grid(box: Box, low: number, high: number, unit: string, y: (value: number) => number): SVGElement[] {
  return [low, high].flatMap((value) => [
    shape("line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), class: "rule" }),
    shape("text", { x: box.left - 8, y: y(value) + 4, "text-anchor": "end", class: "at" }, axisWords(value, unit)),
  ]);
}

function line(stretch: (readonly number[])[], level: string, x: (at: number) => number, y: (value: number) => number, floor: number): SVGElement[] {
  const places = stretch.map(([at = 0, value = 0]) => [x(at), y(value)] as const);
  const [first] = places;
  const last = places[places.length - 1];
  if (first === undefined || last === undefined) return [];
  if (places.length === 1) return [shape("circle", { cx: first[0], cy: first[1], r: 2, class: `dot ${level}` })];
  const path = places.map(([left, top], index) => `${index === 0 ? "M" : "L"}${left.toFixed(1)} ${top.toFixed(1)}`).join("");
  const area = `${path}L${last[0].toFixed(1)} ${floor.toFixed(1)}L${first[0].toFixed(1)} ${floor.toFixed(1)}Z`;
  return [shape("path", { d: area, class: `under ${level}` }), shape("path", { d: path, class: `line ${level}` })];
}

/** Whether the line runs near its limit on the left, where the figure would stand. */
function nearStart(points: CurveView["points"], start: number, seconds: number, threshold: number, span: number): boolean {
  return points.some(([at = 0, value = 0]) => at < start + seconds * 0.15 && Math.abs(value - threshold) < span * 0.2);
}

function limit(value: number, level: string, unit: string, box: Box, y: (value: number) => number, right: boolean): SVGElement[] {
  const at = y(value);
  const place = right ? { x: box.right - 2, "text-anchor": "end" } : { x: box.left + 4 };
  const kind = level === "" ? "warn" : level;
  return [
    shape("line", { x1: box.left, x2: box.right, y1: at, y2: at, class: `limit ${kind}` }),
    shape("text", { ...place, y: at - 5, class: `limit ${kind}` }, axisWords(value, unit)),
  ];
}
