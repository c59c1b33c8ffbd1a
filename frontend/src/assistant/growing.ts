// The text of an answer while it grows, put together from pieces that may be missed, come twice, or come late. Pure.
// Fed by streams.ts. Places are counted in UTF-16 units, as this language counts the length of a text.

/** More text, and where it goes. */
export interface Delta {
  offset: number;
  text: string;
}

/** The HTML of the text from `start` to `end`, in which nothing will change any more. */
export interface Block {
  start: number;
  end: number;
  html: string;
}

/** The text so far as the server tells it; its closed blocks end at `rendered`. */
export interface SoFar {
  text: string;
  html: string;
  rendered: number;
}

export class Growing {
  #text = "";
  #blocks: string[] = [];
  #rendered = 0;
  /** Pieces beyond a hole. */
  #lateTexts: Delta[] = [];
  #lateBlocks: Block[] = [];
  /** How often the blocks were begun anew: what was drawn of them before is worth nothing then. */
  turns = 0;

  get text(): string {
    return this.#text;
  }

  /** The HTML of the closed blocks, in order; it only grows while `turns` stays the same. */
  get blocks(): readonly string[] {
    return this.#blocks;
  }

  /** What comes after the closed blocks, as it was written. */
  get tail(): string {
    return this.#text.slice(this.#rendered);
  }

  /** Whether something is missing, so that the text so far has to be read again. */
  get gap(): boolean {
    return this.#lateTexts.length > 0 || this.#lateBlocks.length > 0;
  }

  take(delta: Delta): void {
    if (delta.offset + delta.text.length <= this.#text.length) return;
    this.#lateTexts.push(delta);
    this.#join();
  }

  close(block: Block): void {
    if (block.end <= this.#rendered) return;
    this.#lateBlocks.push(block);
    this.#join();
  }

  /** The text so far was read again; what came meanwhile goes on from there. */
  adopt({ text, html, rendered }: SoFar): void {
    // Pieces may have come since it was written down; they are no other text.
    if (text.length > this.#text.length || !this.#text.startsWith(text)) this.#text = text;
    const torn = this.#lateBlocks.some((block) => block.start < this.#rendered);
    if (rendered > this.#rendered || (torn && rendered > 0)) {
      this.#blocks = html === "" ? [] : [html];
      this.#rendered = rendered;
      this.turns += 1;
    }
    this.#join();
  }

  /** Takes what fits on by now, and forgets what is known. */
  #join(): void {
    this.#lateTexts = this.#lateTexts
      .sort((a, b) => a.offset - b.offset)
      .filter(({ offset, text }) => {
        if (offset > this.#text.length) return true;
        this.#text += text.slice(this.#text.length - offset);
        return false;
      });
    this.#lateBlocks = this.#lateBlocks
      .sort((a, b) => a.start - b.start)
      .filter(({ start, end, html }) => {
        if (end <= this.#rendered) return false;
        if (start !== this.#rendered) return true;
        this.#blocks.push(html);
        this.#rendered = end;
        return false;
      });
  }
}
