// A field that finds people by name: asks the server 150 ms after the last key and lists whom it names.
// Used by the dialogs for direct messages and invitations. The newest question wins; old answers are dropped.

import * as api from "../api";
import { clone, part } from "../dom";
import { avatar } from "../people";
import type { PersonView } from "../protocol";
import { Listbox, type Choice } from "./listbox";

const WAIT_MS = 150;

export interface FinderOptions {
  /** Who is left out, e.g. those who are in already. */
  without(): ReadonlySet<number>;
  pick(person: PersonView): void;
  /** Nobody of that name, or an error: the text to show, "" for none. */
  none(text: string): void;
  presence(user: number): string;
  /** Also lists people before anything is typed. */
  eager: boolean;
}

/** A row of a list of people; used wherever people are chosen. */
export function personOption(person: PersonView, state: string): HTMLElement {
  const row = clone("t-option");
  part(row, "[data-part=lead]").replaceWith(avatar(person, "xs"));
  part(row, "[data-part=name]").textContent = person.display_name;
  part(row, "[data-part=detail]").textContent = `@${person.name}`;
  part(row, "[data-part=end]").textContent = state;
  return row;
}

export class PeopleFinder {
  readonly #input: HTMLInputElement;
  readonly #options: FinderOptions;
  readonly #listbox: Listbox;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | null = null;
  /** Who is listed. */
  #found: readonly PersonView[] = [];

  constructor(input: HTMLInputElement, list: HTMLElement, options: FinderOptions) {
    this.#input = input;
    this.#options = options;
    this.#listbox = new Listbox(input, list);
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#narrow();
      this.#timer = setTimeout(() => void this.#find(), WAIT_MS);
    });
  }

  /** Empties the field and starts over. */
  reset(): void {
    this.#input.value = "";
    this.#show([]);
    this.#options.none("");
    void this.#find();
  }

  get #query(): string {
    return this.#input.value.trim().replace(/^@/, "");
  }

  /** Until the server answers, Enter must not choose somebody whom the text does not name. */
  #narrow(): void {
    this.#asked?.abort();
    const wanted = this.#query.toLowerCase();
    this.#show(this.#found.filter(({ name, display_name }) => `${name} ${display_name}`.toLowerCase().includes(wanted)));
  }

  async #find(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const query = this.#query;
    if (query === "" && !this.#options.eager) {
      this.#options.none("");
      return this.#show([]);
    }
    const asked = (this.#asked = new AbortController());
    try {
      const found = await api.people(query, null, asked.signal);
      if (!asked.signal.aborted) this.#draw(found, query);
    } catch (error) {
      if (!asked.signal.aborted) this.#options.none(error instanceof Error ? error.message : "");
    }
  }

  #draw(found: readonly PersonView[], query: string): void {
    const without = this.#options.without();
    const people = found.filter((person) => !without.has(person.id));
    this.#show(people);
    const everybodyIn = found.length > 0 && people.length === 0;
    this.#options.none(people.length > 0 || query === "" ? "" : everybodyIn ? "Everybody of that name is in already." : "Nobody of that name is here.");
  }

  #show(people: readonly PersonView[]): void {
    this.#found = people;
    const choices: Choice[] = people.map((person) => ({
      element: personOption(person, this.#options.presence(person.id)),
      pick: () => this.#options.pick(person),
    }));
    this.#listbox.show(choices.map((choice) => choice.element), choices);
  }
}
