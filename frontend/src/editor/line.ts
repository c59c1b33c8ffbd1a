// The socket of one open document: joins, takes edits in order, pushes one's own with one push in flight, asks again.
// Used by the desk and the merger, which hold the replica. It never shows anything and never throws an edit away.

import type { AnyEvent } from "../events";
import type { CursorMoved, DocumentSnapshot, DocumentView, Joined } from "../protocol";
import { CommandError, Connection, type ConnectionState } from "../socket";
import { Timers } from "../timers";
import { digestOf } from "./digest";
import { batchOf } from "./edits";
import type { Replica, Taken } from "./replica";

export interface LineHooks {
  /** The copy of now; null before the first snapshot. */
  replica(): Replica | null;
  /** Start over from this text. The new copy is there when this returns. */
  snapshot(snapshot: DocumentSnapshot): void;
  joined(joined: Joined): void;
  taken(taken: Taken[]): void;
  /** Something of what `status` says may be different now. */
  changed(): void;
  /** The server will not store these edits: keep them for the person, then start over. */
  refused(error: CommandError): void;
  /** One's carets, main one first; null while one is elsewhere. */
  ranges?(): [number, number][] | null;
  moved?(cursor: CursorMoved): void;
  document?(document: DocumentView): void;
}

/** Errors after which the same push may pass; all others are the edits' own fault, or the person's rights. */
const PASSING = new Set(["offline", "lost", "unanswered", "rate_limited", "internal", "conflict"]);
const TORN = "They do not follow what this page had stored before it was closed.";
const PULL_MS = 15_000;
const ACKED_MS = 2_000;
const PUSH_GAP_MS = 40;
const CURSOR_GAP_MS = 60;
const CURSOR_REPEAT_MS = 15_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

function mayPass(error: CommandError): boolean {
  return PASSING.has(error.code) || error.retry_after !== null;
}

export class Line {
  readonly connection: Connection;
  /** The last answer to a join; null before the first. */
  joined: Joined | null = null;
  /** Joined on the socket of now. */
  ready = false;
  /** Started and not stopped since. */
  isRunning = false;

  readonly #topic: string;
  readonly #clientId: string;
  readonly #hooks: LineHooks;
  readonly #timers = new Timers();
  #pushing = false;
  /** The version that the push in flight was stored as; its edits are on their way here. */
  #stored = 0;
  #failures = 0;
  #pushedAt = 0;
  #toldAt = 0;

  constructor(url: string, topic: string, clientId: string, hooks: LineHooks) {
    this.#topic = topic;
    this.#clientId = clientId;
    this.#hooks = hooks;
    this.connection = new Connection(url, {
      ask: () => this.#join(),
      onSnapshotNeeded: () => this.rejoin(),
      onReload: () => this.#hooks.changed(),
    });
    this.connection.onEvent((event) => this.#take(event));
    this.connection.onState((state) => this.#stateChanged(state));
  }

  start(): void {
    this.isRunning = true;
    this.connection.subscribe(this.#topic, this.#hooks.replica()?.version ?? null);
    this.connection.start();
  }

  stop(): void {
    this.isRunning = false;
    this.connection.stop();
    this.#interrupt();
  }

  /** One typed: push soon. */
  touch(): void {
    if (this.ready && !this.#pushing && !this.#timers.has("retry")) this.#timers.after("push", Math.max(0, this.#pushedAt + PUSH_GAP_MS - Date.now()), () => void this.#push());
  }

  /** One's caret moved, or one came or went. */
  touchCursor(delayMs = 0): void {
    if (this.#timers.has("cursor")) return;
    this.#timers.after("cursor", Math.max(delayMs, this.#toldAt + CURSOR_GAP_MS - Date.now()), () => this.#tellCursor());
  }

  /** Reads the rights again, and whatever was missed. */
  rejoin(): void {
    const replica = this.#hooks.replica();
    if (this.ready) this.connection.subscribe(this.#topic, replica?.version ?? null);
  }

  setLanguage(language: string): Promise<unknown> {
    return this.connection.command("document.set_language", { language }, this.#topic);
  }

  // Joining

  async #join(): Promise<Record<string, { mode: string; head: number }>> {
    const replica = this.#hooks.replica();
    const digest = replica === null ? null : digestOf(replica.storedText.toString());
    const data = { client_id: this.#clientId, version: replica?.version ?? null, digest };
    try {
      const joined = await this.connection.command("document.join", data, this.#topic);
      this.joined = joined;
      this.ready = true;
      this.#hooks.joined(joined);
      this.touch();
      this.touchCursor();
      this.#pullLater();
      // What a snapshot or a replay brought was taken as it came.
      return { [this.#topic]: { mode: "resume", head: joined.version } };
    } catch (error) {
      if (error instanceof CommandError && !mayPass(error) && error.code !== "not_found") this.#hooks.refused(error);
      throw error;
    }
  }

  #stateChanged(state: ConnectionState): void {
    if (state !== "online") this.#interrupt();
    this.#hooks.changed();
  }

  #interrupt(): void {
    this.ready = this.#pushing = false;
    this.#stored = 0;
    this.#timers.clearAll();
  }

  // What comes

  #take(event: AnyEvent): void {
    if (event.type === "document.updates") this.#receive(event.data.updates);
    else if (event.type === "document.snapshot") this.#startOver(event.data);
    else if (event.type === "cursor.moved") this.#moved(event.data);
    else if (event.type === "document.changed") this.#hooks.document?.(event.data.document);
  }

  #startOver(snapshot: DocumentSnapshot): void {
    this.#pushing = false;
    this.#stored = 0;
    this.#hooks.snapshot(snapshot);
    this.connection.subscribe(this.#topic, snapshot.version);
  }

  #receive(updates: Parameters<Replica["receive"]>[0]): void {
    const replica = this.#hooks.replica();
    if (replica === null) return;
    const taken = replica.receive(updates);
    if (taken.length > 0) this.#hooks.taken(taken);
    if (replica.isTorn) return this.#hooks.refused(new CommandError("bad_change", TORN));
    const last = updates[updates.length - 1];
    if (last !== undefined && replica.version < last.version) this.connection.subscribe(this.#topic, replica.version);
    this.#settle();
    this.#hooks.changed();
  }

  #moved(cursor: CursorMoved): void {
    if (cursor.client_id !== this.#clientId) this.#hooks.moved?.(cursor);
  }

  // Pushing

  async #push(): Promise<void> {
    const replica = this.#hooks.replica();
    if (!this.ready || this.#pushing || replica === null) return;
    const updates = batchOf(replica.edits);
    if (updates.length === 0) return;
    this.#pushing = true;
    this.#pushedAt = Date.now();
    try {
      const { version } = await this.connection.command("document.push", { version: replica.version, updates }, this.#topic);
      if (replica !== this.#hooks.replica()) return;
      this.#failures = 0;
      this.#stored = version;
      // Its edits come by the topic, before the answer or after it.
      this.#timers.after("acked", ACKED_MS, () => void this.#pull());
      this.#settle();
    } catch (error) {
      if (replica === this.#hooks.replica()) this.#failed(error as CommandError);
    }
    this.#hooks.changed();
  }

  /** The push in flight is stored and back here: the next may go. */
  #settle(): void {
    const replica = this.#hooks.replica();
    if (replica === null || this.#stored === 0 || replica.version < this.#stored) return;
    this.#stored = 0;
    this.#pushing = false;
    this.#timers.clear("acked");
    if (replica.isSettled) this.touchCursor();
    else this.touch();
  }

  #failed(error: CommandError): void {
    this.#pushing = false;
    if (!mayPass(error)) return this.#hooks.refused(error);
    // Without a connection the next join pushes.
    if (!this.ready) return;
    // Too far behind to be merged there: what was missed comes first, and is merged here.
    if (error.code === "conflict") void this.#pull();
    const pause = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timers.after("retry", error.retry_after === null ? pause : error.retry_after * 1_000, () => void this.#push());
  }

  // Asking again

  #pullLater(): void {
    this.#timers.after("pull", PULL_MS, () => void this.#pull().finally(() => this.ready && this.#pullLater()));
  }

  async #pull(): Promise<void> {
    const replica = this.#hooks.replica();
    if (!this.ready || replica === null) return;
    try {
      await this.connection.command("document.pull", { version: replica.version }, this.#topic);
    } catch (error) {
      if (error instanceof CommandError && !mayPass(error)) this.rejoin();
    }
  }

  // Carets

  #tellCursor(): void {
    const replica = this.#hooks.replica();
    const ranges = this.#hooks.ranges?.() ?? null;
    if (!this.ready || replica === null || ranges === null) return;
    // While edits are on their way nobody else knows the text that the caret stands in; it is told when they are stored.
    if (!replica.isSettled) return;
    this.#toldAt = Date.now();
    this.connection.command("cursor.move", { version: replica.version, ranges }, this.#topic).catch(() => undefined);
    this.#timers.after("repeat", CURSOR_REPEAT_MS, () => this.#tellCursor());
  }
}
