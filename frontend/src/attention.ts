// What the person follows and saves, kept current by events: one for each session, made when something first asks.
// Used by the message menu, the thread pane, the pages of mentions and saved messages, and the notifier.

import { get } from "./api";
import type { AnyEvent } from "./events";
import type { AttentionView, ThreadMark } from "./protocol";
import { reduceAttention } from "./reducers/attention";
import type { Session } from "./session";
import type { ConnectionState } from "./socket";
import { Store } from "./store";

/** After a new connection everybody asks; not all in the same second. */
const SPREAD_MS = 4_000;

const ENDED: ReadonlySet<ConnectionState> = new Set(["signed_out", "banned", "stopped"]);

const made = new WeakMap<Session, Attention>();

export function attentionOf(session: Session): Attention {
  const known = made.get(session) ?? new Attention(session);
  made.set(session, known);
  return known;
}

export class Attention {
  /** Null until it has come. */
  readonly store = new Store<AttentionView | null>(null);
  readonly #session: Session;
  #held: AnyEvent[] | null = null;
  #wasOnline = false;

  constructor(session: Session) {
    this.#session = session;
    session.connection.onEvent((event) => this.#take(event));
    session.connection.onState((state) => {
      if (state !== "online") return;
      if (this.#wasOnline) setTimeout(() => void this.load(), Math.random() * SPREAD_MS);
      this.#wasOnline = true;
    });
    void this.load();
  }

  thread(root: string): ThreadMark | null {
    return this.store.get()?.threads.find((mark) => mark.root === root) ?? null;
  }

  isSaved(message: string): boolean {
    return this.store.get()?.saved.some((mark) => mark.message === message) === true;
  }

  /** Followed threads with replies that were not read. */
  unreadThreads(): number {
    return this.store.get()?.threads.filter((mark) => mark.following && mark.unread > 0).length ?? 0;
  }

  /** Loads it anew; what happens meanwhile is applied after it. */
  async load(): Promise<void> {
    // Whoever is signed out or banned would only be refused, and sees why already.
    if (this.#held !== null || ENDED.has(this.#session.connection.state)) return;
    const held: AnyEvent[] = (this.#held = []);
    try {
      const loaded = await get<AttentionView>("/api/attention/");
      this.store.set(held.reduce((state, event) => reduceAttention(state, event, this.#session.me), loaded));
    } catch {
      // Nothing depends on it but hints; the next connection asks again.
    } finally {
      this.#held = null;
    }
    // A deletion cannot be told from one that was counted already.
    if (held.some((event) => event.type === "message.deleted" && event.data.thread_root !== null)) void this.load();
  }

  #take(event: AnyEvent): void {
    this.#held?.push(event);
    if (event.type === "room.added") return void this.load();
    const state = this.store.get();
    if (state !== null) this.store.set(reduceAttention(state, event, this.#session.me));
  }
}
