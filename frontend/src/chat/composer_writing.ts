// Writing aids of the composer: formatting by buttons and keys, emoji, mentions, code blocks, code that is pasted.
// A part of every composer. What it inserts can be undone like typing.

import { insertText, part } from "../dom";
import type { ComposerPart, Desk } from "./composer_parts";
import { openPicker } from "./picker";
import { block, inBlock, link, looksLikeCode, prefix, wrap, type Edit } from "./writing";

const INDENT = "    ";
const SHOWN = "collab-formatting";

type Make = (value: string, start: number, end: number) => Edit;

const FORMATS: Record<string, Make> = {
  bold: (value, start, end) => wrap(value, start, end, "**"),
  italic: (value, start, end) => wrap(value, start, end, "_"),
  strike: (value, start, end) => wrap(value, start, end, "~~"),
  code: (value, start, end) => (value.slice(start, end).includes("\n") ? block(value, start, end) : wrap(value, start, end, "`")),
  block,
  link,
  quote: (value, start, end) => prefix(value, start, end, () => "> ", /^> ?/),
  list: (value, start, end) => prefix(value, start, end, () => "- ", /^[-*] /),
  numbers: (value, start, end) => prefix(value, start, end, (line) => `${line + 1}. `, /^\d+\. /),
};

/** By the key's place, so that a shifted digit is that digit on every keyboard. */
const KEYS: Record<string, string> = { b: "bold", i: "italic", e: "code" };
const SHIFT_KEYS: Record<string, string> = { KeyX: "strike", KeyE: "block", KeyL: "link", Digit7: "numbers", Digit8: "list", Digit9: "quote" };

export class WritingPart implements ComposerPart {
  readonly name = "writing";
  readonly #desk: Desk;
  readonly #paste = (event: ClipboardEvent) => this.#pasted(event);
  /** Esc lets the next Tab leave a code block. */
  #leaving = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    desk.field.addEventListener("paste", this.#paste);
    this.#showFormats(this.#wanted());
  }

  dispose(): void {
    this.#desk.field.removeEventListener("paste", this.#paste);
  }

  key(event: KeyboardEvent): boolean {
    const leaving = this.#leaving;
    this.#leaving = event.key === "Escape";
    const format = this.#formatOf(event);
    if (format !== undefined) this.#format(format);
    else if (!this.#inBlock(event, leaving)) return false;
    event.preventDefault();
    return true;
  }

  #formatOf(event: KeyboardEvent): string | undefined {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return undefined;
    return event.shiftKey ? SHIFT_KEYS[event.code] : KEYS[event.key];
  }

  /** In a code block Enter goes on with the indent, and Tab indents. */
  #inBlock(event: KeyboardEvent, leaving: boolean): boolean {
    const { field } = this.#desk;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if ((event.key !== "Enter" && (event.key !== "Tab" || leaving)) || !inBlock(field.value, field.selectionStart)) return false;
    const line = field.value.slice(field.value.lastIndexOf("\n", field.selectionStart - 1) + 1, field.selectionStart);
    insertText(field, event.key === "Tab" ? INDENT : `\n${/^[ \t]*/.exec(line)?.[0] ?? ""}`);
    return true;
  }

  clicked(name: string, button: HTMLElement): boolean {
    if (name === "format") this.#format(button.dataset["format"] ?? "");
    else if (name === "toggle-formats") this.#toggleFormats();
    else if (name === "insert-mention") this.#mention();
    else if (name === "pick-emoji") this.#pickEmoji(button);
    else return false;
    return true;
  }

  #format(name: string): void {
    const { field } = this.#desk;
    const edit = FORMATS[name]?.(field.value, field.selectionStart, field.selectionEnd);
    if (edit === undefined) return;
    field.setSelectionRange(edit.start, edit.end);
    insertText(field, edit.text);
    field.setSelectionRange(...edit.select);
  }

  #wanted(): boolean {
    try {
      return localStorage.getItem(SHOWN) === "1";
    } catch {
      return false;
    }
  }

  #toggleFormats(): void {
    const shown = part(this.#desk.form, "[data-part=formats]").hidden !== false;
    this.#showFormats(shown);
    try {
      localStorage.setItem(SHOWN, shown ? "1" : "0");
    } catch {
      // It is shown now, and hidden again after a reload.
    }
  }

  #showFormats(shown: boolean): void {
    const { form } = this.#desk;
    part(form, "[data-part=formats]").hidden = !shown;
    part(form, "[data-do=toggle-formats]").setAttribute("aria-expanded", String(shown));
  }

  /** Lines of code become a block; one undo makes them plain again. */
  #pasted(event: ClipboardEvent): void {
    const { field, shell } = this.#desk;
    const text = (event.clipboardData?.getData("text/plain") ?? "").replaceAll("\r\n", "\n");
    if (!looksLikeCode(text) || inBlock(field.value, field.selectionStart)) return;
    event.preventDefault();
    const start = field.selectionStart;
    insertText(field, text);
    const edit = block(field.value, start, start + text.length);
    field.setSelectionRange(edit.start, edit.end);
    insertText(field, edit.text);
    shell.toast({ kind: "info", title: "Pasted as a code block", text: "Undo makes it plain text." });
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
}
