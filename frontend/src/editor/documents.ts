// The documents of the open room: their list, kept by the room's events, and what is asked of the server about them.
// Made by the pane for each room. It never opens a document and never shows anything.

import * as api from "../api";
import { ApiError } from "../api";
import type { AnyEvent } from "../events";
import { roomTopic } from "../events";
import type { DocumentList, DocumentView, TextView } from "../protocol";
import type { Session } from "../session";
import { Store } from "../store";

/** The order of the tabs. */
export function byPlace(a: DocumentView, b: DocumentView): number {
  return a.position - b.position || a.id - b.id;
}

/** Puts a document where it belongs: among the living or among the deleted. The newest word counts, whatever its version. */
export function withDocument(list: DocumentList, document: DocumentView): DocumentList {
  const others = (documents: readonly DocumentView[]) => documents.filter((one) => one.id !== document.id);
  const alive = document.deleted_at === null;
  return {
    ...list,
    documents: (alive ? [...others(list.documents), document] : others(list.documents)).sort(byPlace),
    deleted: (alive ? others(list.deleted) : [...others(list.deleted), document]).sort(byPlace),
  };
}

/** The list after an event of its room. */
export function reduceDocuments(list: DocumentList, event: AnyEvent): DocumentList {
  if (event.seq === undefined || event.seq <= list.as_of_seq) return list;
  const next = event.type === "document.created" || event.type === "document.listed" ? withDocument(list, event.data.document) : list;
  return { ...next, as_of_seq: event.seq };
}

/** The position that puts a document at `index` among the others, in their order. */
export function positionAt(others: readonly DocumentView[], index: number): number {
  const before = others[index - 1]?.position ?? 0;
  const after = others[index]?.position;
  return after === undefined ? Math.min(before + 65_536, 2 ** 31 - 1) : Math.floor((before + after) / 2);
}

export interface NewDocument {
  cid: string;
  name: string;
  language: string;
  text: string;
}

export class Documents {
  readonly list = new Store<DocumentList | null>(null);
  readonly #session: Session;
  readonly #stops: (() => void)[];
  /** Events that came while a list was on its way, for each that is. */
  readonly #holds = new Set<AnyEvent[]>();

  constructor(
    session: Session,
    readonly room: number,
  ) {
    this.#session = session;
    const { connection } = session;
    this.#stops = [
      connection.onEvent((event) => event.topic === roomTopic(room) && this.#take(event)),
      // Outside the room nothing is heard, and of a pruned log not all: look again.
      connection.onState((state) => state === "online" && this.list.get() !== null && void this.load().catch(() => undefined)),
    ];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async load(): Promise<DocumentList> {
    const held: AnyEvent[] = [];
    this.#holds.add(held);
    try {
      const loaded = await api.get<DocumentList>(`/api/rooms/${this.room}/documents/`);
      const list = held.reduce(reduceDocuments, loaded);
      this.list.set(list);
      return list;
    } finally {
      this.#holds.delete(held);
    }
  }

  #take(event: AnyEvent): void {
    for (const held of this.#holds) held.push(event);
    this.list.update((list) => (list === null ? null : reduceDocuments(list, event)));
  }

  find(id: number | null): DocumentView | null {
    const list = this.list.get();
    return [...(list?.documents ?? []), ...(list?.deleted ?? [])].find((one) => one.id === id) ?? null;
  }

  /** Whether the room's events come here, which say everything in its order. */
  get #isHeard(): boolean {
    const { connection } = this.#session;
    return connection.state === "online" && connection.seqOf(roomTopic(this.room)) !== null;
  }

  /** What an answer says of a document may be old by now: where the room is heard, it only counts for a new one. */
  adopt(document: DocumentView): DocumentView {
    if (this.#isHeard && this.find(document.id) !== null) return document;
    this.list.update((list) => (list === null ? null : withDocument(list, document)));
    return document;
  }

  async create(wish: NewDocument): Promise<DocumentView> {
    return this.adopt(await api.post<DocumentView>(`/api/rooms/${this.room}/documents/`, wish));
  }

  async change(id: number, change: { name?: string; language?: string; read_only?: boolean; position?: number }): Promise<DocumentView> {
    return this.adopt(await api.send<DocumentView>("PATCH", `/api/documents/${id}/`, change));
  }

  async delete(id: number): Promise<DocumentView> {
    return this.adopt(await api.send<DocumentView>("DELETE", `/api/documents/${id}/`));
  }

  async restore(id: number): Promise<DocumentView> {
    return this.adopt(await api.post<DocumentView>(`/api/documents/${id}/restore/`, {}));
  }

  text(id: number): Promise<TextView> {
    return api.get<TextView>(`/api/documents/${id}/text/`);
  }

  /** Sends a file; `progress` hears the share that is sent. */
  upload(file: File, cid: string, progress: (share: number) => void): Promise<DocumentView> {
    const form = new FormData();
    form.set("cid", cid);
    form.set("name", file.name);
    form.set("file", file);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `/api/rooms/${this.room}/documents/`);
      request.setRequestHeader("X-CSRFToken", api.csrfToken());
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onerror = () => reject(new ApiError(0, "offline", "The server could not be reached."));
      request.onload = () => this.#answered(request).then((document) => resolve(this.adopt(document)), reject);
      request.send(form);
    });
  }

  async #answered(request: XMLHttpRequest): Promise<DocumentView> {
    let told: unknown;
    try {
      told = JSON.parse(request.responseText);
    } catch {
      throw new ApiError(request.status, "internal", `The server answered ${request.status}.`);
    }
    if (request.status < 300) return told as DocumentView;
    const { code = "internal", message = "", field = null } = told as { code?: string; message?: string; field?: string | null };
    throw new ApiError(request.status, code, message, field);
  }
}
