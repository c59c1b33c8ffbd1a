// Something of a document that is read once and then kept by the room's events: its discussions, its suggestions.
// One object for all who look at the same document. It never draws.

import * as api from "./api";
import type { AnyEvent } from "./events";
import { roomTopic } from "./events";
import type { PersonView } from "./protocol";
import type { Session } from "./session";

/** A message and the word that it is about something come together, and several may: one request for all. */
const RELOAD_MS = 150;
const RETRY_MS = 5_000;

interface Snapshot {
  as_of_seq: number;
  people: PersonView[];
}

export abstract class KeptList<List extends Snapshot, Told = null> {
  /** Null until it is loaded. */
  now: List | null = null;
  readonly #session: Session;
  readonly #room: number;
  readonly #path: string;
  readonly #listeners = new Set<(told: Told | null) => void>();
  #stops: (() => void)[] = [];
  #waiting: ReturnType<typeof setTimeout> | undefined;
  /** The room's newest event. */
  #heard = 0;

  constructor(
    session: Session,
    room: number,
    readonly document: number,
    path: string,
  ) {
    this.#session = session;
    this.#room = room;
    this.#path = path;
  }

  /** Takes what the room tells; only called while the list is loaded. */
  protected abstract take(event: AnyEvent): void;

  /** Nobody listens any more. */
  protected forget(): void {
    this.now = null;
  }

  /** Hears of every change, with what an event told, until the answer is called; the first who listens has it loaded. */
  subscribe(listener: (told: Told | null) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  }

  #begin(): void {
    const { connection } = this.#session;
    const hear = (event: AnyEvent) => {
      if (event.topic !== roomTopic(this.#room)) return;
      this.#heard = event.seq ?? this.#heard;
      if (this.now !== null) this.take(event);
    };
    this.#stops = [connection.onEvent(hear), connection.onState((state) => state === "online" && this.now !== null && this.reload())];
    void this.load();
  }

  #end(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.forget();
  }

  async load(): Promise<void> {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    try {
      const loaded = await api.get<List>(this.#path);
      if (this.#listeners.size === 0 || (this.now !== null && loaded.as_of_seq < this.now.as_of_seq)) return;
      this.#session.people.add(...loaded.people);
      this.now = loaded;
      this.tell(null);
      // Something was told while this was on its way, and may not be in it.
      if (loaded.as_of_seq < this.#heard) this.reload();
    } catch (error) {
      // Without an answer it is asked again; a document that is gone has nothing.
      if (!(error instanceof api.ApiError) || error.status === 0 || error.status >= 500) this.reload(RETRY_MS);
    }
  }

  reload(delayMs = RELOAD_MS): void {
    if (this.#listeners.size > 0) this.#waiting ??= setTimeout(() => void this.load(), delayMs);
  }

  protected tell(told: Told | null): void {
    for (const listener of [...this.#listeners]) listener(told);
  }
}

/** One object for each document of a session: the same for all who ask. */
export function keptFor<Kept>(make: (session: Session, room: number, document: number) => Kept): (session: Session, room: number, document: number) => Kept {
  const everywhere = new WeakMap<Session, Map<number, Kept>>();
  return (session, room, document) => {
    const all = everywhere.get(session) ?? new Map<number, Kept>();
    everywhere.set(session, all);
    const known = all.get(document) ?? make(session, room, document);
    all.set(document, known);
    return known;
  };
}
