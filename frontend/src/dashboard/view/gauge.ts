// A figure between two ends, as an arc, with thresholds as the ring around it. Made by bodies.ts.
// Drawn with attributes in colours of the sheet, so that it follows the theme.

import { el } from "../../dom";
import type { PanelView } from "../../protocol";
import { arc, gaugeEnds } from "./arc";
import { curvesOf, levelOf, type Body, type Scene } from "./scene";
import { partsOf, wordsOf } from "./units";

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 50;
const RING = 58;

function path(className: string): SVGPathElement {
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("class", className);
  return made;
}

export class Gauge implements Body {
  readonly element = el("div", "gauge");
  readonly #scene: Scene;
  readonly #svg = document.createElementNS(SVG, "svg");
  readonly #back = path("bg");
  readonly #front = path("fg");
  readonly #ring = document.createElementNS(SVG, "g");
  readonly #figure = el("span");
  readonly #unit = el("small");
  readonly #about = el("p", "muted");
  #view: PanelView;
  staleSince: number | null = null;
  level = "";

  constructor(scene: Scene, view: PanelView) {
    this.#scene = scene;
    this.#view = view;
    this.#svg.setAttribute("viewBox", "0 0 132 76");
    this.#svg.setAttribute("role", "img");
    this.#back.setAttribute("d", arc(RADIUS, 0, 1));
    this.#svg.append(this.#back, this.#front, this.#ring);
    const value = el("p", "value");
    value.append(this.#figure, this.#unit);
    this.element.append(this.#svg, value, this.#about);
  }

  update(view: PanelView): void {
    this.#view = view;
    this.draw();
  }

  dispose(): void {
    this.#svg.replaceChildren();
  }

  draw(): void {
    const view = this.#view;
    const { curves, unit, staleSince } = curvesOf(this.#scene, view);
    const value = curves[0]?.last ?? null;
    const [low, high] = gaugeEnds(view, unit, value ?? 0);
    const share = value === null ? 0 : Math.min(1, Math.max(0, (value - low) / (high - low)));
    this.staleSince = staleSince;
    this.level = levelOf(value, view);
    this.element.dataset["level"] = this.level;
    this.#front.setAttribute("d", share > 0.005 ? arc(RADIUS, 0, share) : "");
    this.#drawRing(low, high);
    const [figure, of] = value === null ? ["–", ""] : partsOf(value, unit);
    this.#figure.textContent = figure;
    this.#unit.textContent = of;
    const about = this.#aboutWords(high, unit);
    this.#about.textContent = about;
    this.#svg.setAttribute("aria-label", `${view.title || "Gauge"}: ${wordsOf(value, unit)}${about === "" ? "" : `, ${about}`}`);
  }

  #aboutWords(high: number, unit: string): string {
    const { low, thresholds } = this.#view;
    const whole = unit === "%" && low === null ? "" : `of ${wordsOf(high, unit)}`;
    const [first] = thresholds;
    const limit = first === undefined ? "" : `${first.level} ${first.below ? "below" : "from"} ${wordsOf(first.value, unit)}`;
    return [whole, limit].filter((text) => text !== "").join(", ");
  }

  #drawRing(low: number, high: number): void {
    const over = this.#view.thresholds.filter(({ below }) => !below).sort((one, other) => one.value - other.value);
    const under = this.#view.thresholds.filter(({ below }) => below).sort((one, other) => one.value - other.value);
    const share = (value: number) => Math.min(1, Math.max(0, (value - low) / (high - low)));
    const pieces = [
      ...over.map(({ level, value }, index) => ({ level, from: share(value), to: share(over[index + 1]?.value ?? high) })),
      ...under.map(({ level, value }, index) => ({ level, from: share(under[index - 1]?.value ?? low), to: share(value) })),
    ];
    this.#ring.replaceChildren(
      ...pieces.filter(({ from, to }) => to > from).map(({ level, from, to }) => {
        const piece = path(`g-${level}`);
        piece.setAttribute("d", arc(RING, from, to));
        return piece;
      }),
    );
  }
}
