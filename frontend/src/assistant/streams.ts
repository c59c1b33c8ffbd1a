// Answers that are being written, each with its text so far: fed by the room's events, mended from the server.
// One for a session. Deltas may be lost; whoever sees a hole waits a moment, reads the text so far and goes on.

import * as api from "../api";
import type { AnyEvent } from "../events";
import { roomOf } from "../events";
import type { MessageView, RunTextView } from "../protocol";
import type { Session } from "../session";
import { Growing } from "./growing";
import { isLive } from "./words";

/** The server writes the text down twice a second: what is missing is there by then. */
const MEND_MS = 600;
const RETRY_MS = 2_000;
/** Readings of an answer that had no word yet; about 40 s in all, each twice as long after the one before. */
const LOOKS_MOST = 6;
/** Answers that one no longer looks at are forgotten, the oldest first. */
const STREAMS_MOST = 40;

export interface Stream {
  readonly run: string;
  readonly growing: Growing;
  activity: string;
  /** Somebody looks at it. */
  shown: boolean;
  mending: ReturnType<typeof setTimeout> | undefined;
  /** How often it was read and had no word. */
  looks: number;
}

const ofSession = new WeakMap<Session, Streams>();

export function streamsOf(session: Session): Streams {
  const known = ofSession.get(session) ?? new Streams(session);
  ofSession.set(session, known);
  return known;
}

export class Streams {
  readonly #session: Session;
  readonly #streams = new Map<string, Stream>();
  readonly #listeners = new Set<(message: string) => void>();

  constructor(session: Session) {
    this.#session = session;
    session.connection.onEvent((event) => this.#take(event));
    session.connection.onState((state) => state === "online" && this.#mendAll());
  }

  /** Hears the id of a message whose answer has grown. */
  subscribe(listener: (message: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The stream of a message whose run is live. */
  of(message: MessageView): Stream | null {
    const { run } = message;
    if (run === null || !isLive(run)) return null;
    const stream = this.#streamOf(message.id, run.id);
    if (!stream.shown) {
      stream.shown = true;
      stream.activity ||= run.activity;
      // Whoever comes in while it is being written, or before this part of the page was here, has missed the beginning.
      if (run.state === "streaming" && stream.growing.text === "") void this.#mend(message.id, stream);
      else if (stream.growing.gap) this.#soon(message.id, stream, MEND_MS);
    } else if (run.state === "streaming" && stream.growing.text === "" && stream.looks === 0) this.#soon(message.id, stream, MEND_MS);
    return stream;
  }

  #streamOf(message: string, run: string): Stream {
    const known = this.#streams.get(message);
    if (known?.run === run) return known;
    clearTimeout(known?.mending);
    const stream: Stream = { run, growing: new Growing(), activity: "", shown: false, mending: undefined, looks: 0 };
    this.#streams.set(message, stream);
    for (const [old, one] of this.#streams) if (this.#streams.size > STREAMS_MOST) this.#forget(old, one);
    return stream;
  }

  #forget(message: string, stream: Stream): void {
    clearTimeout(stream.mending);
    this.#streams.delete(message);
  }

  #take(event: AnyEvent): void {
    if (event.type === "run.changed") {
      const stream = this.#streams.get(event.data.message);
      if (stream !== undefined && !isLive(event.data.run)) this.#forget(event.data.message, stream);
    } else if (event.type === "message.deleted") {
      const stream = this.#streams.get(event.data.id);
      if (stream !== undefined) this.#forget(event.data.id, stream);
    } else if (event.type === "run.delta" || event.type === "run.rendered" || event.type === "run.activity") {
      const { message, run } = event.data;
      const known = this.#streams.get(message)?.run === run;
      // Of rooms that are not open nothing is kept: what is missing then is read when one comes there.
      if (!known && roomOf(event.topic) !== this.#session.room.get()?.room.id) return;
      this.#grow(this.#streamOf(message, run), event);
      for (const listener of [...this.#listeners]) listener(message);
    }
  }

  #grow(stream: Stream, event: Extract<AnyEvent, { type: "run.delta" | "run.rendered" | "run.activity" }>): void {
    if (event.type === "run.delta") {
      stream.growing.take(event.data);
      stream.activity = "";
    } else if (event.type === "run.rendered") stream.growing.close(event.data);
    else stream.activity = event.data.text;
    if (stream.shown && stream.growing.gap) this.#soon(event.data.message, stream, MEND_MS);
  }

  // Mending

  #mendAll(): void {
    for (const [message, stream] of this.#streams) if (stream.shown) void this.#mend(message, stream);
  }

  #soon(message: string, stream: Stream, ms: number): void {
    stream.mending ??= setTimeout(() => {
      stream.mending = undefined;
      if (stream.growing.gap || stream.growing.text === "") void this.#mend(message, stream);
    }, ms);
  }

  async #mend(message: string, stream: Stream): Promise<void> {
    const isOver = () => this.#streams.get(message) !== stream;
    try {
      const sofar = await api.get<RunTextView>(`/api/runs/${stream.run}/`);
      if (isOver()) return;
      stream.growing.adopt(sofar);
      if (stream.growing.gap) this.#soon(message, stream, MEND_MS);
      // Its first words may have come before this part of the page, and not be written down yet: no hole would tell.
      else if (stream.growing.text === "" && stream.looks < LOOKS_MOST) this.#soon(message, stream, MEND_MS * 2 ** stream.looks++);
      for (const listener of [...this.#listeners]) listener(message);
    } catch (error) {
      // Without an answer it is tried again; what was refused stays so.
      const final = error instanceof api.ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
      if (!isOver() && !final) stream.mending ??= setTimeout(() => {
        stream.mending = undefined;
        void this.#mend(message, stream);
      }, RETRY_MS);
    }
  }
}
