// A text field that chooses from a list below it: arrows wrap, Enter takes, the list never takes the focus.
// Used by the palette and by the fields that find people (the combobox pattern of WAI-ARIA).

import { closest } from "../dom";

export interface Choice {
  element: HTMLElement;
  pick(event: Event): void;
}

let made = 0;

export class Listbox {
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  #choices: Choice[] = [];
  #at = -1;
  readonly #prefix = `option-${(made += 1)}-`;

  constructor(input: HTMLInputElement, list: HTMLElement) {
    this.#input = input;
    this.#list = list;
    input.addEventListener("keydown", (event) => this.#key(event));
    // The press must not take the focus from the field.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = closest(event, "[role=option]");
      this.#choices.find((choice) => choice.element === option)?.pick(event);
    });
  }

  /** Replaces what can be chosen; `children` are what the list shows (groups, or the options themselves). */
  show(children: readonly HTMLElement[], choices: readonly Choice[]): void {
    this.#choices = [...choices];
    this.#choices.forEach(({ element }, index) => (element.id = `${this.#prefix}${index}`));
    this.#list.replaceChildren(...children);
    this.#list.scrollTop = 0;
    this.#list.hidden = choices.length === 0;
    this.#input.setAttribute("aria-expanded", String(choices.length > 0));
    this.#select(choices.length > 0 ? 0 : -1);
  }

  #select(index: number): void {
    this.#at = index;
    this.#choices.forEach(({ element }, at) => element.setAttribute("aria-selected", String(at === index)));
    const chosen = this.#choices[index]?.element;
    if (chosen === undefined) return this.#input.removeAttribute("aria-activedescendant");
    this.#input.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  #key(event: KeyboardEvent): void {
    const { length } = this.#choices;
    if (event.isComposing || length === 0) return;
    const steps: Record<string, number> = { ArrowDown: (this.#at + 1) % length, ArrowUp: (this.#at + length - 1) % length };
    const next = steps[event.key];
    if (next !== undefined && !event.altKey) {
      event.preventDefault();
      this.#select(next);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choices[this.#at]?.pick(event);
    }
  }
}
