// Where a log is scrolled: stays at the end, or keeps the same message at the same height whatever changes above it.
// Used by log.ts around every change. It never draws.

export interface Anchor {
  /** data-id of the row, and how far its top is below the log's top. */
  id: string;
  offset: number;
}

const END_PX = 48;

export class Scroll {
  /** The end was in view before the last change: it stays in view. */
  atEnd = true;
  readonly #log: HTMLElement;
  readonly #moved: () => void;
  #anchor: Anchor | null = null;
  readonly #sizes: ResizeObserver;

  constructor(log: HTMLElement, moved: () => void) {
    this.#log = log;
    this.#moved = moved;
    log.addEventListener("scroll", this.#scrolled, { passive: true });
    // The composer grows, a phone's keyboard opens, fonts arrive: what was in view stays in view.
    this.#sizes = new ResizeObserver(() => this.restore());
    this.#sizes.observe(log);
  }

  dispose(): void {
    this.#sizes.disconnect();
    this.#log.removeEventListener("scroll", this.#scrolled);
  }

  readonly #scrolled = () => {
    this.note();
    this.#moved();
  };

  /** Pixels between the view's lower edge and the end of the log. */
  below(): number {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight;
  }

  /** Behind a pane that takes the whole width nothing is laid out, and nothing is in view. */
  get #hidden(): boolean {
    return this.#log.clientHeight === 0;
  }

  /** Remembers what is in view now. */
  note(): void {
    if (this.#hidden) return;
    this.atEnd = this.below() < END_PX;
    this.#anchor = this.#find();
  }

  position(): Anchor | null {
    return this.atEnd ? null : this.#anchor;
  }

  /** The first row in view. */
  #find(): Anchor | null {
    const top = this.#log.getBoundingClientRect().top;
    const rows = this.#log.querySelectorAll<HTMLElement>("[data-id]");
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle] as HTMLElement).getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    const row = rows[low];
    return row === undefined ? null : { id: row.dataset["id"] ?? "", offset: row.getBoundingClientRect().top - top };
  }

  /** After a change: puts back what was in view. */
  restore(): void {
    if (this.#hidden) return;
    if (this.atEnd) this.#log.scrollTop = this.#log.scrollHeight;
    else if (this.#anchor !== null) this.goTo(this.#anchor);
  }

  /** Scrolls so that a row stands where the anchor says; false when it is not in the log. */
  goTo(anchor: Anchor): boolean {
    const row = this.#log.querySelector<HTMLElement>(`[data-id="${CSS.escape(anchor.id)}"]`);
    if (row === null) return false;
    const now = row.getBoundingClientRect().top - this.#log.getBoundingClientRect().top;
    if (Math.abs(now - anchor.offset) >= 1) this.#log.scrollTop += now - anchor.offset;
    this.#anchor = anchor;
    this.atEnd = this.below() < END_PX;
    return true;
  }

  toEnd(): void {
    this.atEnd = true;
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
