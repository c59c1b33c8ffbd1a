// Which panels a person reads as tables, on this device.

const MOST = 200;

export class TablesKept {
  readonly #key: string;

  constructor(account: number) {
    this.#key = `collab-board-tables-${account}`;
  }

  #read(): string[] {
    try {
      const found: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
    } catch {
      return [];
    }
  }

  has(panel: string): boolean {
    return this.#read().includes(panel);
  }

  set(panel: string, asTable: boolean): void {
    const others = this.#read().filter((one) => one !== panel);
    try {
      localStorage.setItem(this.#key, JSON.stringify(asTable ? [...others.slice(1 - MOST), panel] : others));
    } catch {
      // Full or forbidden: it holds until the board is left.
    }
  }
}
