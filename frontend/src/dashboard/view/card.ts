// A panel of a board as one reads it: its title, what it shows, how it stands, and its menu. Made by the view of a board.

import { clone, el, icon, part } from "../../dom";
import type { PanelView } from "../../protocol";
import { titleOf } from "../edit/kinds";
import { CHARTS, makeBody } from "./bodies";
import { Chart } from "./chart";
import { Gauge } from "./gauge";
import { curvesOf, levelOf, type Body, type Curve, type Scene } from "./scene";
import { Stat } from "./stat";
import { ago, moment, span } from "./units";

export interface CardHooks {
  menu(card: PanelCard, anchor: HTMLElement): void;
  /** Moves the crosshair by steps. */
  step(card: PanelCard, steps: number): void;
  escape(): void;
}

const LEVELS: Readonly<Record<string, string>> = { warn: "Warn", danger: "Danger" };
const FAR = 10;

export class PanelCard {
  readonly element = clone("t-panel");
  view: PanelView;
  asTable: boolean;
  readonly #scene: Scene;
  readonly #place = part(this.element, "[data-part=body]");
  readonly #chips = part(this.element, "[data-part=chips]");
  readonly #note = part(this.element, "[data-part=note]");
  #body: Body;
  #said = "";

  constructor(scene: Scene, hooks: CardHooks, view: PanelView, asTable: boolean) {
    this.#scene = scene;
    this.view = view;
    this.asTable = asTable;
    this.#body = this.#make();
    const menu = part(this.element, "[data-part=menu]");
    menu.onclick = () => hooks.menu(this, menu);
    this.element.addEventListener("keydown", (event) => this.#key(event, hooks, menu));
    this.#head();
  }

  update(view: PanelView): void {
    const isOther = view.kind !== this.view.kind;
    this.view = view;
    if (isOther) this.#remake();
    else this.#body.update(view);
    this.#head();
  }

  showAsTable(asTable: boolean): void {
    this.asTable = asTable;
    this.#remake();
    this.draw();
  }

  get isChart(): boolean {
    return CHARTS.includes(this.view.kind);
  }

  dispose(): void {
    this.#body.dispose();
    this.element.remove();
  }

  cross(): void {
    this.#body.cross?.(this.#scene.crossed());
  }

  recolour(): void {
    this.#body.recolour?.();
  }

  draw(): void {
    this.#body.draw();
    this.#state();
  }

  #make(): Body {
    const body = makeBody(this.#scene, this.view, this.asTable);
    this.#place.replaceChildren(body.element);
    part(this.element, "[data-part=legend]").replaceChildren(...(body instanceof Chart ? [body.legend] : body instanceof Stat ? [body.chip] : []));
    this.element.dataset["kind"] = this.asTable && this.isChart ? "figures" : this.view.kind;
    return body;
  }

  #remake(): void {
    this.#body.dispose();
    this.#said = "";
    this.#body = this.#make();
  }

  #head(): void {
    const title = titleOf(this.view);
    part(this.element, "[data-part=title]").textContent = title;
    this.element.setAttribute("aria-label", title);
    part(this.element, "[data-part=menu]").setAttribute("aria-label", `Menu of ${title}`);
  }

  // How it stands

  #state(): void {
    if (!this.isChart) return;
    const body = this.#body;
    const { curves, hidden, staleSince } = body instanceof Chart ? body.curves : curvesOf(this.#scene, this.view);
    const level = body instanceof Stat || body instanceof Gauge ? body.level : (["danger", "warn"].find((one) => curves.some(({ last }) => levelOf(last, this.view) === one)) ?? "");
    const gap = body instanceof Chart ? this.#gap(staleSince) : "";
    const good = body instanceof Gauge && level === "" && this.view.thresholds.length > 0 && curves.some(({ last }) => last !== null);
    const note = this.#words(curves, hidden, staleSince);
    const said = JSON.stringify([level, gap, good, note, staleSince !== null]);
    if (said === this.#said) return;
    this.#said = said;
    this.element.classList.toggle("stale", staleSince !== null);
    this.#chips.replaceChildren(
      ...(staleSince === null ? [] : [chip("warn", icon("clock"), "Stale")]),
      ...(level === "" || staleSince !== null ? [] : [chip(level, icon("triangle-alert"), LEVELS[level] ?? level)]),
      ...(good && staleSince === null ? [chip("ok", icon("check"), "Good")] : []),
      ...(gap === "" ? [] : [chip("gap", icon("unplug"), `Gap ${gap}`)]),
    );
    this.#note.textContent = note;
    this.#note.hidden = note === "";
    this.#note.classList.toggle("old", staleSince !== null);
  }

  #words(curves: readonly Curve[], hidden: number, staleSince: number | null): string {
    const others = hidden === 1 ? "1 series here is not open to you" : `${hidden} series here are not open to you`;
    if (curves.length === 0) return hidden > 0 ? `${others}.` : "No series is chosen yet.";
    const nothing = curves.every(({ last }) => last === null) ? "Nothing was measured in this range." : "";
    if (staleSince === null) return [nothing, hidden > 0 ? `${others}.` : ""].filter((text) => text !== "").join(" ");
    const now = this.#scene.now();
    return `Last figure ${moment(staleSince, now - staleSince < 120 ? 1 : 60, now)}, ${ago(now - staleSince)} ago`;
  }

  /** The newest time in the range in which nobody recorded. */
  #gap(staleSince: number | null): string {
    const [from, to] = [this.#scene.start(), staleSince ?? this.#scene.end()];
    const seen = this.#scene.samples.gaps.filter(([start = 0, end = 0]) => end > from && start < to && start > from + this.#scene.samples.step);
    const [start = 0, end = 0] = seen[seen.length - 1] ?? [];
    return end > start && end < to ? span(start, end, this.#scene.now()) : "";
  }

  #key(event: KeyboardEvent, hooks: CardHooks, menu: HTMLElement): void {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? FAR : 1;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => hooks.step(this, -far),
      ArrowRight: () => hooks.step(this, far),
      Enter: () => hooks.menu(this, menu),
      Escape: () => hooks.escape(),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

function chip(level: string, symbol: SVGElement, text: string): HTMLElement {
  const made = el("span", `minichip ${level}`);
  made.append(symbol, text);
  return made;
}
