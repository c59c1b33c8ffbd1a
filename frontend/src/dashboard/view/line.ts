// One open board: its state, its figures and its socket. What happens to it comes as events, figures come as ticks; what was
// missed is read again. Made by the view. It draws nothing.

import * as api from "../../api";
import type { AnyEvent, CommandData, CommandName, CommandResult } from "../../events";
import type { BoardSnapshot, SamplesRecorded, SamplesView } from "../../protocol";
import { reduceBoard } from "../../reducers/board";
import { Connection, type ConnectionState } from "../../socket";
import { Store } from "../../store";
import { LIVE_STEP_MOST, Samples } from "../samples";
import { Guests } from "./guests";
import { isLive, queryOf, type Range } from "./ranges";

/** Three ticks were missed. */
export const STALE_S = 4;
const SILENCE_MS = 3_000;
const SILENCE_MOST_MS = 30_000;
const APART_MS = 5_000;
const LONG_MS = 60_000;
/** Ticks come once a second; without them the axis goes on by itself. */
const QUIET_MS = 1_500;
/** Between two ticks so far apart nobody recorded: that is a gap, of which no tick tells. */
const GAP_S = 15;
const HELD_MOST = 300;

export interface LineHooks {
  /** Figures came, or a second passed. */
  ticked(): void;
  stateChanged(): void;
  /** The board is not to be had any more. */
  gone(reason: string): void;
  reload(): void;
  failed(error: unknown): void;
}

export class BoardLine {
  readonly store: Store<BoardSnapshot>;
  readonly samples = new Samples();
  /** Series that a form shows and the board does not. */
  readonly guests = new Guests(this.samples, () => this.#hooks.ticked());
  readonly connection: Connection;
  range: Range;
  /** The figures of the range are there. */
  loaded = false;
  readonly #hooks: LineHooks;
  readonly #id: number;
  /** Commands that were given while the line opens. */
  readonly #opening = new Set<() => void>();
  #turn = 0;
  #reading = false;
  #held: SamplesRecorded[] = [];
  /** The server's clock, and when by ours it said so. */
  #clock = Date.now() / 1000;
  #clockAt = performance.now();
  #heardAt = performance.now();
  #silence = SILENCE_MS;
  #tickedAt = 0;
  #apartAt = performance.now();
  /** From this tick on the figures are to be read again: some were missed, and reading them has not succeeded yet. */
  #owed: number | null = null;
  #mendedAt = 0;
  #mendWait = SILENCE_MS;
  #disposed = false;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(snapshot: BoardSnapshot, hooks: LineHooks) {
    this.#hooks = hooks;
    this.#id = snapshot.board.id;
    this.store = new Store(snapshot);
    this.range = { seconds: snapshot.board.range_seconds };
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new Connection(`${scheme}//${location.host}/ws/dashboard/${this.#id}/`, {
      onSnapshotNeeded: () => void this.#again(),
      onDenied: () => hooks.gone(""),
      onReload: () => hooks.reload(),
    });
    this.connection.onEvent((event) => this.#take(event));
    this.connection.onState((state) => this.#stateChanged(state));
    this.connection.subscribe(this.topic, snapshot.as_of_seq);
    this.connection.start();
    this.#timer = setInterval(() => this.#second(), 1_000);
  }

  get topic(): string {
    return `dashboard:${this.#id}`;
  }

  dispose(): void {
    this.#turn += 1;
    clearInterval(this.#timer);
    this.#disposed = true;
    this.connection.stop();
    this.#opened();
  }

  /** Sends a command; while the line opens, as soon as it is there: one is quicker than a socket when a page is fresh. */
  async command<Name extends CommandName>(type: Name, data: CommandData<Name>): Promise<CommandResult<Name>> {
    if (this.connection.state === "connecting" && !this.#disposed) await new Promise<void>((go) => this.#opening.add(go));
    return this.connection.command(type, data, this.topic);
  }

  #opened(): void {
    const waiting = [...this.#opening];
    this.#opening.clear();
    for (const go of waiting) go();
  }

  /** Now by the server's clock, in seconds since 1970. */
  now(): number {
    return this.#clock + (performance.now() - this.#clockAt) / 1000;
  }

  /** Nothing is recorded, or heard of it. */
  get isStale(): boolean {
    return this.loaded && this.now() - this.samples.tick > STALE_S;
  }

  #set(clock: number): void {
    this.#clock = clock;
    this.#clockAt = performance.now();
  }

  // The state

  /** Reads the board again; what gets no answer is asked for until it does, and told of once. */
  async #again(tries = 0): Promise<void> {
    try {
      const snapshot = await api.get<BoardSnapshot>(`/api/boards/${this.#id}/`);
      if (this.#disposed) return;
      this.store.set(snapshot);
      this.connection.subscribe(this.topic, snapshot.as_of_seq);
    } catch (error) {
      if (this.#disposed) return;
      if (error instanceof api.ApiError && (error.status === 404 || error.status === 403)) return this.#hooks.gone(error.message);
      if (tries === 0) this.#hooks.failed(error);
      await new Promise((go) => setTimeout(go, Math.min(SILENCE_MOST_MS, SILENCE_MS * 2 ** tries)));
      if (!this.#disposed) await this.#again(tries + 1);
    }
  }

  #take(event: AnyEvent): void {
    if (event.topic !== this.topic) return;
    if (event.type === "samples.recorded") return this.#heard(event.data);
    if (event.type === "board.removed") return this.#hooks.gone("");
    const before = this.store.get();
    this.store.update((state) => reduceBoard(state, event));
    if (event.type === "panel.changed" || event.type === "board.published") this.#meet(before);
  }

  /** A panel shows a series or a list that is not known here: it is read with the board. */
  #meet(before: BoardSnapshot): void {
    const { panels, draft, series, tables, logs } = this.store.get();
    const known = new Set([...series.map(({ id }) => id), ...before.series.map(({ id }) => id)]);
    const sources = new Set([...tables, ...logs].map(({ source }) => source));
    const all = [...panels, ...(draft ?? [])];
    const old = new Set([...before.panels, ...(before.draft ?? [])].flatMap((panel) => panel.series.map((one) => one.series)));
    const isNew = all.some((panel) => panel.series.some((one) => !known.has(one.series) && !old.has(one.series)) || (panel.source !== "" && !sources.has(panel.source)));
    if (isNew) void this.#again().then(() => this.show(this.range)).catch((error: unknown) => this.#hooks.failed(error));
  }

  #stateChanged(state: ConnectionState): void {
    if (state !== "connecting") this.#opened();
    const { closeCode, reason } = this.connection;
    if (state === "banned" || (state === "stopped" && closeCode === 4404)) return this.#hooks.gone(reason);
    this.#hooks.stateChanged();
  }

  // The figures

  /** Reads the figures of a range; throws when that is refused. */
  async show(range: Range): Promise<void> {
    const turn = (this.#turn += 1);
    this.#reading = true;
    try {
      const view = await this.#ask(range, null);
      if (turn !== this.#turn) return;
      this.range = range;
      this.samples.begin(view);
      this.loaded = true;
      this.#owed = null;
      if (isLive(range)) this.#set(view.end - 1);
      this.#heardAt = this.#apartAt = performance.now();
      this.#release();
      this.#hooks.ticked();
      void this.guests.read(range);
    } finally {
      if (turn === this.#turn) this.#reading = false;
    }
  }

  #ask(range: Range, since: number | null): Promise<SamplesView> {
    return api.get<SamplesView>(`/api/boards/${this.#id}/samples/`, { ...queryOf(range), since });
  }

  #heard(told: SamplesRecorded): void {
    this.#list(told);
    if (!isLive(this.range)) return this.#hooks.ticked();
    if (this.#reading || !this.loaded) {
      if (this.#held.length < HELD_MOST) this.#held.push(told);
      return;
    }
    // A tick is missing, or the server's clock was put back.
    if (told.before > this.samples.tick || told.tick - told.before > GAP_S) void this.#mend(told);
    else if (told.tick < this.samples.tick - STALE_S) void this.show(this.range).catch(() => undefined);
    else this.#hear(told);
  }

  #hear(told: SamplesRecorded): void {
    this.samples.hear(told.tick, told.points);
    this.#set(Math.max(Date.parse(told.at) / 1000, told.tick));
    this.#heardAt = performance.now();
    this.#silence = SILENCE_MS;
    this.#tickedAt = performance.now();
    this.#hooks.ticked();
  }

  /** What was told while figures were being read. */
  #release(): void {
    for (const told of this.#held.splice(0)) this.samples.hear(told.tick, told.points);
  }

  #list({ tables, logs }: SamplesRecorded): void {
    if (tables.length === 0 && logs.length === 0) return;
    const fresh = <Kind extends { source: string }>(known: readonly Kind[], news: readonly Kind[]) => {
      const sources = new Set(news.map(({ source }) => source));
      return [...known.filter(({ source }) => !sources.has(source)), ...news];
    };
    this.store.update((state) => ({ ...state, tables: fresh(state.tables, tables), logs: fresh(state.logs, logs) }));
  }

  /** Reads what may have changed since the last tick that was heard. */
  async #mend(told: SamplesRecorded | null = null): Promise<void> {
    if (told !== null) this.#held.push(told);
    this.#owed ??= this.samples.tick;
    this.#mendedAt = performance.now();
    this.#mendWait = Math.min(SILENCE_MOST_MS, this.#mendWait * 2);
    await this.#since(this.#owed, (view) => {
      this.samples.mend(view);
      this.#owed = null;
      this.#mendWait = SILENCE_MS;
    });
  }

  async #since(tick: number, take: (view: SamplesView) => void): Promise<void> {
    if (this.#reading || !this.loaded || !isLive(this.range)) return;
    const turn = this.#turn;
    this.#reading = true;
    try {
      const view = await this.#ask(this.range, tick);
      if (turn !== this.#turn) return;
      take(view);
      this.#set(view.end - 1);
    } catch {
      // It is asked again: the page says meanwhile that its figures are old.
    } finally {
      if (turn === this.#turn) {
        this.#reading = false;
        this.#release();
        this.#hooks.ticked();
      }
    }
  }

  /** Once a second: is something missing, or over, or only to be had by asking? */
  #second(): void {
    if (!document.hidden && this.connection.state === "online") {
      if (!this.loaded) this.#beginAgain();
      else if (isLive(this.range)) {
        this.#look();
        this.guests.second(this.range);
      }
    }
    if (performance.now() - this.#tickedAt > QUIET_MS) this.#hooks.ticked();
  }

  /** The first figures did not come: they are asked for until they do. */
  #beginAgain(): void {
    if (this.#reading || performance.now() - this.#heardAt < this.#silence) return;
    this.#heardAt = performance.now();
    this.#silence = Math.min(SILENCE_MOST_MS, this.#silence * 2);
    this.show(this.range).catch(() => undefined);
  }

  #look(): void {
    const now = performance.now();
    const { samples } = this;
    const isLong = samples.step > LIVE_STEP_MOST;
    if (now - this.#heardAt > this.#silence) {
      this.#heardAt = now;
      this.#silence = Math.min(SILENCE_MOST_MS, this.#silence * 2);
      void this.#mend();
    } else if (this.#owed !== null && now - this.#mendedAt > this.#mendWait) {
      void this.#mend();
    } else if (samples.againAt !== null && samples.tick >= samples.againAt) {
      void this.#since(samples.againAt - samples.step, (view) => samples.complete(view));
    } else if (now - this.#apartAt > (isLong ? LONG_MS : APART_MS) && (isLong || this.store.get().apart.length > 0)) {
      this.#apartAt = now;
      void this.#since(samples.tick, (view) => (isLong ? samples.mend(view) : samples.reread(view, this.store.get().apart)));
    }
  }
}
