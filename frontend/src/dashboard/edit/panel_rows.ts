// Rows of a panel's form: its series and its thresholds. Drawn anew only when there are others, so that nobody loses a field.

import { clone, el, part } from "../../dom";
import type { PanelSeries, SeriesView, ThresholdView } from "../../protocol";
import { colourOf } from "../view/colours";
import { seriesTitle } from "./series_picker";

export const AGGREGATES: readonly (readonly [string, string])[] = [
  ["last", "newest"],
  ["average", "average"],
  ["highest", "highest"],
  ["lowest", "lowest"],
  ["sum", "sum"],
  ["per_second", "per second"],
  ["per_minute", "per minute"],
];

export function aggregateOptions(select: HTMLSelectElement, chosen: string): void {
  if (select.childElementCount === 0) select.replaceChildren(...AGGREGATES.map(([value, text]) => el("option", "", text, { value })));
  select.value = chosen;
}

/** Keeps as many rows in a list as there are things. */
function rows<T>(list: HTMLElement, things: readonly T[], template: string, fill: (row: HTMLElement, thing: T) => void): void {
  while (list.childElementCount > things.length) list.lastElementChild?.remove();
  while (list.childElementCount < things.length) list.append(clone(template));
  list.hidden = things.length === 0;
  things.forEach((thing, at) => {
    const row = list.children[at] as HTMLElement;
    row.dataset["at"] = String(at);
    fill(row, thing);
  });
}

function set(input: HTMLInputElement, value: string): void {
  if (input !== document.activeElement && input.value !== value) input.value = value;
}

export function drawSeries(list: HTMLElement, series: readonly PanelSeries[], known: (id: number) => SeriesView | null, offset: number): void {
  let at = 0;
  rows(list, series, "t-series-row", (row, one) => {
    const view = known(one.series);
    const name = view?.name ?? "a series you cannot see";
    part(row, "[data-part=swatch]").style.setProperty("--c", `var(${colourOf(view?.name ?? "", at, offset)})`);
    at += 1;
    const label = part(row, "[data-part=name]");
    label.textContent = name;
    label.title = view === null ? "" : seriesTitle(view);
    const aggregate = part<HTMLSelectElement>(row, "[data-series=aggregate]");
    aggregateOptions(aggregate, one.aggregate);
    aggregate.setAttribute("aria-label", `How ${name} is combined`);
    const divide = part<HTMLInputElement>(row, "[data-series=divide]");
    set(divide, one.divide === 1 ? "" : String(one.divide));
    divide.setAttribute("aria-label", `Divide ${name} by`);
    part(row, "[data-form=drop-series]").setAttribute("aria-label", `Remove ${name}`);
  });
}

export function drawThresholds(list: HTMLElement, thresholds: readonly ThresholdView[], unit: string): void {
  rows(list, thresholds, "t-threshold-row", (row, one) => {
    row.className = one.level;
    part<HTMLSelectElement>(row, "[data-threshold=level]").value = one.level;
    part<HTMLSelectElement>(row, "[data-threshold=below]").value = one.below ? "below" : "from";
    set(part<HTMLInputElement>(row, "[data-threshold=value]"), Number.isNaN(one.value) ? "" : String(one.value));
    part(row, "[data-part=unit]").textContent = unit;
  });
}
