// What a message will look like, in place of the field while one looks. A part of every composer.
// The server renders it, as it will render the message; nothing of it is stored.

import { part, setHTML } from "../dom";
import { errorText } from "../shell/dialogs";
import type { ComposerPart, Desk } from "./composer_parts";

export class PreviewPart implements ComposerPart {
  readonly name = "preview";
  readonly #desk: Desk;
  readonly #place: HTMLElement;
  readonly #button: HTMLElement;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#place = part(desk.form, "[data-part=preview]");
    this.#button = part(desk.form, "[data-do=toggle-preview]");
    this.#place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#close(true);
    });
  }

  clicked(name: string): boolean {
    if (name !== "toggle-preview") {
      if (!this.#place.hidden && name !== "close-answer") this.#close(false);
      return false;
    }
    if (this.#place.hidden) void this.#open();
    else this.#close(true);
    return true;
  }

  escape(): boolean {
    const open = !this.#place.hidden;
    this.#close(open);
    return open;
  }

  async #open(): Promise<void> {
    const { field, shell, problem, room } = this.#desk;
    if (field.value.trim() === "") return field.focus();
    try {
      const { html } = await shell.session.command("message.preview", { body: field.value }, room);
      setHTML(this.#place, html);
      this.#show(true);
      this.#place.focus();
    } catch (error) {
      problem(errorText(error));
    }
  }

  #close(focus: boolean): void {
    if (this.#place.hidden) return;
    this.#show(false);
    this.#place.replaceChildren();
    if (focus) this.#desk.field.focus();
  }

  #show(shown: boolean): void {
    this.#place.hidden = !shown;
    this.#desk.field.hidden = shown;
    this.#button.setAttribute("aria-pressed", String(shown));
  }
}
