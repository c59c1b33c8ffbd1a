// The discussions of one document, kept by the room's events: for the cards in the chat and the marks in the editor.
// One for all who look at the same document. It never draws; where lines are while one edits, the editor tells it.

import * as api from "../api";
import type { AnyEvent } from "../events";
import { roomTopic } from "../events";
import type { Discussion, Discussions, MessageView, ThreadView } from "../protocol";
import { excerpt } from "../reducers/messages";
import type { Session } from "../session";
import { placeOf, type Place } from "./words";

/** A message and the word that it is about lines come together, and several may: one request for all. */
const RELOAD_MS = 150;
const RETRY_MS = 5_000;

function samePlace(a: Place, b: Place): boolean {
  return a.line === b.line && a.last === b.last && a.gone === b.gone && String(a.changed) === String(b.changed);
}

export class Book {
  /** Null until they are loaded. */
  now: Discussions | null = null;
  readonly #session: Session;
  readonly #room: number;
  #places = new Map<string, Place>();
  readonly #listeners = new Set<() => void>();
  #stops: (() => void)[] = [];
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    session: Session,
    room: number,
    readonly document: number,
  ) {
    this.#session = session;
    this.#room = room;
  }

  /** Hears of every change until the answer is called; the first who listens has them loaded. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  }

  #begin(): void {
    const { connection } = this.#session;
    this.#stops = [
      connection.onEvent((event) => event.topic === roomTopic(this.#room) && this.#take(event)),
      connection.onState((state) => state === "online" && this.now !== null && this.reload()),
    ];
    void this.load();
  }

  #end(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.now = null;
    this.#places.clear();
  }

  async load(): Promise<void> {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    try {
      const loaded = await api.get<Discussions>(`/api/documents/${this.document}/discussions/`);
      if (this.#listeners.size === 0 || (this.now !== null && loaded.as_of_seq < this.now.as_of_seq)) return;
      this.#session.people.add(...loaded.people);
      this.now = loaded;
      this.#tell();
    } catch (error) {
      // Without an answer it is asked again; a document that is gone has no discussions.
      if (!(error instanceof api.ApiError) || error.status === 0 || error.status >= 500) this.reload(RETRY_MS);
    }
  }

  reload(delayMs = RELOAD_MS): void {
    if (this.#listeners.size > 0) this.#waiting ??= setTimeout(() => void this.load(), delayMs);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  find(message: string): Discussion | null {
    return this.now?.discussions.find((one) => one.message === message) ?? null;
  }

  // Places

  /** Where the lines are in the text that this person sees, else where the server said. */
  place(discussion: Discussion): Place {
    return this.#places.get(discussion.message) ?? placeOf(discussion);
  }

  /** The editor tells where they are; with null it tells no more. */
  setPlaces(places: Map<string, Place> | null): void {
    const next = places ?? new Map<string, Place>();
    const same = next.size === this.#places.size && [...next].every(([id, place]) => samePlace(place, this.#places.get(id) ?? { ...place, line: -1 }));
    this.#places = next;
    if (!same) this.#tell();
  }

  // What the room tells

  #take(event: AnyEvent): void {
    if (this.now === null) return;
    if (event.type === "message.created") this.#said(event.data.message, event.data.thread);
    else if (event.type === "message.edited") this.#change(event.data.id, { excerpt: excerpt(event.data.body) });
    else if (event.type === "message.deleted") this.#deleted(event.data.id, event.data.thread_root, event.data.thread);
    else if (event.type === "discussion.changed" && event.data.document === this.document) {
      const { discussion, resolved, by } = event.data;
      this.#change(discussion, { resolved_at: resolved ? (event.at ?? "") : null, resolved_by: resolved ? by : null });
    } else if (event.type === "document.listed" && event.data.document.id === this.document) {
      this.now = { ...this.now, document: event.data.document };
      this.#tell();
    }
  }

  #said(message: MessageView, thread: ThreadView | null): void {
    if (message.thread_root !== null) this.#change(message.thread_root, { replies: thread?.replies ?? 0 });
    else if (message.beside?.topic === `document:${this.document}` && message.beside.start !== null) this.reload();
  }

  #deleted(id: string, root: string | null, thread: ThreadView | null): void {
    if (root !== null) return this.#change(root, { replies: thread?.replies ?? 0 });
    if (this.now === null || this.find(id) === null) return;
    this.now = { ...this.now, discussions: this.now.discussions.filter((one) => one.message !== id) };
    this.#tell();
  }

  #change(message: string, change: Partial<Discussion>): void {
    if (this.now === null || this.find(message) === null) return;
    const discussions = this.now.discussions.map((one) => (one.message === message ? { ...one, ...change } : one));
    this.now = { ...this.now, discussions };
    this.#tell();
  }

  async resolve(message: string, resolved: boolean): Promise<void> {
    const done = await api.post<Discussion>(`/api/documents/${this.document}/discussions/${message}/`, { resolved });
    this.#change(message, { resolved_at: done.resolved_at, resolved_by: done.resolved_by });
  }
}

const books = new WeakMap<Session, Map<number, Book>>();

/** The book of a document; the same for all who ask. */
export function bookOf(session: Session, room: number, document: number): Book {
  const all = books.get(session) ?? new Map<number, Book>();
  books.set(session, all);
  const known = all.get(document) ?? new Book(session, room, document);
  all.set(document, known);
  return known;
}
