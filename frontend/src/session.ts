// What one tab knows and does: the connection, the stores, the outbox, and how snapshots and events become one state.
// Made once by app.ts from the page's boot data; views read its stores and call it. It never touches the page itself.
//
//   home     everything the shell shows (rooms, counts, presence, preferences)
//   room     the open room, live; null while none is open or it is still loading
//   thread   the open thread, live
//   people   everybody heard of

import * as api from "./api";
import { Beside } from "./beside";
import type { AnyEvent, CommandData, CommandName, CommandResult } from "./events";
import { isRoomEvent, roomOf, roomTopic } from "./events";
import { Outbox } from "./outbox";
import { People } from "./people";
import type { HomeSnapshot, RoomSnapshot, ThreadSnapshot } from "./protocol";
import { Connection } from "./socket";
import { addNewer, addOlder, newestPage, reduceHome, reduceRoom, reduceThread, Store } from "./store";

/** The data embedded in the page: `<script id="boot">`. */
export interface Boot {
  home: HomeSnapshot;
  room: RoomSnapshot | null;
  message: string | null;
  socket: string;
  static: string;
}

export interface SessionHooks {
  /** The server speaks a newer protocol than this page. */
  onReload(): void;
  /** A room's live events are refused although its page is open. */
  onDenied?(room: number): void;
}

/** Rooms that stay live in memory, so that going back to one is instant. */
const ROOMS_KEPT = 12;
/** What is on its way between two topics has usually come by then, and reading in a busy room is one request. */
const RECOUNT_MS = 300;

/** Whether the counts of the event are those of another moment of the room than the one that is held. */
function isOfAnotherMoment(home: HomeSnapshot, event: AnyEvent): boolean {
  if (event.type !== "read.changed" || (event.seq ?? 0) <= home.as_of_seq) return false;
  const held = home.rooms.find((summary) => summary.room.id === event.data.room);
  return held !== undefined && held.head_seq !== event.data.head_seq;
}

export class Session {
  readonly home: Store<HomeSnapshot>;
  readonly room = new Store<RoomSnapshot | null>(null);
  readonly thread = new Store<ThreadSnapshot | null>(null);
  readonly people = new People();
  /** What is open beside the chat of a room. */
  readonly beside = new Beside();
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly me: number;

  readonly #boot: Boot;
  readonly #hooks: SessionHooks;
  readonly #rooms = new Map<number, RoomSnapshot>();
  /** Events that came while a snapshot or page was on its way, for whoever waits for one. */
  readonly #holds = new Set<AnyEvent[]>();
  #current: number | null = null;
  #currentThread: string | null = null;
  #reloading: Promise<void> | null = null;
  #recounting: ReturnType<typeof setTimeout> | undefined;

  constructor(boot: Boot, hooks: SessionHooks) {
    this.#boot = boot;
    this.#hooks = hooks;
    this.me = boot.home.me.id;
    this.home = new Store(boot.home);
    const url = new URL(boot.socket, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new Connection(url.href, {
      onSnapshotNeeded: (topic) => this.#snapshotNeeded(topic),
      onDenied: (topic) => this.#denied(topic),
      onReload: () => this.#hooks.onReload(),
    });
    this.outbox = new Outbox(this.me, this.connection);
    this.connection.onEvent((event) => this.#take(event));
    this.#meet(boot.home);
    this.#current = boot.room?.room.id ?? null;
    if (boot.room !== null) this.#adopt(boot.room);
  }

  /** Subscribes to everything that home names and connects. */
  start(): void {
    const { home, room } = this.#boot;
    this.connection.subscribe(`user:${this.me}`, home.as_of_seq);
    for (const { room: view, head_seq } of home.rooms) {
      // The two snapshots of the page were read one after the other: hear from the older one on.
      const seq = room?.room.id === view.id ? Math.min(head_seq, room.as_of_seq) : head_seq;
      this.connection.subscribe(roomTopic(view.id), seq);
    }
    this.connection.start();
  }

  command<Name extends CommandName>(type: Name, data: CommandData<Name>, room: number | null = null): Promise<CommandResult<Name>> {
    return this.connection.command(type, data, room === null ? "" : roomTopic(room));
  }

  // The open room

  /**
   * Shows a room: at once when it is kept, else when its snapshot has come. `around` centres on a message.
   * Rejects with ApiError (404: unknown or forbidden).
   */
  async openRoom(id: number, around: string | null = null): Promise<RoomSnapshot> {
    this.#leaveCurrent(id);
    this.#current = id;
    const kept = this.#rooms.get(id);
    const enough = around === null ? kept?.has_after === false : kept?.messages.some((message) => message.id === around);
    if (kept !== undefined && enough === true) {
      this.#rooms.delete(id);
      this.#rooms.set(id, kept);
      this.room.set(kept);
      return kept;
    }
    if (this.room.get()?.room.id !== id) this.room.set(null);
    return this.#loadRoom(id, around);
  }

  closeRoom(): void {
    this.#leaveCurrent(null);
    this.#current = null;
    this.room.set(null);
  }

  /** Nobody outside a room hears of it: the page of one that is only looked at is loaded again when one comes back to it. */
  lookAgain(): void {
    const room = this.room.get();
    if (room === null || room.role !== "" || room.has_after) return;
    // What fails now is tried when the person comes back next time; what was loaded before stays.
    void this.#loadRoom(room.room.id, null).catch(() => undefined);
  }

  /** Loads the newest messages again, when the window ends before them. */
  async loadLatest(): Promise<void> {
    if (this.#current !== null) await this.#loadRoom(this.#current, null);
  }

  /** Adds a page of older messages to the open room; answers whether there are more. */
  async loadOlder(): Promise<boolean> {
    const room = this.room.get();
    const first = room?.messages[0];
    if (room === null || first === undefined || !room.has_before) return false;
    const [page, held] = await this.#holding(() => api.older(room.room.id, first.seq));
    this.people.add(...page.people);
    this.#changeRoom(room.room.id, (state) => (state.messages[0]?.id === first.id ? addOlder(state, page, held) : state));
    return page.has_before;
  }

  /** Adds a page of newer messages to the open room, when its window ends before them. */
  async loadNewer(): Promise<boolean> {
    const room = this.room.get();
    const last = room?.messages[room.messages.length - 1];
    if (room === null || last === undefined || !room.has_after) return false;
    const [page, held] = await this.#holding(() => api.newer(room.room.id, last.seq));
    this.people.add(...page.people);
    this.#changeRoom(room.room.id, (state) => (state.messages[state.messages.length - 1]?.id === last.id ? addNewer(state, page, held) : state));
    return page.has_after;
  }

  // The open thread

  async openThread(room: number, root: string): Promise<ThreadSnapshot> {
    this.#currentThread = root;
    if (this.thread.get()?.root.id !== root) this.thread.set(null);
    const [loaded, held] = await this.#holding(() => api.thread(room, root));
    const snapshot = held.reduce(reduceThread, loaded);
    this.people.add(...snapshot.people);
    if (this.#currentThread === root) this.thread.set(snapshot);
    return snapshot;
  }

  closeThread(): void {
    this.#currentThread = null;
    this.thread.set(null);
  }

  // Loading

  /** Runs a request and answers it with the events that came meanwhile. */
  async #holding<T>(request: () => Promise<T>): Promise<[T, AnyEvent[]]> {
    const held: AnyEvent[] = [];
    this.#holds.add(held);
    try {
      return [await request(), held];
    } finally {
      this.#holds.delete(held);
    }
  }

  async #loadRoom(id: number, around: string | null): Promise<RoomSnapshot> {
    const [loaded, held] = await this.#holding(() => api.room(id, around));
    const snapshot = held.reduce((state, event) => reduceRoom(state, event, this.me), loaded);
    this.#adopt(snapshot);
    return snapshot;
  }

  #adopt(snapshot: RoomSnapshot): void {
    const { id } = snapshot.room;
    this.people.add(...snapshot.people, ...snapshot.members.map((member) => member.person));
    this.#rooms.delete(id);
    this.#rooms.set(id, snapshot);
    for (const old of this.#rooms.keys()) if (this.#rooms.size > ROOMS_KEPT && old !== this.#current) this.#rooms.delete(old);
    this.outbox.confirmUpTo(id, snapshot.as_of_seq);
    if (this.#current === id) this.room.set(snapshot);
    // Somebody who looks at a public room from outside hears nothing of it: only members do.
    if (snapshot.role !== "" && this.#boot.room !== snapshot && this.connection.seqOf(roomTopic(id)) === null) {
      this.connection.subscribe(roomTopic(id), snapshot.as_of_seq);
    }
  }

  #changeRoom(id: number, change: (state: RoomSnapshot) => RoomSnapshot): void {
    const state = this.#rooms.get(id);
    if (state === undefined) return;
    const next = change(state);
    this.#rooms.set(id, next);
    if (this.#current === id) this.room.set(next);
  }

  #isMine(room: number): boolean {
    return this.home.get().rooms.some((summary) => summary.room.id === room);
  }

  /** A room that one only looked at is forgotten when one goes on; of others the newest page stays. */
  #leaveCurrent(next: number | null): void {
    const before = this.#current;
    if (before === null || before === next) return;
    if (this.thread.get() !== null || this.#currentThread !== null) this.closeThread();
    const kept = this.#rooms.get(before);
    if (kept !== undefined) this.#rooms.set(before, newestPage(kept));
    if (this.#isMine(before)) return;
    this.#rooms.delete(before);
    this.connection.unsubscribe(roomTopic(before));
  }

  #snapshotNeeded(topic: string): void {
    void this.reloadHome();
    const room = roomOf(topic);
    if (room !== null) this.#refresh(room);
  }

  /** What is kept of a room cannot be carried on by events: load it again if it is open, else forget it. */
  #refresh(room: number): void {
    if (room !== this.#current) return void this.#rooms.delete(room);
    void this.#loadRoom(room, null).catch(() => this.#rooms.delete(room));
    if (this.#currentThread !== null) void this.openThread(room, this.#currentThread).catch(() => undefined);
  }

  #denied(topic: string): void {
    const room = roomOf(topic);
    if (room === null) return;
    this.#rooms.delete(room);
    void this.reloadHome();
    if (room === this.#current) this.#hooks.onDenied?.(room);
  }

  /** Fetches home again; several reasons at the same time are one request. */
  reloadHome(): Promise<void> {
    this.#reloading ??= this.#fetchHome().finally(() => (this.#reloading = null));
    return this.#reloading;
  }

  async #fetchHome(): Promise<void> {
    try {
      const [loaded, held] = await this.#holding(api.home);
      this.#meet(loaded);
      this.#setHome(held.reduce((home, event) => this.#nextHome(home, event), loaded));
      for (const room of this.#rooms.keys()) this.#agree(room);
    } catch (error) {
      // The next connection asks again; without one there is nothing newer to show.
      if (!(error instanceof api.ApiError)) throw error;
    }
  }

  #nextHome(home: HomeSnapshot, event: AnyEvent): HomeSnapshot {
    if (isOfAnotherMoment(home, event)) this.#recount();
    return reduceHome(home, event);
  }

  /** The room and the person are two topics: counts that came out of step are asked for again. */
  #recount(): void {
    this.#recounting ??= setTimeout(() => {
      this.#recounting = undefined;
      void this.reloadHome();
    }, RECOUNT_MS);
  }

  /** A room counts as home does wherever both are of the same moment. */
  #agree(id: number): void {
    const summary = this.home.get().rooms.find((one) => one.room.id === id);
    if (summary === undefined) return;
    const { last_read_seq, unread, mentions } = summary;
    this.#changeRoom(id, (state) => {
      const same = state.last_read_seq === last_read_seq && state.unread === unread && state.mentions === mentions;
      return same || state.as_of_seq !== summary.head_seq ? state : { ...state, last_read_seq, unread, mentions };
    });
  }

  #meet(home: HomeSnapshot): void {
    this.people.add(home.me, ...home.rooms.flatMap((summary) => summary.people));
  }

  // Events

  #setHome(next: HomeSnapshot): void {
    const before = new Set(this.home.get().rooms.map((summary) => summary.room.id));
    this.home.set(next);
    for (const { room, head_seq } of next.rooms) {
      if (!before.delete(room.id) && this.connection.seqOf(roomTopic(room.id)) === null) {
        this.connection.subscribe(roomTopic(room.id), head_seq);
        this.#refresh(room.id);
      }
    }
    for (const gone of before) {
      if (gone !== this.#current) this.#rooms.delete(gone);
      this.connection.unsubscribe(roomTopic(gone));
    }
  }

  #take(event: AnyEvent): void {
    for (const held of this.#holds) if (event.seq !== undefined) held.push(event);
    this.#meetIn(event);
    if (event.type === "message.created" && event.data.message.author === this.me && event.data.message.cid !== null) {
      this.outbox.confirm(event.data.message.cid);
    }
    this.#setHome(this.#nextHome(this.home.get(), event));
    // The event does not say who of that room is here.
    if (event.type === "room.added") void this.reloadHome();
    const room = event.type === "read.changed" ? event.data.room : roomOf(event.topic);
    if (room !== null) this.#changeRoom(room, (state) => reduceRoom(state, event, this.me));
    if (room !== null) this.#agree(room);
    const thread = this.thread.get();
    if (thread !== null) this.thread.set(reduceThread(thread, event));
  }

  #meetIn(event: AnyEvent): void {
    if (!isRoomEvent(event)) {
      if (event.type === "room.added") this.people.add(...event.data.summary.people);
      return;
    }
    if (event.type === "message.created") this.people.add(event.data.person);
    if (event.type === "person.changed") this.people.add(event.data.person);
    if (event.type === "member.joined") this.people.add(event.data.member.person);
  }
}
