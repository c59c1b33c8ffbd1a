// The one menu of the page (#menu): beside its opener, or at a point; a sheet on a phone by the stylesheet alone.
// Used for messages here and by whoever else has actions to offer. It never knows what an item does.

import { clone, icon, part } from "../dom";
import { placeBeside } from "./place";

export interface MenuItem {
  text: string;
  icon: string;
  /** The letter that does the same, for people who look. */
  key?: string;
  danger?: boolean;
  /** A line above it. */
  apart?: boolean;
  run(event: MouseEvent): void;
}

export interface MenuOptions {
  label: string;
  items: MenuItem[];
  /** Emoji to choose from at the top, with a last button for all others. */
  quick?: { emoji: readonly string[]; choose(emoji: string): void; more(): void };
  /** The button that opened it, or the element that it is about. */
  opener: HTMLElement;
  /** Where to show it, when not at the opener. */
  at?: { x: number; y: number };
  onClose?(): void;
}

let forget: (() => void) | null = null;

function itemsOf(menu: HTMLElement): HTMLButtonElement[] {
  return [...menu.querySelectorAll<HTMLButtonElement>("[role=menuitem]")];
}

function drawItem(item: MenuItem, close: () => void): HTMLElement[] {
  const button = clone<HTMLButtonElement>("t-menu-item");
  part(button, "[data-part=icon]").replaceChildren(icon(item.icon));
  part(button, "[data-part=text]").textContent = item.text;
  const key = part(button, "[data-part=key]");
  key.hidden = item.key === undefined;
  key.textContent = item.key ?? "";
  button.classList.toggle("danger", item.danger === true);
  button.onclick = (event) => {
    close();
    item.run(event);
  };
  return item.apart === true ? [clone("t-menu-line"), button] : [button];
}

function drawQuick(place: HTMLElement, quick: NonNullable<MenuOptions["quick"]>, close: () => void): void {
  const button = (label: string, content: string | SVGElement, run: () => void) => {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.setAttribute("role", "menuitem");
    choice.setAttribute("aria-label", label);
    choice.append(content);
    choice.onclick = () => {
      close();
      run();
    };
    return choice;
  };
  place.replaceChildren(
    ...quick.emoji.map((emoji) => button(`React with ${emoji}`, emoji, () => quick.choose(emoji))),
    button("More emoji", icon("smile-plus"), () => quick.more()),
  );
}

function stepOf(menu: HTMLElement, event: KeyboardEvent): number | undefined {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1, ArrowRight: at + 1, ArrowLeft: at - 1 };
  const step = steps[event.key];
  if (step !== undefined || event.key.length !== 1 || event.ctrlKey || event.metaKey || event.key === " ") return step;
  const starts = (index: number) => items[index]?.innerText.trim().toLowerCase().startsWith(event.key.toLowerCase());
  return [...items.keys()].map((offset) => (at + 1 + offset) % items.length).find(starts);
}

function move(menu: HTMLElement, event: KeyboardEvent): void {
  if (event.key === "Tab") menu.hidePopover();
  const next = stepOf(menu, event);
  if (next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const items = itemsOf(menu);
  items[(next + items.length) % items.length]?.focus();
}

/** Opens the menu; choosing, Esc and a click outside close it, and the focus goes back to the opener. */
export function openMenu(options: MenuOptions): void {
  const menu = document.getElementById("menu");
  if (menu === null) return;
  forget?.();
  const close = () => menu.hidePopover();
  menu.setAttribute("aria-label", options.label);
  part(menu, "[data-part=cap]").hidden = true;
  const quick = part(menu, "[data-part=quick]");
  quick.hidden = part(menu, "[data-part=quick-line]").hidden = options.quick === undefined;
  if (options.quick !== undefined) drawQuick(quick, options.quick, close);
  part(menu, "[data-part=items]").replaceChildren(...options.items.flatMap((item) => drawItem(item, close)));
  listen(menu, options);
  menu.showPopover();
  const { at, opener } = options;
  placeBeside(menu, at === undefined ? opener.getBoundingClientRect() : { left: at.x, top: at.y, bottom: at.y });
  options.opener.setAttribute("aria-expanded", "true");
  itemsOf(menu)[0]?.focus();
}

function listen(menu: HTMLElement, options: MenuOptions): void {
  const keys = (event: KeyboardEvent) => move(menu, event);
  const toggled = (event: Event) => {
    if ((event as ToggleEvent).newState === "closed") forget?.();
  };
  forget = () => {
    forget = null;
    menu.removeEventListener("keydown", keys);
    menu.removeEventListener("beforetoggle", toggled);
    options.opener.setAttribute("aria-expanded", "false");
    // The focus goes back; what an item does next may move it on.
    if (menu.contains(document.activeElement)) options.opener.focus({ preventScroll: true });
    options.onClose?.();
  };
  menu.addEventListener("keydown", keys);
  menu.addEventListener("beforetoggle", toggled);
}
