// The dialog of a decision: what to do, for how long, and why. Used for reports, sanctions and what moderators decide.
// It comes after the first load. What it is about and what is sent stands with its callers.

import { clone, part } from "../dom";
import { dialog, openDialog } from "./dialogs";
import { once } from "./forms";

export interface Choice {
  value: string;
  text: string;
  help: string;
  /** It holds for a time. */
  lasts?: boolean;
  /** What no end means, when it is not "Until it is lifted"; it is then chosen first. */
  endless?: string;
  /** Goes together with the box at the end of the request. */
  also?: boolean;
  danger?: boolean;
  /** What the reason is called; it is needed unless `optional`. */
  reason: string;
  optional?: boolean;
}

export interface Decision {
  choice: string;
  reason: string;
  /** Null: until it is lifted. */
  seconds: number | null;
  also: boolean;
}

export interface DecisionRequest {
  title: string;
  text: string;
  quote?: string;
  legend: string;
  choices: readonly Choice[];
  go: string;
  /** The text of a box beside some choices. */
  also?: string;
  run(decision: Decision): Promise<unknown>;
}

/** Seconds from now to a time of the form's own zone; NaN for none. */
export function secondsUntil(text: string, now: number): number {
  return Math.round((new Date(text).getTime() - now) / 1000);
}

/** What the choice of a time means: seconds, or null for no end. */
export function secondsOf(chosen: string, until: string, now: number): number | null {
  if (chosen === "") return null;
  return chosen === "until" ? secondsUntil(until, now) : Number(chosen);
}

const LIFTED = "Until it is lifted";
const HOUR = "3600";

class DecisionForm {
  readonly #box = dialog("d-decide");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #request: DecisionRequest;

  constructor(request: DecisionRequest) {
    this.#request = request;
    const text = (name: string, value: string) => (part(this.#box, `[data-part=${name}]`).textContent = value);
    this.#form.reset();
    for (const field of ["reason", "until"]) this.#tell(field, false);
    text("title", request.title);
    text("text", request.text);
    text("quote", request.quote ?? "");
    text("legend", request.legend);
    text("also-text", request.also ?? "");
    text("go", request.go);
    part(this.#box, "[data-part=quote]").hidden = (request.quote ?? "") === "";
    part(this.#box, "[data-part=choices]").replaceChildren(...request.choices.map((choice, at) => this.#draw(choice, at === 0)));
    this.#form.onchange = () => this.#changed();
    this.#changed();
  }

  #draw(choice: Choice, first: boolean): HTMLElement {
    const row = clone("t-choice");
    const input = part<HTMLInputElement>(row, "input");
    input.value = choice.value;
    input.checked = first;
    part(row, "[data-part=text]").textContent = choice.text;
    part(row, "[data-part=help]").textContent = choice.help;
    return row;
  }

  get #chosen(): Choice {
    const value = new FormData(this.#form).get("choice");
    const found = this.#request.choices.find((choice) => choice.value === value) ?? this.#request.choices[0];
    if (found === undefined) throw new Error("A decision without a choice.");
    return found;
  }

  /** What no end means is said in the words of the choice; one with words of its own begins with it. */
  #drawTime({ endless = LIFTED }: Choice): void {
    const select = part<HTMLSelectElement>(this.#form, "[name=seconds]");
    const option = part(select, "option[value='']");
    if (option.textContent === endless) return;
    option.textContent = endless;
    select.value = endless === LIFTED ? HOUR : "";
  }

  #changed(): void {
    const choice = this.#chosen;
    this.#drawTime(choice);
    const custom = part<HTMLSelectElement>(this.#form, "[name=seconds]").value === "until";
    part(this.#box, "[data-part=time]").hidden = choice.lasts !== true;
    part(this.#box, "[data-part=until]").hidden = choice.lasts !== true || !custom;
    part(this.#box, "[data-part=also]").hidden = choice.also !== true || this.#request.also === undefined;
    part(this.#box, "[data-part=reason-label]").textContent = choice.reason;
    const go = part(this.#box, "[data-part=go]");
    for (const name of ["danger", "solid"]) go.classList.toggle(name, choice.danger === true);
    go.classList.toggle("primary", choice.danger !== true);
  }

  #decision(): Decision {
    const choice = this.#chosen;
    const data = new FormData(this.#form);
    const reason = String(data.get("reason") ?? "").trim();
    const seconds = choice.lasts === true ? secondsOf(String(data.get("seconds")), String(data.get("until")), Date.now()) : null;
    return { choice: choice.value, reason, seconds, also: choice.also === true && data.get("also") !== null };
  }

  /** What is missing, told at its field; "" when nothing is. */
  #missing(decision: Decision): string {
    if (decision.seconds !== null && !(decision.seconds >= 60)) return "until";
    return decision.reason === "" && this.#chosen.optional !== true ? "reason" : "";
  }

  open(): Promise<boolean> {
    openDialog(this.#box);
    part<HTMLInputElement>(this.#form, "[name=choice]:checked").focus();
    return new Promise((resolve) => {
      let done = false;
      this.#form.onsubmit = (event) => {
        event.preventDefault();
        const decision = this.#decision();
        const missing = this.#missing(decision);
        for (const field of ["reason", "until"]) this.#tell(field, field === missing);
        if (missing !== "") return;
        void once(this.#box, async () => {
          await this.#request.run(decision);
          done = true;
          this.#box.close();
        });
      };
      this.#box.addEventListener("close", () => resolve(done), { once: true });
    });
  }

  #tell(field: string, wrong: boolean): void {
    const input = part<HTMLInputElement>(this.#form, `[name=${field}]`);
    part(this.#form, `[data-part=${field}-missing]`).hidden = !wrong;
    if (wrong) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (wrong) input.focus();
  }
}

/** Asks, and does it; answers whether it was done. An error stays in the dialog. */
export function decide(request: DecisionRequest): Promise<boolean> {
  const box = dialog("d-decide");
  if (box.open) box.close();
  return new DecisionForm(request).open();
}
