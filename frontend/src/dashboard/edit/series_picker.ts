// Finds a series by name: a field with a list below it. Used by the form of a panel and by the form of a rule.
// On a board it fetches what the person may use there, once.

import { get } from "../../api";
import { clone, el, part } from "../../dom";
import type { SeriesList, SeriesView } from "../../protocol";
import { errorText } from "../../shell/dialogs";
import { Listbox } from "../../shell/listbox";
import { rank } from "../../shell/ranking";
import { figureWords } from "../cards/figures";

const SHOWN_MOST = 40;
const SCOPES: Readonly<Record<string, string>> = { site: "Platform", room: "Room", person: "Yours" };

export function seriesTitle(series: SeriesView): string {
  return series.title === "" ? series.name : series.title;
}

/** How figures of a series are best put together. */
export function usualAggregate(series: SeriesView): string {
  return series.kind === "counter" ? "per_minute" : "last";
}

/** What a panel of this series calls its unit. */
export function usualUnit(series: SeriesView): string {
  return series.kind === "counter" && series.unit === "" ? "per min" : series.unit;
}

let made = 0;

export class SeriesPicker {
  readonly element = clone("t-series-picker");
  readonly #input = part<HTMLInputElement>(this.element, "input");
  readonly #note = part(this.element, "[data-part=note]");
  readonly #box: Listbox;
  readonly #pick: (series: SeriesView) => void;
  #series: readonly SeriesView[] | null = null;

  /** `from`: what is offered, or the board on which it is wanted. */
  constructor(from: readonly SeriesView[] | { board: number }, pick: (series: SeriesView) => void, closed?: () => void) {
    this.#pick = pick;
    const list = part(this.element, "[data-part=list]");
    list.id = `series-${(made += 1)}`;
    this.#input.setAttribute("aria-controls", list.id);
    this.#box = new Listbox(this.#input, list);
    this.#input.addEventListener("input", () => this.#draw());
    this.#input.addEventListener("focus", () => this.#draw());
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      if (closed === undefined) this.#box.show([], []);
      else closed();
    });
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(event.relatedTarget as Node | null)) this.#box.show([], []);
    });
    if ("board" in from) void this.#load(from.board);
    else this.#series = from;
  }

  focus(): void {
    this.#input.focus();
  }

  /** What is chosen stays. */
  lock(locked: boolean): void {
    this.#input.disabled = locked;
  }

  /** Shows what is chosen in the field. */
  show(series: SeriesView | null): void {
    this.#input.value = series === null ? "" : seriesTitle(series);
    this.#box.show([], []);
  }

  async #load(board: number): Promise<void> {
    try {
      this.#series = (await get<SeriesList>("/api/series/", { board })).series;
      if (document.activeElement === this.#input) this.#draw();
    } catch (error) {
      this.#tell(errorText(error));
    }
  }

  #tell(text: string): void {
    this.#note.textContent = text;
    this.#note.hidden = text === "";
  }

  #draw(): void {
    if (this.#series === null) return this.#tell("Loading");
    const found = rank(this.#series, this.#input.value.trim(), (one) => [seriesTitle(one), one.name, one.unit]).slice(0, SHOWN_MOST);
    const none = this.#series.length === 0 ? "There are no series yet." : "No series of that name.";
    this.#tell(found.length === 0 ? none : "");
    const rows = found.map(({ item }) => ({ element: option(item), pick: () => this.#chosen(item) }));
    this.#box.show(rows.map(({ element }) => element), rows);
  }

  #chosen(series: SeriesView): void {
    this.#box.show([], []);
    this.#pick(series);
  }
}

function option(series: SeriesView): HTMLElement {
  const row = el("li", "", null, { role: "option", "aria-selected": "false" });
  const names = el("span", "grow");
  names.append(el("b", "", seriesTitle(series)), el("code", "", series.name));
  const value = series.last_value === null ? "" : figureWords(series.last_value, series.unit);
  row.append(names, el("small", "", [SCOPES[series.scope] ?? "", value].filter((text) => text !== "").join(" · ")));
  return row;
}
