// The form of one panel beside the board: its kind, what it shows, limits, and what is told of it; with a live preview.
// Used by mode.ts. What was touched is kept until Apply; what was not stays as others have it.

import { ApiError } from "../../api";
import { clone, closest, el, maybe, onceAFrame, part } from "../../dom";
import type { BoardSnapshot, PanelSeries, PanelView, SeriesView, ThresholdView } from "../../protocol";
import { clearErrors } from "../../shell/dialogs";
import { once } from "../../shell/forms";
import { AlertSection } from "./alert_section";
import { DraftText } from "./draft_text";
import { differing } from "./edits";
import type { Drawn, EditHost, PanelSet } from "./host";
import { KINDS, kindOf, titleOf } from "./kinds";
import { drawSeries, drawThresholds } from "./panel_rows";
import { SeriesPicker, seriesTitle, usualAggregate, usualUnit } from "./series_picker";

export interface FormHooks {
  host: EditHost;
  panel(id: string): PanelView | null;
  apply(id: string, set: PanelSet): Promise<void>;
  remove(id: string): void;
  close(): void;
}

const ONE_SERIES = new Set(["stat", "gauge"]);

export class PanelForm {
  readonly element = clone("t-panel-form");
  readonly id: string;
  readonly #hooks: FormHooks;
  readonly #form = part<HTMLFormElement>(this.element, "form");
  readonly #alert: AlertSection;
  readonly #preview: Drawn;
  readonly #text: DraftText;
  readonly #redraw = onceAFrame(() => this.#drawPreview());
  /** What the person changed here and has not applied. */
  #wished: PanelSet = {};
  /** Series that were chosen here and are not in the board yet. */
  readonly #met = new Map<number, SeriesView>();
  #picker: SeriesPicker | null = null;

  constructor(hooks: FormHooks, panel: PanelView) {
    this.#hooks = hooks;
    this.id = panel.id;
    this.#text = new DraftText(hooks.host.board.get().board.id, panel.html, this.#redraw);
    this.#preview = hooks.host.draw(panel, part(this.element, "[data-part=preview]"));
    this.#drawTypes();
    this.#alert = new AlertSection(hooks.host, part(this.element, "[data-part=alert]"), panel.id);
    this.#form.addEventListener("input", (event) => this.#typed(event));
    this.#form.addEventListener("change", (event) => this.#typed(event));
    this.#form.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.touched) return;
      event.stopPropagation();
      hooks.close();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#apply());
    });
    this.draw();
  }

  dispose(): void {
    this.#preview.dispose();
    this.#alert.dispose();
    this.#text.dispose();
    if (this.#met.size > 0) this.#hooks.host.alsoShow([]);
  }

  /** Whether something here would be lost. */
  get touched(): boolean {
    const panel = this.#hooks.panel(this.id);
    return panel !== null && (Object.keys(differing(panel, this.#wished)).length > 0 || this.#alert.touched);
  }

  focus(): void {
    part(this.element, "h2").focus({ preventScroll: true });
  }

  get #board(): BoardSnapshot {
    return this.#hooks.host.board.get();
  }

  /** The panel with what was touched here. */
  get #view(): PanelView | null {
    const panel = this.#hooks.panel(this.id);
    return panel === null ? null : { ...panel, ...this.#wished };
  }

  // Drawing

  /** The panel, or another one's change of it, has come. */
  draw(): void {
    const view = this.#view;
    if (view === null) return;
    const kind = kindOf(view.kind);
    part(this.element, "[data-part=heading]").textContent = titleOf(view);
    part(this.element, "[data-part=icon]").replaceChildren(kind.icon());
    for (const input of this.#form.querySelectorAll<HTMLInputElement>("[name=kind]")) input.checked = input.value === view.kind;
    this.#fill("title", view.title);
    this.#fill("unit", view.unit);
    this.#fill("low", view.low === null ? "" : String(view.low));
    this.#fill("high", view.high === null ? "" : String(view.high));
    this.#fill("text", view.text);
    for (const block of this.#form.querySelectorAll<HTMLElement>("[data-of]")) block.hidden = !(block.dataset["of"] ?? "").split(" ").includes(kind.of);
    const known = (id: number) => this.#seriesOf(id);
    drawSeries(part(this.#form, "[data-part=series]"), view.series, known, this.#hooks.host.offset(view));
    part(this.#form, "[data-part=add-series]").hidden = ONE_SERIES.has(view.kind) && view.series.length > 0;
    drawThresholds(part(this.#form, "[data-part=thresholds]"), view.thresholds, view.unit);
    this.#drawSources(view, kind.of);
    this.#alert.draw(view, this.#firstSeries(view));
    this.#redraw();
  }

  #fill(name: string, value: string): void {
    const input = part<HTMLInputElement>(this.#form, `[name=${name}]`);
    if (input !== document.activeElement && input.value !== value) input.value = value;
  }

  #drawTypes(): void {
    const place = part(this.#form, "[data-part=types]");
    for (const kind of KINDS) {
      const label = el("label");
      label.append(el("input", "", null, { type: "radio", name: "kind", value: kind.kind }), kind.icon(), kind.text);
      place.append(label);
    }
  }

  #drawSources(view: PanelView, of: string): void {
    const select = part<HTMLSelectElement>(this.#form, "[name=source]");
    const sources = this.#board.sources.filter((source) => source.kind === of);
    const drawn = sources.map(({ name }) => name).join();
    if (select.dataset["drawn"] !== drawn) {
      select.dataset["drawn"] = drawn;
      const choose = el("option", "", "Choose what is listed", { value: "" });
      select.replaceChildren(choose, ...sources.map(({ name, title }) => el("option", "", title, { value: name })));
    }
    select.value = view.source;
  }

  #drawPreview(): void {
    const view = this.#view;
    if (view === null) return;
    // A field that is empty for now is no limit.
    const thresholds = view.thresholds.filter(({ value }) => !Number.isNaN(value));
    this.#preview.update({ ...view, thresholds, ...(this.#wished.text === undefined ? {} : { html: this.#text.of(view.text) }) });
  }

  #seriesOf(id: number): SeriesView | null {
    return this.#board.series.find((one) => one.id === id) ?? this.#met.get(id) ?? null;
  }

  #firstSeries(view: PanelView): { series: SeriesView; of: PanelSeries } | null {
    const of = view.series[0];
    const series = of === undefined ? null : this.#seriesOf(of.series);
    return of === undefined || series === null ? null : { series, of };
  }

  // What is typed and clicked

  #wish(set: PanelSet): void {
    this.#wished = { ...this.#wished, ...set };
    this.draw();
  }

  #typed(event: Event): void {
    const input = event.target;
    const view = this.#view;
    if (view === null || !(input instanceof HTMLInputElement || input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement)) return;
    if (closest(event, "[data-part=alert]") !== null) return this.#alert.typed();
    clearErrors(this.#form);
    const at = Number(closest(event, "[data-at]")?.dataset["at"] ?? -1);
    if (input.name === "kind") this.#setKind(view, input.value);
    else if (input.name === "title" || input.name === "unit" || input.name === "text" || input.name === "source") this.#wish({ [input.name]: input.value });
    else if (input.name === "low" || input.name === "high") this.#wish({ [input.name]: input.value.trim() === "" ? null : Number(input.value) });
    else if (input.dataset["series"] !== undefined) this.#changeSeries(view, at, input.dataset["series"], input.value);
    else if (input.dataset["threshold"] !== undefined) this.#changeThreshold(view, at, input.dataset["threshold"], input.value);
  }

  #setKind(view: PanelView, kind: string): void {
    const set: PanelSet = { kind };
    if (ONE_SERIES.has(kind) && view.series.length > 1) set.series = view.series.slice(0, 1);
    // What a table lists is no log.
    if (kindOf(kind).of !== kindOf(view.kind).of) set.source = "";
    this.#wish(set);
  }

  #changeSeries(view: PanelView, at: number, field: string, value: string): void {
    const series = view.series.map((one, index) => (index === at ? { ...one, [field]: field === "divide" ? Number(value) || 1 : value } : one));
    this.#wish({ series });
  }

  #changeThreshold(view: PanelView, at: number, field: string, value: string): void {
    const set: Partial<ThresholdView> = field === "level" ? { level: value } : field === "below" ? { below: value === "below" } : { value: value.trim() === "" ? NaN : Number(value) };
    this.#wish({ thresholds: view.thresholds.map((one, index) => (index === at ? { ...one, ...set } : one)) });
  }

  #clicked(event: MouseEvent): void {
    const button = closest(event, "[data-form]");
    const view = this.#view;
    if (button === null || view === null) return;
    const at = Number(button.closest<HTMLElement>("[data-at]")?.dataset["at"] ?? -1);
    const acts: Record<string, () => void> = {
      "add-series": () => this.#openPicker(),
      "drop-series": () => this.#drop("series", view.series.filter((_, index) => index !== at)),
      "add-threshold": () => this.#addThreshold(view),
      "drop-threshold": () => this.#drop("thresholds", view.thresholds.filter((_, index) => index !== at)),
      remove: () => this.#hooks.remove(this.id),
      close: () => this.#hooks.close(),
    };
    acts[button.dataset["form"] ?? ""]?.();
  }

  #drop(field: "series" | "thresholds", left: PanelSeries[] | ThresholdView[]): void {
    this.#wish({ [field]: left });
    maybe(this.#form, `[data-form=add-${field === "series" ? "series" : "threshold"}]`)?.focus();
  }

  #openPicker(): void {
    const { board } = this.#board;
    const place = part(this.#form, "[data-part=picker]");
    this.#picker = new SeriesPicker({ board: board.id }, (series) => this.#addSeries(series), () => this.#closePicker());
    place.replaceChildren(this.#picker.element);
    this.#picker.focus();
  }

  #closePicker(): void {
    this.#picker = null;
    part(this.#form, "[data-part=picker]").replaceChildren();
    maybe(this.#form, "[data-form=add-series]")?.focus();
  }

  #addSeries(series: SeriesView): void {
    const view = this.#view;
    if (view === null) return;
    this.#met.set(series.id, series);
    this.#hooks.host.alsoShow([...this.#met.values()]);
    const one: PanelSeries = { series: series.id, aggregate: usualAggregate(series), label: "", divide: 1 };
    const set: PanelSet = { series: ONE_SERIES.has(view.kind) ? [one] : [...view.series, one] };
    if (view.title === "") set.title = seriesTitle(series);
    if (view.unit === "" && view.series.length === 0) set.unit = usualUnit(series);
    this.#closePicker();
    this.#wish(set);
  }

  #addThreshold(view: PanelView): void {
    const last = view.thresholds[view.thresholds.length - 1];
    const level = last === undefined ? "warn" : "danger";
    this.#wish({ thresholds: [...view.thresholds, { level, value: last?.value ?? 0, below: last?.below ?? false }] });
    const inputs = this.#form.querySelectorAll<HTMLInputElement>("[data-threshold=value]");
    inputs[inputs.length - 1]?.select();
  }

  async #apply(): Promise<void> {
    const panel = this.#hooks.panel(this.id);
    const view = this.#view;
    if (panel === null || view === null) return;
    if (view.thresholds.some(({ value }) => Number.isNaN(value))) throw new ApiError(422, "invalid", "Give each threshold a figure, or remove it.", "thresholds");
    const set = differing(panel, this.#wished);
    await this.#hooks.apply(this.id, set);
    await this.#alert.apply(view, this.#firstSeries(view));
    this.#wished = {};
    this.#hooks.close();
  }
}
