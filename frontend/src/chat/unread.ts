// What is read: marks the room read while its newest message is in view and the tab has the focus; keeps the "New" line.
// Used by the room and by the thread. The server counts; a marker never goes back.

import type { MessageView, RoomSnapshot } from "../protocol";
import type { Session } from "../session";

const PAUSE_MS = 400;

export class ReadMarker {
  /** The "New" line stands after this seq until the room is left; null: there is none. */
  newAfter: number | null;
  readonly #session: Session;
  readonly #state: () => RoomSnapshot | null;
  readonly #atEnd: () => boolean;
  #told = 0;
  /** The person took the read mark back: nothing is read by looking until they leave, or say so. */
  #held = false;
  #known: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = new AbortController();

  constructor(session: Session, state: () => RoomSnapshot | null, atEnd: () => boolean) {
    this.#session = session;
    this.#state = state;
    this.#atEnd = atEnd;
    const now = state();
    this.newAfter = now !== null && now.unread > 0 ? now.last_read_seq : null;
    this.#known = now?.last_read_seq ?? 0;
    const { signal } = this.#abort;
    window.addEventListener("focus", () => this.check(), { signal });
    document.addEventListener("visibilitychange", () => this.check(), { signal });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  get #looking(): boolean {
    return !document.hidden && document.hasFocus() && this.#atEnd();
  }

  /** Called after every change and scroll. */
  check(): void {
    const state = this.#state();
    if (state === null || state.role === "") return;
    if (state.last_read_seq < this.#known) {
      this.#held = true;
      clearTimeout(this.#timer);
      this.newAfter = state.last_read_seq;
    }
    this.#known = state.last_read_seq;
    if (this.#held) return;
    if (this.newAfter === null && state.unread > 0 && !this.#looking) this.newAfter = state.last_read_seq;
    const newest = state.messages[state.messages.length - 1];
    if (newest === undefined || state.has_after || !this.#looking) return;
    this.#reach(newest.seq);
  }

  /** The reply is in view: a thread that mentions somebody is read there. */
  seen(reply: MessageView | undefined): void {
    const state = this.#state();
    if (reply !== undefined && !this.#held && state !== null && state.mentions > 0 && this.#looking) this.#reach(reply.seq);
  }

  /** Everything in the room, wherever it stands. */
  all(): void {
    const state = this.#state();
    this.#held = false;
    this.#told = 0;
    if (state !== null && state.role !== "") this.#reach(state.as_of_seq, 0);
  }

  #reach(seq: number, pauseMs = PAUSE_MS): void {
    const state = this.#state();
    if (state === null || seq <= Math.max(state.last_read_seq, this.#told)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(state.room.id, seq), pauseMs);
  }

  async #tell(room: number, seq: number): Promise<void> {
    if (this.#session.connection.state !== "online") return;
    this.#told = seq;
    try {
      await this.#session.command("read.set", { seq }, room);
    } catch {
      // Lost or refused: the next message, scroll or focus tells again.
      this.#told = 0;
    }
  }
}
