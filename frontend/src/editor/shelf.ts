// What of a person's edits is kept on this device: those that are not stored yet, and drafts that could not be.
// IndexedDB, one database for each account; memory where the browser allows none. Used by the keeper and the desk.

import type { Unsent } from "./replica";

export interface KeptEdits extends Unsent {
  document: number;
  keptAt: number;
}

/** A text that the server would not take, kept until the person puts it back, copies or discards it. */
export interface Draft {
  id: string;
  document: number;
  name: string;
  /** What the person saw. */
  text: string;
  /** The stored text that it was typed on. */
  base: string;
  edits: number;
  typedAt: number;
  /** Why it was not taken, in the server's words. */
  why: string;
}

interface Records {
  unsent: KeptEdits;
  drafts: Draft;
}

type StoreName = keyof Records;

const KEYS: Readonly<Record<StoreName, string>> = { unsent: "clientId", drafts: "id" };

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(KEYS)) request.result.createObjectStore(store, { keyPath }).createIndex("document", "document");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

export class Shelf {
  readonly #database: IDBDatabase | null;
  readonly #memory: { [Name in StoreName]: Map<string, Records[Name]> } = { unsent: new Map(), drafts: new Map() };

  private constructor(database: IDBDatabase | null) {
    this.#database = database;
  }

  /** The shelf of one account on this device. */
  static async open(account: number): Promise<Shelf> {
    try {
      const database = await openDatabase(`collab-editor-${account}`);
      database.onversionchange = () => database.close();
      return new Shelf(database);
    } catch {
      // No IndexedDB here (some private modes): what is kept then lives as long as the tab.
      return new Shelf(null);
    }
  }

  /** All of a document, oldest first. */
  async unsentOf(document: number): Promise<KeptEdits[]> {
    return (await this.#allOf("unsent", document)).sort((a, b) => a.keptAt - b.keptAt);
  }

  async draftsOf(document: number): Promise<Draft[]> {
    return (await this.#allOf("drafts", document)).sort((a, b) => a.typedAt - b.typedAt);
  }

  /** Answers whether it will be there after this page. */
  keepUnsent(kept: KeptEdits): Promise<boolean> {
    return this.#put("unsent", kept.clientId, kept);
  }

  dropUnsent(clientId: string): Promise<void> {
    return this.#remove("unsent", clientId);
  }

  /** Answers whether it will be there after this page; else what it was made of must not be dropped. */
  keepDraft(draft: Draft): Promise<boolean> {
    return this.#put("drafts", draft.id, draft);
  }

  dropDraft(id: string): Promise<void> {
    return this.#remove("drafts", id);
  }

  #run<T>(store: StoreName, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = this.#database;
    if (database === null) return Promise.reject(new Error("no database"));
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  }

  async #allOf<Name extends StoreName>(name: Name, document: number): Promise<Records[Name][]> {
    const query = (store: IDBObjectStore) => store.index("document").getAll(document) as IDBRequest<Records[Name][]>;
    const kept = await this.#run(name, "readonly", query).catch(() => []);
    // What is in memory is newer: the disk has refused it.
    const fresh = [...this.#memory[name].values()].filter((one) => one.document === document);
    const byKey = new Map([...kept, ...fresh].map((one) => [(one as unknown as Record<string, string>)[KEYS[name]], one]));
    return [...byKey.values()];
  }

  /** What the disk refuses (full, or forbidden half-way) is kept in memory. */
  async #put<Name extends StoreName>(name: Name, key: string, record: Records[Name]): Promise<boolean> {
    try {
      await this.#run(name, "readwrite", (store) => store.put(record));
      this.#memory[name].delete(key);
      return true;
    } catch {
      this.#memory[name].set(key, record);
      return false;
    }
  }

  async #remove(name: StoreName, key: string): Promise<void> {
    this.#memory[name].delete(key);
    await this.#run(name, "readwrite", (store) => store.delete(key)).catch(() => undefined);
  }
}
