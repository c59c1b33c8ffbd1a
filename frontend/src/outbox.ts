// Messages on their way: kept on this device until the server has them, in order, for one account only.
// The composer adds, the log shows, the session confirms. It never sends twice to any effect: a message keeps its cid.

import type { CommandData } from "./events";
import type { BesideView, QuoteView } from "./protocol";
import { uuid4 } from "./dom";
import type { Connection } from "./socket";
import { CommandError } from "./socket";
import { openShelf, type Shelf } from "./outbox_shelf";
import { roomTopic } from "./events";

export interface OutboxItem {
  readonly cid: string;
  readonly room: number;
  readonly body: string;
  readonly thread: string | null;
  readonly reply_to: QuoteView | null;
  readonly also_in_room: boolean;
  /** What one had open when one wrote it. */
  readonly beside: BesideView | null;
  /** What the composer's parts add to message.send. */
  readonly extra?: Extra;
  readonly created_at: string;
  /** Place among all waiting messages of this device. */
  readonly order: number;
  readonly state: "waiting" | "sending" | "failed" | "sent";
  /** Why it failed, or why it waits. */
  readonly error: { code: string; message: string } | null;
  /** Its place in the room, once the server has it. */
  readonly seq: number | null;
}

export type NewMessage = Pick<OutboxItem, "room" | "body" | "thread" | "reply_to" | "also_in_room" | "beside" | "extra">;

/** Fields of message.send that the outbox only carries. */
export type Extra = Omit<Partial<CommandData<"message.send">>, "cid" | keyof Omit<OutboxItem, "extra">>;

/** Errors that the same message will always meet; all others are tried again. */
const FINAL = new Set(["forbidden", "too_large", "invalid", "conflict", "not_found", "read_only", "muted", "not_member", "banned", "gone", "bad_frame", "unknown_type"]);
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

export class Outbox {
  readonly #account: number;
  readonly #connection: Pick<Connection, "command" | "onState" | "state">;
  #items: OutboxItem[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #busy = new Set<number>();
  readonly #failures = new Map<number, number>();
  /** Messages on their way to the shelf: it does not know them yet, which must not look like "sent by another tab". */
  readonly #unkept = new Set<string>();
  readonly #channel: BroadcastChannel | null;
  readonly #ready: Promise<void>;
  #shelf: Shelf | null = null;
  #lastOrder = 0;

  constructor(account: number, connection: Pick<Connection, "command" | "onState" | "state">) {
    this.#account = account;
    this.#connection = connection;
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`collab-outbox-${account}`);
    if (this.#channel !== null) this.#channel.onmessage = () => void this.#reload();
    connection.onState((state) => state === "online" && this.#sendAll());
    this.#ready = this.#open();
  }

  async #open(): Promise<void> {
    this.#shelf = await openShelf(this.#account);
    await this.#reload();
  }

  /** Resolves when messages left from before a reload are here. */
  whenReady(): Promise<void> {
    return this.#ready;
  }

  /** Messages of a room that the log does not hold yet, in order. */
  of(room: number, thread: string | null = null): OutboxItem[] {
    return this.#items.filter((item) => item.room === room && (item.thread === thread || (thread === null && item.also_in_room)));
  }

  /** Rooms with messages that could not be sent. */
  failed(): OutboxItem[] {
    return this.#items.filter((item) => item.state === "failed");
  }

  waiting(): number {
    return this.#items.filter((item) => item.state === "waiting" || item.state === "sending").length;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a message, shows it at once and sends it; resolves when it is kept on the device. */
  async add(message: NewMessage): Promise<string> {
    // Two tabs may write in the same millisecond: their order is then open, as it is between two people.
    this.#lastOrder = Math.max(Date.now(), this.#lastOrder + 1);
    const item: OutboxItem = {
      ...message,
      cid: uuid4(),
      created_at: new Date().toISOString(),
      order: this.#lastOrder,
      state: "waiting",
      error: null,
      seq: null,
    };
    this.#items = [...this.#items, item];
    this.#unkept.add(item.cid);
    this.#changed();
    await this.#ready;
    if (this.#find(item.cid) !== undefined) await this.#keep(item);
    this.#unkept.delete(item.cid);
    void this.#pump(item.room);
    return item.cid;
  }

  /** Sends a failed message again, with the same cid and in its old place. */
  async retry(cid: string): Promise<void> {
    const item = this.#find(cid);
    if (item?.state !== "failed") return;
    await this.#change(item, { state: "waiting", error: null });
    void this.#pump(item.room);
  }

  /** Forgets a message that was not sent. */
  async discard(cid: string): Promise<void> {
    const item = this.#find(cid);
    if (item === undefined || item.state === "sending") return;
    this.#items = this.#items.filter((other) => other.cid !== cid);
    this.#changed();
    await this.#shelf?.remove(cid);
    this.#tellOthers();
  }

  /** The room's log holds the message. */
  confirm(cid: string): void {
    if (this.#find(cid) === undefined) return;
    this.#items = this.#items.filter((item) => item.cid !== cid);
    this.#changed();
    void this.#shelf?.remove(cid).then(() => this.#tellOthers());
  }

  /** A snapshot of the room covers everything up to `seq`. */
  confirmUpTo(room: number, seq: number): void {
    for (const item of this.#items) if (item.room === room && item.seq !== null && item.seq <= seq) this.confirm(item.cid);
  }

  #find(cid: string): OutboxItem | undefined {
    return this.#items.find((item) => item.cid === cid);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #tellOthers(): void {
    this.#channel?.postMessage("changed");
  }

  async #keep(item: OutboxItem): Promise<void> {
    await this.#shelf?.put(item);
    this.#tellOthers();
  }

  async #change(item: OutboxItem, change: Partial<OutboxItem>): Promise<OutboxItem> {
    const next = { ...item, ...change };
    this.#items = this.#items.map((other) => (other.cid === item.cid ? next : other));
    this.#changed();
    // "sending" is not kept: after a reload it would be a lie.
    if (next.state !== "sending" && this.#find(item.cid) !== undefined) await this.#keep(next);
    return next;
  }

  /** Takes over what other tabs wrote; what this tab is sending right now stays as it is. */
  async #reload(): Promise<void> {
    const kept = (await this.#shelf?.all()) ?? [];
    const own = new Map(this.#items.map((item) => [item.cid, item]));
    const merged = kept.map((item) => {
      const mine = own.get(item.cid);
      return mine !== undefined && (mine.state === "sending" || mine.state === "sent") ? mine : item;
    });
    const names = new Set(kept.map((item) => item.cid));
    const live = (item: OutboxItem) => item.state === "sending" || item.state === "sent" || this.#unkept.has(item.cid);
    this.#items = [...merged, ...this.#items.filter((item) => !names.has(item.cid) && live(item))].sort((a, b) => a.order - b.order);
    this.#lastOrder = Math.max(this.#lastOrder, ...this.#items.map((item) => item.order));
    this.#changed();
    this.#sendAll();
  }

  #sendAll(): void {
    for (const room of new Set(this.#items.map((item) => item.room))) void this.#pump(room);
  }

  /** Sends what waits for a room, one after the other, so that the order is kept. */
  async #pump(room: number): Promise<void> {
    await this.#ready;
    if (this.#busy.has(room) || this.#connection.state !== "online") return;
    this.#busy.add(room);
    try {
      // One tab at a time sends to a room: the others find the message gone when their turn comes.
      while (this.#connection.state === "online" && (await this.#inTurn(room, () => this.#sendNext(room)))) continue;
    } finally {
      this.#busy.delete(room);
    }
  }

  #inTurn(room: number, send: () => Promise<boolean>): Promise<boolean> {
    const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
    // No Web Locks outside secure contexts; sending twice is then harmless by the cid, only the effort is lost.
    if (locks === undefined) return send();
    return locks.request(`collab-outbox-${this.#account}-${room}`, send) as Promise<boolean>;
  }

  async #sendNext(room: number): Promise<boolean> {
    const next = this.#items.find((item) => item.room === room && item.state === "waiting");
    if (next === undefined) return false;
    if (!this.#unkept.has(next.cid) && (await this.#shelf?.has(next.cid)) === false) {
      // Another tab has sent or discarded it.
      this.#items = this.#items.filter((item) => item.cid !== next.cid);
      this.#changed();
      return true;
    }
    const sending = await this.#change(next, { state: "sending", error: null });
    try {
      const { cid, body, thread, reply_to, also_in_room, beside, extra } = sending;
      // Kept by a page from before there was anything beside a message, it has none.
      const data = { cid, body, thread, reply_to: reply_to?.id ?? null, also_in_room, beside: beside ?? null, ...extra };
      const result = await this.#connection.command("message.send", data, roomTopic(room));
      this.#failures.delete(room);
      await this.#sent(cid, result.seq);
      return true;
    } catch (error) {
      return this.#refused(sending.cid, error instanceof CommandError ? error : new CommandError("internal", String(error)));
    }
  }

  /** The server has it: gone from the device, shown until the room's log brings it. */
  async #sent(cid: string, seq: number): Promise<void> {
    this.#items = this.#items.map((item) => (item.cid === cid ? { ...item, state: "sent", seq } : item));
    this.#changed();
    await this.#shelf?.remove(cid);
    this.#tellOthers();
  }

  async #refused(cid: string, error: CommandError): Promise<boolean> {
    const item = this.#find(cid);
    if (item === undefined) return true;
    const reason = { code: error.code, message: error.message };
    if (FINAL.has(error.code)) {
      await this.#change(item, { state: "failed", error: reason });
      return true;
    }
    const lost = error.code === "lost" || error.code === "offline";
    await this.#change(item, { state: "waiting", error: lost ? null : reason });
    if (!lost) this.#later(item.room, error.retry_after);
    return false;
  }

  #later(room: number, seconds: number | null): void {
    const failures = (this.#failures.get(room) ?? 0) + 1;
    this.#failures.set(room, failures);
    const backoff = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
    setTimeout(() => void this.#pump(room), seconds !== null ? seconds * 1000 + 50 : backoff);
  }
}
