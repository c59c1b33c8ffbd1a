// The form of a rule: which figure, when it is too much, for how long, how bad, and who else is told. In the pane of alerts.
// Errors of the server stand at their fields.

import { ApiError } from "../../api";
import { clone, el, part } from "../../dom";
import type { RuleView, SeriesView } from "../../protocol";
import { clearErrors } from "../../shell/dialogs";
import { once } from "../../shell/forms";
import { aggregateOptions } from "../edit/panel_rows";
import { SeriesPicker, usualAggregate } from "../edit/series_picker";
import { changeRule, LASTS, makeRule, unitOf, usualTitle, type RuleWish } from "./rules";

export interface RuleFormHooks {
  room: number;
  /** The rule that is changed; null: a new one. */
  rule: RuleView | null;
  /** What one may make a rule for. */
  series: readonly SeriesView[];
  done(rule: RuleView): void;
  closed(): void;
}

/** A number of a field, or null for an empty one; what is no number is told at the field. */
function numberOf(form: HTMLFormElement, name: string, needed: boolean): number | null {
  const input = part<HTMLInputElement>(form, `[name=${name}]`);
  const text = input.value.trim();
  if (text === "" && !needed && !input.validity.badInput) return null;
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) throw new ApiError(422, "invalid", needed ? "Give a figure." : "This is no number.", name);
  return value;
}

export class RuleForm {
  readonly element = clone("t-rule-form");
  readonly #form = part<HTMLFormElement>(this.element, "form");
  readonly #hooks: RuleFormHooks;
  readonly #picker: SeriesPicker;
  #series: SeriesView | null;
  /** Whether something here would be lost. */
  #touched = false;

  constructor(hooks: RuleFormHooks) {
    this.#hooks = hooks;
    this.#series = hooks.rule?.series ?? null;
    this.#picker = new SeriesPicker(hooks.series, (series) => this.#chose(series));
    part(this.#form, "[data-part=picker]").append(this.#picker.element);
    part(this.#form, "[name=lasts]").replaceChildren(...LASTS.map(([seconds, text]) => el("option", "", text, { value: String(seconds) })));
    this.#fill();
    this.#form.addEventListener("input", () => {
      this.#touched = true;
      clearErrors(this.#form);
      this.#draw();
    });
    // Elsewhere in the pane Escape closes all of it.
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      if (!this.#touched) hooks.closed();
    });
    part(this.#form, "[data-rule=cancel]").onclick = () => hooks.closed();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#send());
    };
  }

  focus(): void {
    if (this.#hooks.rule === null) this.#picker.focus();
    else this.#field("threshold").focus();
  }

  #field(name: string): HTMLInputElement {
    return part<HTMLInputElement>(this.#form, `[name=${name}]`);
  }

  #fill(): void {
    const { rule } = this.#hooks;
    part(this.element, "[data-part=heading]").textContent = rule === null ? "New rule" : "Change the rule";
    part(this.element, "[data-part=go]").textContent = rule === null ? "Make the rule" : "Save";
    aggregateOptions(part<HTMLSelectElement>(this.#form, "[name=aggregate]"), rule?.aggregate ?? "last");
    this.#picker.show(this.#series);
    this.#picker.lock(rule !== null);
    const seconds = String(rule?.for_seconds ?? 120);
    const lasts = part<HTMLSelectElement>(this.#form, "[name=lasts]");
    lasts.value = seconds;
    if (lasts.value !== seconds) {
      lasts.append(el("option", "", `${seconds} seconds`, { value: seconds }));
      lasts.value = seconds;
    }
    if (rule !== null) {
      this.#field("title").value = rule.title;
      this.#field("above").value = rule.above ? "above" : "below";
      this.#field("threshold").value = String(rule.threshold);
      this.#field("clear").value = rule.clear === null ? "" : String(rule.clear);
      this.#field("level").value = rule.level;
      this.#field("url").value = rule.url;
    }
    this.#draw();
  }

  #chose(series: SeriesView): void {
    this.#series = series;
    this.#touched = true;
    this.#picker.show(series);
    part<HTMLSelectElement>(this.#form, "[name=aggregate]").value = usualAggregate(series);
    clearErrors(this.#form);
    this.#draw();
    this.#field("threshold").focus();
  }

  get #aggregate(): string {
    return part<HTMLSelectElement>(this.#form, "[name=aggregate]").value;
  }

  get #above(): boolean {
    return this.#field("above").value === "above";
  }

  #unit(): string {
    return this.#series === null ? "" : unitOf({ series: this.#series, aggregate: this.#aggregate });
  }

  /** What follows from what is chosen: units, and the title that it gets by itself. */
  #draw(): void {
    for (const place of this.#form.querySelectorAll("[data-unit]")) place.textContent = this.#unit();
    this.#field("title").placeholder = this.#usual();
    part(this.#form, "[data-part=clear-label]").textContent = this.#above ? "Over again at or below" : "Over again at or above";
  }

  #usual(): string {
    const threshold = Number(this.#field("threshold").value);
    return this.#series === null ? "" : usualTitle(this.#series, this.#above, Number.isFinite(threshold) ? threshold : 0, this.#unit());
  }

  async #send(): Promise<void> {
    const { rule, room } = this.#hooks;
    if (this.#series === null) throw new ApiError(422, "invalid", "Choose a series.", "series");
    const wish: Partial<RuleWish> = {
      ...(rule === null ? { series: this.#series.id } : {}),
      aggregate: this.#aggregate,
      above: this.#above,
      threshold: numberOf(this.#form, "threshold", true) ?? 0,
      clear: numberOf(this.#form, "clear", false),
      for_seconds: Number(this.#field("lasts").value),
      level: this.#field("level").value,
      url: this.#field("url").value.trim(),
      title: this.#field("title").value.trim(),
    };
    this.#hooks.done(rule === null ? await makeRule(room, wish) : await changeRule(rule.id, wish));
  }
}
