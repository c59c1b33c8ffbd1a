// The body of a message while an answer grows in it: closed blocks as HTML, then what is still open, with the caret.
// Made by answers.ts for a row. Only what is new is put into the page; what stands there is not touched.

import { el, setHTML } from "../dom";
import type { Growing } from "./growing";
import { tailOf } from "./words";

export class GrowingBody {
  readonly #body: HTMLElement;
  readonly #tail = el("p", "tail caret");
  readonly #text = document.createTextNode("");
  #drawn = 0;
  #turns = 0;

  constructor(body: HTMLElement) {
    this.#body = body;
    this.#tail.dir = "auto";
    this.#tail.append(this.#text);
    body.classList.remove("plain");
    body.replaceChildren(this.#tail);
  }

  /** Whether it still stands where it was put. */
  get stands(): boolean {
    return this.#tail.parentElement === this.#body;
  }

  draw(growing: Growing): void {
    if (growing.turns !== this.#turns) {
      this.#turns = growing.turns;
      this.#drawn = 0;
      this.#body.replaceChildren(this.#tail);
    }
    for (const html of growing.blocks.slice(this.#drawn)) this.#tail.before(...nodesOf(html));
    this.#drawn = growing.blocks.length;
    const { code, text } = tailOf(growing.tail);
    this.#tail.classList.toggle("code", code);
    const before = this.#text.data;
    // A selection of what was there already stays.
    if (text.startsWith(before)) this.#text.appendData(text.slice(before.length));
    else this.#text.data = text;
  }
}

function nodesOf(html: string): ChildNode[] {
  const holder = el("div");
  setHTML(holder, html);
  return [...holder.childNodes];
}
