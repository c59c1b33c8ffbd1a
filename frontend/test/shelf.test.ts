// What is kept on the device when the disk refuses to keep it: nothing is dropped for something that was not written.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { type Draft, type KeptEdits, Shelf } from "../src/editor/shelf";

/** A database of one store each, which may be full. */
class Disk {
  full = false;
  readonly rows = new Map<string, Map<string, unknown>>([["unsent", new Map()], ["drafts", new Map()]]);

  install(): void {
    const database = { transaction: (name: string) => this.transaction(name), close: () => undefined };
    const open = () => {
      const request = { result: database, onsuccess: () => undefined };
      queueMicrotask(() => request.onsuccess());
      return request;
    };
    Object.assign(globalThis, { indexedDB: { open } });
  }

  private transaction(name: string): unknown {
    const rows = this.rows.get(name) as Map<string, unknown>;
    const transaction = { error: null as Error | null, oncomplete: () => undefined, onabort: () => undefined, objectStore: () => store };
    const done = <T>(result: T) => {
      queueMicrotask(() => (transaction.error === null ? transaction.oncomplete() : transaction.onabort()));
      return { result, error: null };
    };
    const store = {
      put: (row: Record<string, string>) => {
        if (this.full) transaction.error = new Error("QuotaExceededError");
        else rows.set(row[name === "unsent" ? "clientId" : "id"] as string, structuredClone(row));
        return done(undefined);
      },
      delete: (key: string) => done(rows.delete(key)),
      index: () => ({ getAll: () => done([...rows.values()]) }),
    };
    return transaction;
  }
}

const kept = (changes: unknown[]): KeptEdits => ({ clientId: "7-me", document: 3, keptAt: 1, version: 4, base: "abc", changes, times: changes.map(() => 0) });
const draft: Draft = { id: "d", document: 3, name: "a.py", text: "xabc", base: "abc", edits: 1, typedAt: 1, why: "" };

afterEach(() => Reflect.deleteProperty(globalThis, "indexedDB"));

test("a full disk keeps the older edits, and this page knows the newer", async () => {
  const disk = new Disk();
  disk.install();
  const shelf = await Shelf.open(7);
  assert.equal(await shelf.keepUnsent(kept([[[0, "x"], 3]])), true);
  disk.full = true;
  assert.equal(await shelf.keepUnsent(kept([[[0, "x"], 3], [[0, "y"], 4]])), false);
  const found = await shelf.unsentOf(3);
  assert.deepEqual(found.map((one) => one.changes.length), [2], "the newer ones, once");
  assert.equal(disk.rows.get("unsent")?.size, 1);
});

test("a draft that is in memory only says so", async () => {
  const disk = new Disk();
  disk.install();
  const shelf = await Shelf.open(7);
  disk.full = true;
  assert.equal(await shelf.keepDraft(draft), false);
  assert.deepEqual(await shelf.draftsOf(3), [draft]);
  disk.full = false;
  assert.equal(await shelf.keepDraft(draft), true);
  assert.deepEqual(await shelf.draftsOf(3), [draft]);
});
