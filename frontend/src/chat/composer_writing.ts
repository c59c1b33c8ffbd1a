// Writing aids of the composer: marks around the selection, emoji, mentions. A part of every composer.
// What it inserts can be undone like typing.

import { insertText } from "../dom";
import type { ComposerPart, Desk } from "./composer_parts";
import { openPicker } from "./picker";

export class WritingPart implements ComposerPart {
  readonly name = "writing";
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  key(event: KeyboardEvent): boolean {
    const control = event.ctrlKey || event.metaKey;
    if (!control || event.shiftKey || event.altKey || (event.key !== "b" && event.key !== "e")) return false;
    event.preventDefault();
    this.#wrap(event.key === "b" ? "**" : "`");
    return true;
  }

  clicked(name: string, button: HTMLElement): boolean {
    if (name === "wrap-bold") this.#wrap("**");
    else if (name === "wrap-code") this.#wrap("`");
    else if (name === "insert-mention") this.#mention();
    else if (name === "pick-emoji") this.#pickEmoji(button);
    else return false;
    return true;
  }

  #pickEmoji(opener: HTMLElement): void {
    const { field, shell } = this.#desk;
    openPicker({ opener, me: shell.session.me, choose: (emoji) => insertText(field, emoji) }).catch((error: unknown) =>
      shell.fail("The emoji could not be loaded", error),
    );
  }

  #mention(): void {
    const { field } = this.#desk;
    const before = field.value.slice(0, field.selectionStart);
    insertText(field, before === "" || /\s$/.test(before) ? "@" : " @");
  }

  /** Puts marks around the selection, or takes them away; code over several lines becomes a block. */
  #wrap(mark: string): void {
    const { field } = this.#desk;
    const { selectionStart: start, selectionEnd: end, value } = field;
    const chosen = value.slice(start, end);
    if (mark === "`" && chosen.includes("\n")) return insertText(field, `\`\`\`\n${chosen.replace(/\n$/, "")}\n\`\`\`\n`);
    const inside = value.slice(start - mark.length, start) === mark && value.slice(end, end + mark.length) === mark;
    if (inside) {
      field.setSelectionRange(start - mark.length, end + mark.length);
      insertText(field, chosen);
    } else insertText(field, mark + chosen + mark);
    const from = inside ? start - mark.length : start + mark.length;
    field.setSelectionRange(from, from + chosen.length);
  }
}
