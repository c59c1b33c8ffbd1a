// Slash commands of a composer: what begins with one is run by the server, and its answer is for the writer only.
// A part of every composer. A command that was refused stays in the field, with the reason under it.

import { part, uuid4 } from "../dom";
import { errorText } from "../shell/dialogs";
import type { ComposerPart, Desk } from "./composer_parts";
import { isCommand } from "./composer_text";

export class SlashPart implements ComposerPart {
  readonly name = "slash";
  readonly #desk: Desk;
  readonly #answer: HTMLElement;
  /** What is being run, or was refused: the same text again is the same wish. */
  #wish: { text: string; cid: string } | null = null;
  #busy = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#answer = part(desk.form, "[data-part=answer]");
  }

  takes(body: string): boolean {
    if (!isCommand(body)) return false;
    void this.#run(body);
    return true;
  }

  typed(): void {
    this.#say("");
  }

  escape(): boolean {
    const open = !this.#answer.hidden;
    this.#say("");
    return open;
  }

  clicked(name: string): boolean {
    if (name !== "close-answer") return false;
    this.#say("");
    this.#desk.field.focus();
    return true;
  }

  async #run(text: string): Promise<void> {
    if (this.#busy) return;
    const { shell, room, thread, field } = this.#desk;
    if (this.#wish?.text !== text) this.#wish = { text, cid: uuid4() };
    const typed = field.value;
    this.#busy = true;
    try {
      const done = await shell.session.command("command.run", { cid: this.#wish.cid, text, thread }, room);
      this.#wish = null;
      // What was typed meanwhile is not the command's.
      if (field.value === typed) this.#desk.clear();
      this.#say(done.text);
      if (done.url !== "") shell.navigate(done.url);
    } catch (error) {
      this.#desk.problem(errorText(error));
    } finally {
      this.#busy = false;
    }
  }

  #say(text: string): void {
    this.#answer.hidden = text === "";
    part(this.#answer, "[data-part=answer-text]").textContent = text;
  }
}
