// The Markdown of a panel as it is typed: the server makes it ready a moment later. Used by the panel's form for its preview.

import { post } from "../../api";
import type { PanelText } from "../../protocol";
import { Timers } from "../../timers";

const PAUSE_MS = 300;

export class DraftText {
  readonly #url: string;
  readonly #changed: () => void;
  readonly #timers = new Timers();
  #text: string | null = null;
  #html = "";

  /** `html`: what the panel showed before anything was typed. */
  constructor(board: number, html: string, changed: () => void) {
    this.#url = `/api/boards/${board}/text/`;
    this.#html = html;
    this.#changed = changed;
  }

  dispose(): void {
    this.#timers.clearAll();
    this.#text = null;
  }

  /** The newest that is ready; what is asked for comes by `changed`. */
  of(text: string): string {
    if (text !== this.#text) {
      this.#text = text;
      if (text.trim() === "") this.#html = "";
      else this.#timers.after("ask", PAUSE_MS, () => void this.#ask(text));
    }
    return text.trim() === "" ? "" : this.#html;
  }

  async #ask(text: string): Promise<void> {
    // Without an answer the text is shown as it was typed.
    const html = await post<PanelText>(this.#url, { text }).then((ready) => ready.html, () => "");
    if (text !== this.#text) return;
    this.#html = html;
    this.#changed();
  }
}
