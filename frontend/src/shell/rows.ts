// A list whose rows stay the same elements while their content changes, so that focus and pictures survive an update.
// Used by the rail, the members and the settings.

export interface RowKind<T> {
  key(item: T): number;
  make(item: T): HTMLElement;
  fill(row: HTMLElement, item: T): void;
}

export class Rows<T> {
  readonly #place: HTMLElement;
  readonly #kind: RowKind<T>;
  readonly #rows = new Map<number, HTMLElement>();

  constructor(place: HTMLElement, kind: RowKind<T>) {
    this.#place = place;
    this.#kind = kind;
  }

  show(items: readonly T[]): void {
    const wanted = items.map((item) => [this.#kind.key(item), item] as const);
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    let before: Element | null = this.#place.firstElementChild;
    for (const [key, item] of wanted) {
      let row = this.#rows.get(key);
      if (row === undefined) {
        row = this.#kind.make(item);
        this.#rows.set(key, row);
      }
      this.#kind.fill(row, item);
      // Rows that stand right already are not moved: moving takes the focus away.
      if (row === before) before = row.nextElementSibling;
      else this.#place.insertBefore(row, before);
    }
  }
}

/** Calls `draw` when what an element shows is something else than before. */
export function whenChanged(element: HTMLElement, signature: string, draw: () => void): void {
  if (element.dataset["shows"] === signature) return;
  element.dataset["shows"] = signature;
  draw();
}
