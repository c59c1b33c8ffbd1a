// The bar below the text: clock, ticks of the authors, the slider over all versions, flags of the named ones, steps.
// Made by the history's control, which says what to show. It decides nothing.

import { clone, el, part } from "../../dom";
import type { History } from "../../protocol";
import { barsOf, shareOf, ticksOf, type Tick } from "./strip";

export interface BarHooks {
  open(): void;
  /** The thumb is at a version. */
  move(version: number): void;
  /** It rests there; `byPointer` when it was let go. */
  rest(byPointer: boolean): void;
  /** A flag was chosen. */
  show(version: number): void;
  /** One edit (1, -1), or one author's stretch (2, -2). */
  step(by: -2 | -1 | 1 | 2): void;
  /** The pointer let the thumb go; what moved out of its way may move now. */
  letGo(): void;
  play(): void;
  faster(): void;
  isAssistant(author: number): boolean;
}

export interface BarState {
  history: History;
  /** null: the text of now. */
  shown: number | null;
  playing: boolean;
  speed: number;
  /** What the slider says to a screen reader. */
  text: string;
}

const SVG = "http://www.w3.org/2000/svg";
const TICK_PX = 4;
const TICKS_HEIGHT = 20;

const KEYS: Record<string, -2 | -1 | 1 | 2> = { PageUp: 2, PageDown: -2, ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 };

export class Bar {
  readonly element = clone("t-code-history");
  readonly #hooks: BarHooks;
  readonly #slider = part<HTMLInputElement>(this.element, "[data-part=slider]");
  readonly #ticks = part(this.element, "[data-part=ticks]");
  readonly #flags = part(this.element, "[data-part=flags]");
  readonly #watching = new ResizeObserver(() => this.#resized());
  #width = 0;
  #drawn: { history: History | null; ticks: Tick[] } = { history: null, ticks: [] };
  #state: BarState | null = null;
  /** The pointer has the thumb. */
  isHeld = false;
  readonly #ending = new AbortController();

  constructor(hooks: BarHooks) {
    this.#hooks = hooks;
    const { element } = this;
    const slider = this.#slider;
    slider.addEventListener("input", () => hooks.move(Number(slider.value)));
    slider.addEventListener("change", () => hooks.rest(this.isHeld));
    slider.addEventListener("pointerdown", () => (this.isHeld = true));
    // Let go anywhere; the change that it makes comes first.
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => this.isHeld && setTimeout(() => this.#letGo()), { signal: this.#ending.signal });
    slider.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#clicked(event));
    this.#watching.observe(this.#ticks);
  }

  close(): void {
    this.#ending.abort();
    this.#watching.disconnect();
    this.element.remove();
  }

  focus(): void {
    this.#slider.focus({ preventScroll: true });
  }

  #letGo(): void {
    this.isHeld = false;
    this.#hooks.letGo();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = KEYS[event.key];
    if (step === undefined && event.key !== " ") return;
    event.preventDefault();
    if (step === undefined) this.#hooks.play();
    else this.#hooks.step(step);
  }

  #clicked(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-history], [data-version]") : null;
    const version = target?.dataset["version"];
    if (version !== undefined) return this.#hooks.show(Number(version));
    const acts: Record<string, () => void> = {
      open: () => this.#hooks.open(),
      back: () => this.#hooks.step(-1),
      forth: () => this.#hooks.step(1),
      play: () => this.#hooks.play(),
      faster: () => this.#hooks.faster(),
    };
    acts[target?.dataset["history"] ?? ""]?.();
  }

  draw(state: BarState): void {
    const before = this.#state;
    this.#state = state;
    const { history, shown, playing, speed, text } = state;
    const { element } = this;
    const slider = this.#slider;
    const at = shown ?? history.version;
    slider.min = String(history.oldest);
    slider.max = String(history.version);
    if (slider.value !== String(at)) slider.value = String(at);
    slider.setAttribute("aria-valuetext", text);
    slider.disabled = history.version === history.oldest;
    element.classList.toggle("looking", shown !== null);
    // The track keeps its place while the thumb is held, else it would slip from under the pointer.
    if (!this.isHeld) {
      part(element, "[data-part=open]").hidden = shown !== null;
      part(element, "[data-part=steps]").hidden = shown === null;
    }
    part(element, "[data-part=live]").hidden = shown !== null;
    part(element, "[data-part=count]").hidden = shown === null;
    part(element, "[data-part=at]").textContent = String(at);
    part(element, "[data-part=of]").textContent = `/ ${history.version}`;
    part<HTMLButtonElement>(element, "[data-part=back]").disabled = at <= history.oldest;
    part<HTMLButtonElement>(element, "[data-part=forth]").disabled = at >= history.version;
    if (before?.playing !== playing || before.speed !== speed) this.#drawPlay(playing, speed);
    if (before?.history.named !== history.named || before.history.version !== history.version) this.#drawFlags(history);
    if (before?.history !== history || before.shown !== shown) this.#drawTicks();
  }

  #drawPlay(playing: boolean, speed: number): void {
    const play = part(this.element, "[data-part=play]");
    play.setAttribute("aria-label", playing ? "Pause" : "Play history");
    part(play, "[data-part=pause-icon]").toggleAttribute("hidden", !playing);
    part(play, "[data-part=play-icon]").toggleAttribute("hidden", playing);
    const faster = part(this.element, "[data-part=faster]");
    faster.hidden = !playing;
    faster.textContent = `${speed}×`;
    faster.setAttribute("aria-label", `Speed: ${speed} times`);
  }

  #drawFlags(history: History): void {
    const flags = history.named.map(({ version, name }) => {
      const flag = el("span", "flag", null, { "data-version": String(version), title: `${name}, version ${version}` });
      flag.style.left = `${(shareOf(history, version) * 100).toFixed(2)}%`;
      return flag;
    });
    this.#flags.replaceChildren(...flags);
  }

  #resized(): void {
    const width = this.#ticks.clientWidth;
    if (width === this.#width) return;
    this.#width = width;
    this.#drawn = { history: null, ticks: [] };
    this.#drawTicks();
  }

  #drawTicks(): void {
    const state = this.#state;
    const width = this.#width;
    if (state === null || width === 0) return;
    const { history, shown } = state;
    if (this.#drawn.history !== history) this.#drawn = { history, ticks: ticksOf(history, Math.floor(width / TICK_PX), (author) => this.#hooks.isAssistant(author)) };
    this.#ticks.setAttribute("viewBox", `0 0 ${width} ${TICKS_HEIGHT}`);
    const paths = barsOf(this.#drawn.ticks, history, shown ?? history.version, width, TICKS_HEIGHT).map(({ colour, later, path }) => {
      const bars = document.createElementNS(SVG, "path");
      bars.setAttribute("class", later ? `${colour} later` : colour);
      bars.setAttribute("d", path);
      return bars;
    });
    this.#ticks.replaceChildren(...paths);
  }
}
