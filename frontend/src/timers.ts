// Named timers: setting one again moves it. Used by the connection and by a document's line.
// It never runs a timer that was cleared, and keeps none that has run.

export class Timers {
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  has(name: string): boolean {
    return this.#timers.has(name);
  }

  after(name: string, delayMs: number, run: () => void): void {
    this.clear(name);
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      run();
    }, delayMs);
    this.#timers.set(name, timer);
  }

  clear(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  clearAll(): void {
    for (const name of [...this.#timers.keys()]) this.clear(name);
  }
}
