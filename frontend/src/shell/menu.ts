// The one menu of the page (#menu): at its anchor or at the pointer, a sheet on a phone by the stylesheet alone.
// Opened through Shell.openMenu. Arrows, Home, End and first letters move; Esc, Tab and a click outside close it.

import { placeBeside } from "../chat/place";
import { clone, icon, part } from "../dom";
import type { MenuItem, MenuRequest } from "./contract";

/** The index that a key leads to, or null. `texts` are the items' words, for first letters. */
export function menuStep(key: string, at: number, texts: readonly string[]): number | null {
  const { length } = texts;
  if (length === 0) return null;
  if (key === "ArrowDown" || key === "ArrowRight") return (at + 1) % length;
  if (key === "ArrowUp" || key === "ArrowLeft") return at <= 0 ? length - 1 : at - 1;
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  if (key.length !== 1 || key === " ") return null;
  for (let step = 1; step <= length; step += 1) {
    const index = (at + step) % length;
    if (texts[index]?.toLowerCase().startsWith(key.toLowerCase()) === true) return index;
  }
  return null;
}

/** A message or a name that a menu hangs on is no control: it cannot be called expanded. */
function tellOpen(anchor: HTMLElement, open: boolean): void {
  if (anchor.matches("button")) anchor.setAttribute("aria-expanded", String(open));
}

export class Menu {
  readonly #element: HTMLElement;
  #request: MenuRequest | null = null;

  constructor(element: HTMLElement) {
    this.#element = element;
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("toggle", (event) => (event as ToggleEvent).newState === "closed" && this.#closed());
  }

  open(request: MenuRequest): void {
    this.#closed();
    this.#request = request;
    const element = this.#element;
    element.setAttribute("aria-label", request.label);
    const cap = part(element, "[data-part=cap]");
    cap.hidden = request.cap === undefined;
    cap.textContent = request.cap ?? "";
    this.#drawQuick(request.quick);
    part(element, "[data-part=items]").replaceChildren(...request.items.flatMap((item) => this.#drawItem(item)));
    element.showPopover();
    const { at, anchor } = request;
    const box = at === undefined ? anchor.getBoundingClientRect() : { left: at.x, top: at.y, bottom: at.y };
    placeBeside(element, box);
    tellOpen(anchor, true);
    this.#items()[0]?.focus({ preventScroll: true });
  }

  #drawItem(item: MenuItem): HTMLElement[] {
    const button = clone<HTMLButtonElement>("t-menu-item");
    part(button, "[data-part=icon]").replaceChildren(icon(item.icon));
    part(button, "[data-part=text]").textContent = item.text;
    if (item.chosen === true) button.setAttribute("aria-label", `${item.text}, chosen`);
    const key = part(button, "[data-part=key]");
    key.hidden = item.key === undefined;
    key.textContent = item.key ?? "";
    button.classList.toggle("danger", item.danger === true);
    button.onclick = (event) => this.#choose(() => item.run(event));
    return item.line === true ? [clone("t-menu-line"), button] : [button];
  }

  #drawQuick(quick: MenuRequest["quick"]): void {
    const row = part(this.#element, "[data-part=quick]");
    row.hidden = part(this.#element, "[data-part=quick-line]").hidden = quick === undefined;
    if (quick === undefined) return row.replaceChildren();
    const button = (label: string, content: string | SVGElement, run: () => void) => {
      const choice = document.createElement("button");
      choice.type = "button";
      choice.setAttribute("role", "menuitem");
      choice.setAttribute("aria-label", label);
      choice.append(content);
      choice.onclick = () => this.#choose(run);
      return choice;
    };
    const more = button("More emoji", icon("smile-plus"), () => quick.more());
    row.replaceChildren(...quick.emoji.map(({ emoji, name }) => button(name, emoji, () => quick.pick(emoji))), more);
  }

  /** Closes first, so that what the item opens or focuses stays open and focused. */
  #choose(run: () => void): void {
    this.#element.hidePopover();
    this.#closed();
    run();
  }

  #items(): HTMLElement[] {
    return [...this.#element.querySelectorAll<HTMLElement>("[role=menuitem]")];
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Tab") return this.#element.hidePopover();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const items = this.#items();
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = menuStep(event.key, at, items.map((item) => item.getAttribute("aria-label") ?? item.innerText.trim()));
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    items[next]?.focus();
  }

  #closed(): void {
    const request = this.#request;
    if (request === null) return;
    this.#request = null;
    tellOpen(request.anchor, false);
    const lost = document.activeElement === document.body || this.#element.contains(document.activeElement);
    if (lost && request.anchor.isConnected) request.anchor.focus({ preventScroll: true });
  }
}
