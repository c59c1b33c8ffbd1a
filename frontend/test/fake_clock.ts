// Timers that the test moves by hand; node's own differ between the versions that we run on.

interface Due {
  at: number;
  run: () => void;
}

export class FakeClock {
  private now = 0;
  private ids = 0;
  private readonly due = new Map<number, Due>();
  private readonly real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  install(): void {
    const fake = {
      setTimeout: (run: () => void, delay = 0) => {
        this.due.set(++this.ids, { at: this.now + delay, run });
        return this.ids;
      },
      clearTimeout: (id: number | undefined) => void this.due.delete(id ?? 0),
    };
    Object.assign(globalThis, fake);
  }

  restore(): void {
    Object.assign(globalThis, this.real);
  }

  /** Lets this many milliseconds pass and runs what falls due, in order. */
  tick(delay: number): void {
    const end = this.now + delay;
    for (;;) {
      const next = [...this.due].filter(([, due]) => due.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined) break;
      this.due.delete(next[0]);
      this.now = next[1].at;
      next[1].run();
    }
    this.now = end;
  }
}
