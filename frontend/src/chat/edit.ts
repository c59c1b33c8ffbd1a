// Editing a message in place: the box instead of its text, kept on the device until it is saved or cancelled.
// Used by actions.ts. The composer and what is typed there are not touched.

import { clone, part } from "../dom";
import type { MessageView } from "../protocol";
import type { Session } from "../session";
import type { Shell } from "../shell/contract";
import { CommandError } from "../socket";
import { dropText, keepText, keptText } from "./keep";

interface Hooks {
  /** The box is closed: put the focus where it was. */
  closed(row: HTMLElement | null): void;
  /** Nothing is left of the text: ask whether to delete the message. */
  emptied(message: MessageView): void;
}

export class Editing {
  readonly #session: Session;
  readonly #shell: Shell;
  readonly #hooks: Hooks;
  #form: HTMLFormElement | null = null;
  #row: HTMLElement | null = null;
  #message: MessageView | null = null;

  constructor(session: Session, shell: Shell, hooks: Hooks) {
    this.#session = session;
    this.#shell = shell;
    this.#hooks = hooks;
  }

  get active(): boolean {
    return this.#form?.isConnected === true;
  }

  start(row: HTMLElement, message: MessageView): void {
    this.#close(false);
    const form = clone<HTMLFormElement>("t-edit");
    const text = part<HTMLTextAreaElement>(form, "[data-part=text]");
    text.value = keptText(this.#key(message)) ?? message.body;
    text.addEventListener("input", () => keepText(this.#key(message), text.value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    form.addEventListener("keydown", (event) => this.#pressed(event));
    form.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-do=cancel-edit]")) this.cancel();
    });
    [this.#form, this.#row, this.#message] = [form, row, message];
    row.classList.add("editing");
    const body = part(row, "[data-part=body]");
    body.hidden = true;
    body.after(form);
    row.querySelector(".tools")?.remove();
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
    form.scrollIntoView({ block: "nearest" });
  }

  /** Leaves the message as it was and forgets what was typed. */
  cancel(): void {
    if (this.#message !== null) dropText(this.#key(this.#message));
    this.#close(true);
  }

  #key(message: MessageView): string {
    return `edit-${this.#session.me}-${message.id}`;
  }

  #close(focus: boolean): void {
    const row = this.#row;
    this.#form?.remove();
    row?.classList.remove("editing");
    if (row !== null) part(row, "[data-part=body]").hidden = false;
    this.#form = this.#row = this.#message = null;
    if (focus) this.#hooks.closed(row);
  }

  #pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.cancel();
      return;
    }
    if (event.key !== "Enter" || !(event.target instanceof HTMLTextAreaElement)) return;
    const sends = event.ctrlKey || event.metaKey || (this.#session.home.get().preferences.enter_sends && !event.shiftKey);
    if (!sends) return;
    event.preventDefault();
    void this.#save();
  }

  async #save(): Promise<void> {
    const form = this.#form;
    const message = this.#message;
    if (form === null || message === null || form.getAttribute("aria-busy") === "true") return;
    const body = part<HTMLTextAreaElement>(form, "[data-part=text]").value;
    if (body.trim() === "") return this.#hooks.emptied(message);
    if (body === message.body) return this.cancel();
    form.setAttribute("aria-busy", "true");
    try {
      await this.#session.command("message.edit", { id: message.id, body }, message.room);
      dropText(this.#key(message));
      if (this.#form === form) this.#close(true);
      this.#shell.announce("Saved");
    } catch (error) {
      this.#problem(form, error);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }

  #problem(form: HTMLFormElement, error: unknown): void {
    const place = part(form, "[data-part=problem]");
    place.hidden = false;
    if (!(error instanceof CommandError)) throw error;
    const lost = error.code === "offline" || error.code === "lost";
    place.textContent = lost ? "Not saved: there is no connection. Your text is kept." : `Not saved: ${error.message}`;
  }
}
