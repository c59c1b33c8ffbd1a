// The panels of a board while it is edited: dragged by their grip, made larger by their corner, moved by keys.
// Used by mode.ts. It says what is wished; edits.ts asks for it, and the draft comes back as events.

import { clone, closest, part } from "../../dom";
import type { PanelView } from "../../protocol";
import { inReadingOrder } from "../view/order";
import type { Drawn, EditHost } from "./host";
import { titleOf } from "./kinds";
import { changes, freePlace, leastOf, moved, packed, placeWords, resized, stepped, type Place } from "./places";

export interface GridHooks {
  host: EditHost;
  panels(): PanelView[];
  /** Another place or size for these. */
  placed(words: string, places: readonly Place[], matter: string): void;
  select(id: string): void;
  menu(id: string, button: HTMLElement): void;
  remove(id: string): void;
  add(): void;
}

interface Card {
  element: HTMLElement;
  drawn: Drawn;
  view: PanelView;
}

/** A panel that is in the hand, by pointer or by key. */
interface Held {
  id: string;
  places: Place[];
  /** As they were stored when it was picked up: what others move meanwhile is theirs. */
  stored: readonly Place[];
  byKey: boolean;
}

const STEPS: Readonly<Record<string, "left" | "right" | "up" | "down">> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
/** The field that adds a panel takes the first gap of this size. */
const ADD_SIZE = [4, 2] as const;
const GROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function placeOf({ id, x, y, w, h }: PanelView): Place {
  return { id, x, y, w, h };
}

export class EditGrid {
  readonly element: HTMLElement;
  readonly #hooks: GridHooks;
  readonly #cards = new Map<string, Card>();
  readonly #add: HTMLElement;
  readonly #lit = new Map<string, ReturnType<typeof setTimeout>>();
  #held: Held | null = null;
  /** Ends listening to a pointer that drags. */
  #dragging: AbortController | null = null;
  #selected: string | null = null;

  constructor(element: HTMLElement, hooks: GridHooks) {
    this.element = element;
    this.#hooks = hooks;
    this.#add = part(element, "[data-part=add]");
    this.#add.onclick = () => hooks.add();
    element.addEventListener("pointerdown", (event) => this.#pressed(event));
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#clicked(event));
    element.addEventListener("focusout", (event) => this.#lost(event));
  }

  dispose(): void {
    this.#drop();
    for (const card of this.#cards.values()) card.drawn.dispose();
    this.#cards.clear();
  }

  select(id: string | null): void {
    this.#selected = id;
    for (const [one, { element }] of this.#cards) {
      element.classList.toggle("selected", one === id);
      if (one === id) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
    }
  }

  focus(id: string): void {
    this.#cards.get(id)?.element.focus();
  }

  /** Lights a panel that somebody else has just changed, with their name. */
  light(id: string, name: string): void {
    const card = this.#cards.get(id)?.element;
    if (card === undefined) return;
    const by = part(card, "[data-part=by]");
    by.textContent = name;
    by.hidden = false;
    clearTimeout(this.#lit.get(id));
    this.#lit.set(id, setTimeout(() => (by.hidden = true), 4_000));
  }

  // Drawing

  draw(): void {
    const panels = this.#hooks.panels();
    const known = new Set(panels.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (known.has(id)) continue;
      card.drawn.dispose();
      const had = card.element.contains(document.activeElement);
      card.element.remove();
      this.#cards.delete(id);
      if (this.#held?.id === id) this.#drop();
      if (had) this.element.focus({ preventScroll: true });
    }
    for (const panel of panels) this.#drawCard(panel);
    this.#place();
  }

  #drawCard(view: PanelView): void {
    const card = this.#cards.get(view.id) ?? this.#make(view);
    // Forty charts are not drawn anew because one of them was moved.
    if (card.view !== view) card.drawn.update(view);
    card.view = view;
    const title = titleOf(view);
    part(card.element, "[data-part=title]").textContent = title;
    part(card.element, "[data-part=menu]").setAttribute("aria-label", `Menu of ${title}`);
    part(card.element, "[data-part=grip]").setAttribute("aria-label", `Drag ${title}`);
  }

  #make(view: PanelView): Card {
    const element = clone("t-edit-card");
    element.dataset["panel"] = view.id;
    element.classList.toggle("selected", view.id === this.#selected);
    this.element.insertBefore(element, this.#add);
    const card = { element, view, drawn: this.#hooks.host.draw(view, part(element, "[data-part=body]")) };
    this.#cards.set(view.id, card);
    return card;
  }

  /** Puts every card where it stands now, or would stand if what is held were put down. */
  #place(): void {
    const places = this.#held?.places ?? packed(this.#stored());
    const order = [...places].sort((a, b) => a.y - b.y || a.x - b.x);
    for (const place of order) this.#placeCard(place);
    const gap = freePlace(places, ADD_SIZE[0], ADD_SIZE[1]);
    for (const [name, value] of [["--x", gap.x + 1], ["--y", gap.y + 1]] as const) this.#add.style.setProperty(name, String(value));
    this.#order(order);
  }

  #placeCard(place: Place): void {
    const card = this.#cards.get(place.id);
    if (card === undefined) return;
    const { element, view } = card;
    const set = (name: string, value: number) => element.style.setProperty(name, String(value));
    set("--x", place.x + 1);
    set("--y", place.y + 1);
    set("--w", place.w);
    set("--h", place.h);
    part(element, "[data-part=size]").textContent = `${place.w} × ${place.h}`;
    part(element, "[data-part=handle]").setAttribute("aria-label", `Resize ${titleOf(view)}, ${place.w} columns by ${place.h} rows`);
    element.setAttribute("aria-label", `${titleOf(view)}, panel, ${placeWords(place)}`);
    element.classList.toggle("held", this.#held?.id === place.id);
  }

  /** Tab goes through the panels as one reads them; what has the focus is not taken out of the page. */
  #order(places: readonly Place[]): void {
    if (this.#held !== null) return;
    inReadingOrder(this.element, places.flatMap(({ id }) => this.#cards.get(id)?.element ?? []));
  }

  #stored(): Place[] {
    return this.#hooks.panels().map(placeOf);
  }

  /** What is in the hand is gone: an element that left the page tells nobody that the pointer let it go. */
  #drop(): void {
    this.#held = null;
    this.#dragging?.abort();
  }

  // The pointer

  #cardOf(event: Event): Card | null {
    const element = closest(event, "[data-panel]");
    return element === null ? null : (this.#cards.get(element.dataset["panel"] ?? "") ?? null);
  }

  #clicked(event: MouseEvent): void {
    const card = this.#cardOf(event);
    if (card === null) return;
    const menu = closest(event, "[data-part=menu]");
    if (menu !== null) return this.#hooks.menu(card.view.id, menu);
    if (closest(event, "a[href]") !== null) event.preventDefault();
    if (closest(event, "button:not([data-part=grip])") === null) this.#hooks.select(card.view.id);
  }

  /** Pixels from one cell to the next. */
  #cell(): [number, number] {
    const style = getComputedStyle(this.element);
    const gap = parseFloat(style.columnGap) || 0;
    const inner = this.element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return [(inner + gap) / 12, (parseFloat(style.gridAutoRows) || 56) + (parseFloat(style.rowGap) || 0)];
  }

  #pressed(event: PointerEvent): void {
    const card = this.#cardOf(event);
    const grip = closest(event, "[data-part=grip]");
    const handle = closest(event, "[data-part=handle]");
    const hold = grip ?? handle;
    if (card === null || hold === null || event.button !== 0) return;
    event.preventDefault();
    card.element.focus({ preventScroll: true });
    this.#drag(card, hold, event, handle !== null);
  }

  #drag(card: Card, hold: HTMLElement, start: PointerEvent, size: boolean): void {
    const base = packed(this.#stored());
    const from = base.find(({ id }) => id === card.view.id);
    if (from === undefined) return;
    const scroller = this.element.closest<HTMLElement>("[data-part=scroll]") ?? this.element;
    const top = scroller.scrollTop;
    hold.setPointerCapture(start.pointerId);
    const held: Held = { id: from.id, places: base, stored: this.#stored(), byKey: false };
    const dragging = (this.#dragging = new AbortController());
    const { signal } = dragging;
    this.#held = held;
    const move = (event: PointerEvent) => {
      const [width, height] = this.#cell();
      const right = Math.round((event.clientX - start.clientX) / width);
      const down = Math.round((event.clientY - start.clientY + scroller.scrollTop - top) / height);
      held.places = size ? resized(base, from.id, from.w + right, from.h + down, leastOf(card.view.kind)) : moved(base, from.id, from.x + right, from.y + down);
      if (this.#held === held) this.#place();
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      held.places = base;
      this.#held = null;
      this.#place();
    };
    hold.addEventListener("pointermove", move, { signal });
    window.addEventListener("keydown", escape, { capture: true, signal });
    const done = () => {
      dragging.abort();
      if (this.#held === held) this.#putDown(size ? "size" : "place");
    };
    hold.addEventListener("lostpointercapture", done, { signal });
  }

  // Keys

  #key(event: KeyboardEvent): void {
    const card = this.#cardOf(event);
    if (card === null || event.target !== card.element || event.altKey || event.ctrlKey || event.metaKey) return;
    if (!this.#act(event, card)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #act(event: KeyboardEvent, card: Card): boolean {
    const { id } = card.view;
    const step = STEPS[event.key];
    if (step !== undefined && event.shiftKey) return this.#grow(card, GROWS[event.key] ?? [0, 0]);
    if (step !== undefined && this.#held?.byKey === true) return this.#step(card, step);
    if (event.key === " ") return this.#held?.byKey === true ? this.#putDown("place") : this.#pickUp(card);
    if (event.key === "Escape" && this.#held?.byKey === true) return this.#putBack(card);
    if (event.key === "Enter") this.#hooks.select(id);
    else if (event.key === "Delete") this.#hooks.remove(id);
    else return false;
    return true;
  }

  #say(text: string): void {
    this.#hooks.host.shell.announce(text);
  }

  #pickUp({ view }: Card): boolean {
    const stored = this.#stored();
    this.#held = { id: view.id, places: packed(stored), stored, byKey: true };
    this.#place();
    this.#say(`${titleOf(view)} is in your hand. Arrows move it, Space puts it down, Escape puts it back.`);
    return true;
  }

  #step({ view }: Card, step: "left" | "right" | "up" | "down"): boolean {
    const held = this.#held;
    if (held === null) return false;
    const next = stepped(held.places, view.id, step);
    if (next === null) this.#say("The edge");
    else {
      held.places = next;
      this.#place();
      this.#speakPlace(next, view.id);
      this.#cards.get(view.id)?.element.scrollIntoView({ block: "nearest" });
    }
    return true;
  }

  #speakPlace(places: readonly Place[], id: string): void {
    const place = places.find((one) => one.id === id);
    if (place !== undefined) this.#say(placeWords(place));
  }

  #grow({ view }: Card, [w, h]: readonly [number, number]): boolean {
    const base = this.#held?.places ?? packed(this.#stored());
    const now = base.find(({ id }) => id === view.id);
    if (now === undefined) return false;
    const next = resized(base, view.id, now.w + w, now.h + h, leastOf(view.kind));
    if (changes(base, next).length === 0) this.#say("It cannot be that size");
    else {
      this.#speakPlace(next, view.id);
      if (this.#held === null) this.#hooks.placed(`the size of ${titleOf(view)}`, changes(this.#stored(), next), `size ${view.id}`);
      else this.#held.places = next;
      this.#place();
    }
    return true;
  }

  #putDown(what: "place" | "size"): boolean {
    const held = this.#held;
    if (held === null) return false;
    this.#held = null;
    const card = this.#cards.get(held.id);
    const put = changes(held.stored, held.places);
    if (card !== undefined && put.length > 0) this.#hooks.placed(`the ${what} of ${titleOf(card.view)}`, put, "");
    if (held.byKey) this.#say("Put down");
    this.#place();
    return true;
  }

  #putBack({ view }: Card): boolean {
    this.#held = null;
    this.#place();
    this.#say(`${titleOf(view)} is where it was`);
    return true;
  }

  /** What is in the hand by key is put down where it stands when the focus goes. */
  #lost(event: FocusEvent): void {
    const held = this.#held;
    if (held?.byKey !== true) return;
    // The whole page may have lost it: it comes back.
    if (event.target !== this.#cards.get(held.id)?.element || !document.hasFocus()) return;
    this.#putDown("place");
  }
}
