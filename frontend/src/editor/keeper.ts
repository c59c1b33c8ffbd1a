// Keeps one's unsent edits on this device while there are any, so that a reload or a crash loses nothing.
// Made by the desk for each copy. It writes seldom: with a connection most edits are stored before it would.

import type { Replica } from "./replica";
import type { Shelf } from "./shelf";

const SAVE_MS = 250;

export class Keeper {
  readonly #shelf: Shelf;
  readonly #document: number;
  readonly #replica: Replica;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isKept: boolean;
  readonly #leaving = new AbortController();

  constructor(
    shelf: Shelf,
    document: number,
    replica: Replica,
    /** The edits of this copy lie on the shelf already. */
    wasKept: boolean,
  ) {
    this.#shelf = shelf;
    this.#document = document;
    this.#replica = replica;
    this.#isKept = wasKept;
    const { signal } = this.#leaving;
    addEventListener("pagehide", () => void this.save(), { signal });
    globalThis.document.addEventListener("visibilitychange", () => globalThis.document.hidden && void this.save(), { signal });
  }

  /** Something was typed or stored. */
  touch(): void {
    if (this.#replica.isSettled && !this.#isKept) return this.#cancel();
    this.#timer ??= setTimeout(() => void this.save(), SAVE_MS);
  }

  /** Writes what waits, or forgets what is stored by now. */
  async save(): Promise<void> {
    this.#cancel();
    const shelf = this.#shelf;
    const replica = this.#replica;
    if (replica.isSettled) {
      if (this.#isKept) await shelf.dropUnsent(replica.clientId);
      this.#isKept = false;
      return;
    }
    this.#isKept = true;
    await shelf.keepUnsent({ ...replica.unsent(), document: this.#document, keptAt: Date.now() });
  }

  /** Another copy takes the place of this one; what is kept stays. */
  close(): void {
    this.#cancel();
    this.#leaving.abort();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
