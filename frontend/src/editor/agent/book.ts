// The suggestions of one document, kept by the room's events. Made by the agent's control for each open document, and by
// the cards in the chat. It never draws; where changes are while one edits, places.ts knows.

import * as api from "../../api";
import { roomTopic } from "../../events";
import type { Suggestions, SuggestionView } from "../../protocol";
import { reduceSuggestions } from "../../reducers/suggestions";
import type { Session } from "../../session";

const RELOAD_MS = 150;
const RETRY_MS = 5_000;

/** What an event told. */
export interface Told {
  suggestion: SuggestionView;
  isNew: boolean;
}

export class SuggestionBook {
  /** Null until they are loaded. */
  now: Suggestions | null = null;
  readonly #session: Session;
  readonly #room: number;
  readonly #listeners = new Set<(told: Told | null) => void>();
  #stops: (() => void)[] = [];
  #waiting: ReturnType<typeof setTimeout> | undefined;
  /** The room's newest event. */
  #heard = 0;

  constructor(
    session: Session,
    room: number,
    readonly document: number,
  ) {
    this.#session = session;
    this.#room = room;
  }

  /** Hears of every change, with the suggestion that an event told, until the answer is called. */
  subscribe(listener: (told: Told | null) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  }

  #begin(): void {
    const { connection } = this.#session;
    const take = (event: Parameters<Parameters<typeof connection.onEvent>[0]>[0]) => {
      if (event.topic !== roomTopic(this.#room)) return;
      this.#heard = event.seq ?? this.#heard;
      if (this.now === null) return;
      this.now = reduceSuggestions(this.now, event);
      if (event.type === "suggestion.created" || event.type === "suggestion.changed") {
        const { suggestion } = event.data;
        if (suggestion.document === this.document) this.#tell({ suggestion, isNew: event.type === "suggestion.created" });
      }
    };
    this.#stops = [connection.onEvent(take), connection.onState((state) => state === "online" && this.now !== null && this.reload())];
    void this.load();
  }

  #end(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.now = null;
  }

  async load(): Promise<void> {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    try {
      const loaded = await api.get<Suggestions>(`/api/documents/${this.document}/suggestions/`);
      if (this.#listeners.size === 0 || (this.now !== null && loaded.as_of_seq < this.now.as_of_seq)) return;
      this.#session.people.add(...loaded.people);
      this.now = loaded;
      this.#tell(null);
      // Something was told while this was on its way, and may not be in it.
      if (loaded.as_of_seq < this.#heard) this.reload();
    } catch (error) {
      // Without an answer it is asked again; a document that is gone has no suggestions.
      if (!(error instanceof api.ApiError) || error.status === 0 || error.status >= 500) this.reload(RETRY_MS);
    }
  }

  reload(delayMs = RELOAD_MS): void {
    if (this.#listeners.size > 0) this.#waiting ??= setTimeout(() => void this.load(), delayMs);
  }

  /** What an answer told, before its event comes. */
  adopt(told: SuggestionView): void {
    if (this.now === null) return;
    this.now = { ...this.now, suggestions: this.now.suggestions.map((one) => (one.id === told.id && one.version <= told.version ? told : one)) };
    this.#tell(null);
  }

  #tell(told: Told | null): void {
    for (const listener of [...this.#listeners]) listener(told);
  }
}

const books = new WeakMap<Session, Map<number, SuggestionBook>>();

/** The suggestions of a document; the same for all who ask. */
export function suggestionsOf(session: Session, room: number, document: number): SuggestionBook {
  const all = books.get(session) ?? new Map<number, SuggestionBook>();
  books.set(session, all);
  const known = all.get(document) ?? new SuggestionBook(session, room, document);
  all.set(document, known);
  return known;
}
