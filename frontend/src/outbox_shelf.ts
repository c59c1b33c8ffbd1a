// Where waiting messages lie: IndexedDB, one database for each account; memory where the browser allows none.
// Used by the outbox only. It never reads another account's database.

import type { OutboxItem } from "./outbox";

export interface Shelf {
  all(): Promise<OutboxItem[]>;
  has(cid: string): Promise<boolean>;
  put(item: OutboxItem): Promise<void>;
  remove(cid: string): Promise<void>;
}

const STORE = "messages";

class Memory implements Shelf {
  readonly #items = new Map<string, OutboxItem>();

  async all(): Promise<OutboxItem[]> {
    return [...this.#items.values()].sort((a, b) => a.order - b.order);
  }

  async has(cid: string): Promise<boolean> {
    return this.#items.has(cid);
  }

  async put(item: OutboxItem): Promise<void> {
    this.#items.set(item.cid, item);
  }

  async remove(cid: string): Promise<void> {
    this.#items.delete(cid);
  }
}

/** IndexedDB, with memory beside it for items that the disk refused (full, or forbidden half-way). */
class Disk implements Shelf {
  readonly #database: IDBDatabase;
  readonly #instead = new Memory();

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  #run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  }

  async all(): Promise<OutboxItem[]> {
    const kept = await this.#run<OutboxItem[]>("readonly", (store) => store.getAll()).catch(() => []);
    const both = [...kept, ...(await this.#instead.all())];
    return both.sort((a, b) => a.order - b.order);
  }

  async has(cid: string): Promise<boolean> {
    if (await this.#instead.has(cid)) return true;
    return (await this.#run("readonly", (store) => store.count(cid)).catch(() => 1)) > 0;
  }

  async put(item: OutboxItem): Promise<void> {
    try {
      await this.#run("readwrite", (store) => store.put(item));
    } catch {
      await this.#instead.put(item);
    }
  }

  async remove(cid: string): Promise<void> {
    await this.#instead.remove(cid);
    await this.#run("readwrite", (store) => store.delete(cid)).catch(() => undefined);
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "cid" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** The shelf of one account on this device. */
export async function openShelf(account: number): Promise<Shelf> {
  try {
    const database = await openDatabase(`collab-outbox-${account}`);
    database.onversionchange = () => database.close();
    return new Disk(database);
  } catch {
    // No IndexedDB here (some private modes): messages then live as long as the tab.
    return new Memory();
  }
}
