// The range of time of a board: the usual ones, or from one moment to another. A popover at its button, on a phone a sheet by
// the style sheet alone. Made by the view of a board.

import { el, icon, part } from "../../dom";
import { placeBeside } from "../../chat/place";
import { fieldOf, isLive, LEAST_S, momentIn, RANGES, rangeWords, type Range } from "./ranges";

export class RangeMenu {
  readonly #button: HTMLElement;
  readonly #box: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #chosen: (range: Range) => Promise<void>;
  #range: Range = { seconds: 900 };
  /** The press that opened or closed it began while it was open: the browser has closed it by then. */
  #wasOpen = false;

  constructor(root: HTMLElement, chosen: (range: Range) => Promise<void>) {
    this.#button = part(root, "[data-board-act=range]");
    this.#box = part(root, "[data-part=ranges]");
    this.#form = part<HTMLFormElement>(this.#box, "form");
    this.#chosen = chosen;
    this.#button.onpointerdown = () => (this.#wasOpen = this.#box.matches(":popover-open"));
    this.#button.onclick = () => this.#press();
    this.#box.addEventListener("toggle", (event) => this.#button.setAttribute("aria-expanded", String((event as ToggleEvent).newState === "open")));
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#apply();
    };
    part(this.#box, "[data-part=zone]").textContent = `Times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
    this.#drawChoices();
  }

  show(range: Range, now: number): void {
    this.#range = range;
    part(this.#button, "[data-part=range-text]").textContent = rangeWords(range);
    const [from, to] = isLive(range) ? [now - range.seconds, now] : [range.from, range.to];
    if (this.#box.matches(":popover-open")) return;
    part<HTMLInputElement>(this.#form, "[name=from]").value = fieldOf(from);
    part<HTMLInputElement>(this.#form, "[name=to]").value = fieldOf(to);
  }

  #drawChoices(): void {
    part(this.#box, "[data-part=choices]").replaceChildren(
      ...RANGES.map(([seconds, text]) => {
        const pressed = isLive(this.#range) && this.#range.seconds === seconds;
        const button = el("button", "", null, { type: "button", "aria-pressed": String(pressed) });
        if (pressed) button.append(icon("check"));
        button.append(text);
        button.onclick = () => this.#choose({ seconds });
        return button;
      }),
    );
  }

  #press(): void {
    const wasOpen = this.#wasOpen;
    this.#wasOpen = false;
    if (wasOpen) this.#box.hidePopover();
    else this.#open();
  }

  #open(): void {
    this.#fail("");
    this.#drawChoices();
    this.#box.togglePopover();
    if (!this.#box.matches(":popover-open")) return;
    placeBeside(this.#box, this.#button.getBoundingClientRect());
    (this.#box.querySelector<HTMLElement>("[aria-pressed=true]") ?? part(this.#box, "button")).focus({ preventScroll: true });
  }

  #choose(range: Range): void {
    this.#chosen(range).then(
      () => {
        this.#box.hidePopover();
        this.#button.focus({ preventScroll: true });
      },
      (error: unknown) => this.#fail(error instanceof Error ? error.message : "That range could not be shown."),
    );
  }

  #apply(): void {
    const from = momentIn(part<HTMLInputElement>(this.#form, "[name=from]").value);
    const to = momentIn(part<HTMLInputElement>(this.#form, "[name=to]").value);
    if (from === null || to === null) return this.#fail("Give both moments.");
    if (to - from < LEAST_S) return this.#fail("The end must be at least a minute after the beginning.");
    this.#choose({ from, to });
  }

  #fail(text: string): void {
    const place = part(this.#box, "[data-part=error]");
    place.textContent = text;
    place.hidden = text === "";
  }
}
