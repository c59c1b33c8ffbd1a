// The side column of the search: order, people, rooms, what hangs on messages, time. Used by search_view.ts.
// It is the same state as the tokens in the bar: it shows it and asks for another one. On narrow pages it is a sheet.

import { clone, part } from "../dom";
import type { SearchAnswer, SearchFacet } from "../protocol";
import { dialog, openDialog } from "./dialogs";
import type { Hits } from "./search_hits";
import { has, toggled, whenOf, withWhen, type Filter } from "./search_query";

export type Order = "newest" | "best";

export interface FacetsHooks {
  filters(): readonly Filter[];
  change(filters: Filter[]): void;
}

export class Facets {
  readonly #element: HTMLElement;
  readonly #home: HTMLElement;
  readonly #hooks: FacetsHooks;
  readonly #when: HTMLSelectElement;

  constructor(view: HTMLElement, hooks: FacetsHooks) {
    this.#hooks = hooks;
    this.#home = part(view, "[data-part=results]");
    this.#element = part(view, "[data-part=facets]");
    this.#when = part<HTMLSelectElement>(this.#element, "[data-part=when]");
    this.#when.addEventListener("change", () => this.#chooseWhen());
    for (const box of this.#boxes()) {
      box.addEventListener("change", () => this.#toggle({ key: "has", value: box.dataset["has"] ?? "" }));
    }
  }

  #boxes(): HTMLInputElement[] {
    return [...this.#element.querySelectorAll<HTMLInputElement>("[data-has]")];
  }

  #toggle(filter: Filter): void {
    this.#hooks.change(toggled(this.#hooks.filters(), filter));
  }

  #chooseWhen(): void {
    const [key = "", value = ""] = this.#when.value.split(":");
    if (key !== "other") this.#hooks.change(withWhen(this.#hooks.filters(), key === "" ? null : { key, value }));
  }

  /** What is chosen, without a new answer. */
  draw(order: Order): void {
    const filters = this.#hooks.filters();
    for (const box of this.#boxes()) box.checked = has(filters, { key: "has", value: box.dataset["has"] ?? "" });
    const known = [...this.#when.options].map((option) => option.value);
    const when = whenOf(filters, known);
    for (const option of this.#when.options) if (option.value === "other") option.hidden = when !== "other";
    this.#when.value = when;
    for (const button of this.#element.querySelectorAll<HTMLElement>("[data-order]")) {
      button.setAttribute("aria-pressed", String(button.dataset["order"] === order));
    }
  }

  /** The people and rooms of an answer. */
  show(answer: SearchAnswer, names: Hits): void {
    const label = (one: SearchFacet) => (one.key === "from" ? (names.person(one.id)?.display_name ?? one.value) : names.roomName(one.id) || one.value);
    for (const key of ["from", "in"]) {
      const group = part(this.#element, `[data-part=${key}]`);
      const facets = answer.facets.filter((one) => one.key === key);
      group.hidden = facets.length === 0;
      const focused = group.querySelector<HTMLInputElement>(":focus")?.value;
      part(group, "div").replaceChildren(...facets.map((one) => this.#row(one, label(one))));
      if (focused !== undefined) [...group.querySelectorAll("input")].find((box) => box.value === focused)?.focus();
    }
  }

  #row(facet: SearchFacet, label: string): HTMLElement {
    const row = clone("t-facet");
    const box = part<HTMLInputElement>(row, "[data-part=box]");
    box.value = facet.value;
    box.checked = facet.chosen;
    box.addEventListener("change", () => this.#toggleFacet(facet));
    part(row, "[data-part=name]").textContent = label;
    part(row, "[data-part=count]").textContent = String(facet.count);
    return row;
  }

  #toggleFacet(facet: SearchFacet): void {
    const filters = this.#hooks.filters();
    // The filter may have been written in another way (from:me, in:"Design review"): what is chosen goes as it stands.
    const plain = { key: facet.key, value: facet.value };
    if (!facet.chosen || has(filters, plain)) return this.#toggle(plain);
    const written = filters.filter((one) => one.key === facet.key);
    this.#hooks.change(written.length === 1 ? filters.filter((one) => one.key !== facet.key) : [...filters]);
  }

  /** As a sheet, on pages without room for a column. */
  openSheet(): void {
    const box = dialog("d-search-filters");
    part(box, "[data-part=place]").replaceChildren(this.#element);
    box.addEventListener("close", () => this.#home.append(this.#element), { once: true });
    openDialog(box);
  }

  close(): void {
    const box = dialog("d-search-filters");
    if (box.open) box.close();
    part(box, "[data-part=place]").replaceChildren();
  }
}
