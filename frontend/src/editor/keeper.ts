// Keeps one's unsent edits on this device while there are any, so that a reload or a crash loses nothing.
// Made by the desk for each copy. It writes seldom: with a connection most edits are stored before it would.

import type { Replica } from "./replica";
import type { Shelf } from "./shelf";

const SAVE_MS = 250;

export class Keeper {
  private timer: ReturnType<typeof setTimeout> | null = null;
  private isKept: boolean;
  private readonly leaving = new AbortController();

  constructor(
    private readonly shelf: Shelf,
    private readonly document: number,
    private readonly replica: Replica,
    /** The edits of this copy lie on the shelf already. */
    wasKept: boolean,
  ) {
    this.isKept = wasKept;
    const { signal } = this.leaving;
    addEventListener("pagehide", () => void this.save(), { signal });
    globalThis.document.addEventListener("visibilitychange", () => globalThis.document.hidden && void this.save(), { signal });
  }

  /** Something was typed or stored. */
  touch(): void {
    if (this.replica.isSettled && !this.isKept) return this.cancel();
    this.timer ??= setTimeout(() => void this.save(), SAVE_MS);
  }

  /** Writes what waits, or forgets what is stored by now. */
  async save(): Promise<void> {
    this.cancel();
    const { shelf, replica } = this;
    if (replica.isSettled) {
      if (this.isKept) await shelf.dropUnsent(replica.clientId);
      this.isKept = false;
      return;
    }
    this.isKept = true;
    await shelf.keepUnsent({ ...replica.unsent(), document: this.document, keptAt: Date.now() });
  }

  /** Another copy takes the place of this one; what is kept stays. */
  close(): void {
    this.cancel();
    this.leaving.abort();
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
