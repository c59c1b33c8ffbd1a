// What stands open beside the chat of each room: whoever shows something there says so, and messages carry it along.
// Made by the session; the code pane tells it, the composer asks. It knows nothing of documents.

import type { BesideView } from "./protocol";

export class Beside {
  private readonly shown = new Map<number, () => BesideView | null>();

  /** Something is open beside the chat of this room until the answer is called; `now` says where it stands. */
  show(room: number, now: () => BesideView | null): () => void {
    this.shown.set(room, now);
    return () => {
      if (this.shown.get(room) === now) this.shown.delete(room);
    };
  }

  /** What is open there now; null for nothing that a message could name. */
  of(room: number): BesideView | null {
    return this.shown.get(room)?.() ?? null;
  }
}
