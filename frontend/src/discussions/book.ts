// The discussions of one document, kept by the room's events: for the cards in the chat and the marks in the editor.
// One for all who look at the same document. It never draws; where lines are while one edits, the editor tells it.

import * as api from "../api";
import type { AnyEvent } from "../events";
import { keptFor, KeptList } from "../kept_list";
import type { Discussion, Discussions, MessageView, ThreadView } from "../protocol";
import { excerpt } from "../reducers/messages";
import type { Session } from "../session";
import { placeOf, type Place } from "./words";

function samePlace(a: Place, b: Place): boolean {
  return a.line === b.line && a.last === b.last && a.gone === b.gone && String(a.changed) === String(b.changed);
}

export class Book extends KeptList<Discussions> {
  #places = new Map<string, Place>();

  constructor(session: Session, room: number, document: number) {
    super(session, room, document, `/api/documents/${document}/discussions/`);
  }

  protected override forget(): void {
    super.forget();
    this.#places.clear();
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
    if (!same) this.tell(null);
  }

  // What the room tells

  protected override take(event: AnyEvent): void {
    if (this.now === null) return;
    if (event.type === "message.created") this.#said(event.data.message, event.data.thread);
    else if (event.type === "message.edited") this.#change(event.data.id, { excerpt: excerpt(event.data.body) });
    else if (event.type === "message.deleted") this.#deleted(event.data.id, event.data.thread_root, event.data.thread);
    else if (event.type === "discussion.changed" && event.data.document === this.document) {
      const { discussion, resolved, by } = event.data;
      this.#change(discussion, { resolved_at: resolved ? (event.at ?? "") : null, resolved_by: resolved ? by : null });
    } else if (event.type === "document.listed" && event.data.document.id === this.document) {
      this.now = { ...this.now, document: event.data.document };
      this.tell(null);
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
    this.tell(null);
  }

  #change(message: string, change: Partial<Discussion>): void {
    if (this.now === null || this.find(message) === null) return;
    const discussions = this.now.discussions.map((one) => (one.message === message ? { ...one, ...change } : one));
    this.now = { ...this.now, discussions };
    this.tell(null);
  }

  async resolve(message: string, resolved: boolean): Promise<void> {
    const done = await api.post<Discussion>(`/api/documents/${this.document}/discussions/${message}/`, { resolved });
    this.#change(message, { resolved_at: done.resolved_at, resolved_by: done.resolved_by });
  }
}

/** The book of a document; the same for all who ask. */
export const bookOf = keptFor((session, room, document) => new Book(session, room, document));
