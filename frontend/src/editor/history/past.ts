// The past of one open document: its history, which grows while others write, and the version that is looked at.
// Made by the history's control for the desk that is shown. It draws nothing; `changed` says that something is different.

import * as api from "../../api";
import { ApiError } from "../../api";
import type { EditPage, History, NamedVersion, Pushed, TextView } from "../../protocol";
import type { Session } from "../../session";
import { errorText } from "../../shell/dialogs";
import type { Desk } from "../desk";
import { grown, renamed } from "./chronicle";
import { Timeline, type Moment } from "./timeline";

/** The text follows the thumb at most this often. */
const TEXT_EVERY_MS = 100;
/** A history that lacks something is asked for again, not more often than this. */
const AGAIN_MS = 5_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Past {
  history: History | null = null;
  /** The version under the thumb; null for the text of now. */
  wanted: number | null = null;
  /** The text that is shown for it, perhaps still the one before. */
  moment: Moment | null = null;
  /** Why the wanted version, or the history, could not be had; "" otherwise. */
  failure = "";
  readonly #session: Session;
  readonly #changed: () => void;
  #timeline: Timeline | null = null;
  #loading: Promise<void> | null = null;
  #askedAt = 0;
  #following = false;
  #closed = false;

  constructor(
    readonly desk: Desk,
    session: Session,
    changed: () => void,
  ) {
    this.#session = session;
    this.#changed = changed;
  }

  get #path(): string {
    return `/api/documents/${this.desk.document.id}`;
  }

  close(): void {
    this.#closed = true;
    this.wanted = null;
  }

  // Who wrote when

  /** Brings the history up to the text of now, by what came meanwhile or by asking. */
  keepUp(): void {
    if (this.history === null) return void this.load().catch(() => undefined);
    this.history = grown(this.history, this.desk.company.told);
    if (this.history.version < this.desk.status.version && this.desk.status.phase !== "offline") void this.load().catch(() => undefined);
  }

  /** Asks for the history, unless it was just asked for; `now` asks in any case. */
  load(now = false): Promise<void> {
    if (this.#loading !== null) return this.#loading;
    if (!now && Date.now() - this.#askedAt < AGAIN_MS) return Promise.resolve();
    this.#askedAt = Date.now();
    this.#loading = this.#fetch().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #fetch(): Promise<void> {
    const loaded = await api.get<History>(`${this.#path}/history/`);
    if (this.#closed) return;
    this.#session.people.add(...loaded.people);
    if (this.#timeline === null || loaded.oldest !== this.history?.oldest) this.#timeline = this.#makeTimeline(loaded.oldest);
    this.history = grown(loaded, this.desk.company.told);
    this.#changed();
  }

  #makeTimeline(oldest: number): Timeline {
    return new Timeline(
      {
        text: (v) => api.get<TextView>(`${this.#path}/text/`, { v }),
        edits: (after, limit) => api.get<EditPage>(`${this.#path}/updates/`, { after, limit }),
      },
      oldest,
    );
  }

  named(named: NamedVersion): void {
    if (this.history !== null) this.history = renamed(this.history, named);
    this.#changed();
  }

  // What is shown

  /** The newest version, as far as this tab knows. */
  get newest(): number {
    return Math.max(this.history?.version ?? 0, this.desk.status.version);
  }

  /** A version as it is known without asking. */
  momentAt(version: number): Moment | null {
    return this.#timeline?.known(version) ?? null;
  }

  /** Whether a version is kept: those since the oldest, and what has a name. */
  canShow(version: number): boolean {
    const { history } = this;
    if (history === null) return false;
    return (version >= history.oldest && version <= this.newest) || history.named.some((one) => one.version === version);
  }

  /** Looks at a version; beyond the ends it is the end. */
  go(version: number): void {
    if (this.history === null) return;
    this.wanted = this.canShow(version) ? version : Math.min(this.newest, Math.max(this.history.oldest, version));
    this.#changed();
    void this.#follow();
  }

  leave(): void {
    this.wanted = null;
    this.moment = null;
    this.failure = "";
    this.#changed();
  }

  /** Asks again for what did not come. */
  retry(): void {
    this.failure = "";
    this.#changed();
    void this.#follow();
  }

  /** Shows what the thumb is at, again and again until it rests. */
  async #follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    while (!this.#closed && this.wanted !== null && this.wanted !== this.moment?.version) {
      const version = this.wanted;
      if (!(await this.#show(version)) && this.wanted === version) break;
      this.#changed();
      await pause(TEXT_EVERY_MS);
    }
    this.#following = false;
  }

  async #show(version: number): Promise<boolean> {
    const timeline = this.#timeline;
    if (timeline === null) return false;
    try {
      const moment = timeline.known(version) ?? (await timeline.at(version));
      if (this.#closed || this.wanted === null) return false;
      this.moment = moment;
      this.failure = "";
      return true;
    } catch (error) {
      if (this.wanted === version) this.failure = error instanceof ApiError ? error.message : errorText(error);
      this.#changed();
      return false;
    }
  }

  // What is done with it

  /** Makes the text as it was at a version; the document's version afterwards. */
  async restore(version: number): Promise<number> {
    return (await api.post<Pushed>(`${this.#path}/revert/`, { version })).version;
  }

  async name(version: number, name: string): Promise<void> {
    this.named(await api.post<NamedVersion>(`${this.#path}/versions/`, { version, name }));
  }
}
