// The connection of one tab: connect, heartbeat, back-off, subscribe, resume, and the order of events.
// Made once by the session. It never decides what an event means and never keeps a command for later: the outbox does.

import type { AnyEvent, CommandData, CommandName, CommandResult } from "./events";
import { FRAME_BYTES, type Hello, PROTOCOL_VERSION } from "./protocol";
import { Timers } from "./timers";
import { Topics, type TopicAnswer } from "./topics";

export type ConnectionState = "connecting" | "online" | "offline" | "signed_out" | "banned" | "stopped";

export interface ConnectionHooks {
  /** The log cannot be replayed from our seq: load the topic's state again; later events follow `head`. */
  onSnapshotNeeded(topic: string, head: number): void;
  /** The topic is not ours (any more). */
  onDenied?(topic: string): void;
  /** The server speaks a newer protocol than this page. */
  onReload?(): void;
  /** Asks for topics in another way than with `subscribe`: a document is joined. */
  ask?(topics: Record<string, number | null>): Promise<Record<string, TopicAnswer>>;
}

/** Why a command failed. `code` is one of the server's error codes, or `offline` or `lost` when it got no answer. */
export class CommandError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field: string | null = null,
    readonly retry_after: number | null = null,
    readonly incident: string | null = null,
  ) {
    super(message);
    this.name = "CommandError";
  }
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: CommandError): void;
}

interface AnswerFrame {
  ref: number | null;
  data?: unknown;
  code?: string;
  message?: string;
  field?: string | null;
  retry_after?: number | null;
  incident?: string | null;
}

type StateListener = (state: ConnectionState, retryAt?: number) => void;

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 30_000;
const RESTART_JITTER_MS = 5_000;
const TOO_FAST_PAUSE_MS = 10_000;
const ANSWER_MS = 10_000;
const UNANSWERED_MS = 60_000;
const STEADY_MS = 10_000;
const RECEIVED_FRAMES = 50;
const RECEIVED_MS = 2_000;

const HALF_CHARACTER = "This holds half of a character, which cannot be sent. Delete it and type it again.";
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The JSON of a frame; null when a text in it is not valid Unicode: the server could not read it, nor name the command. */
function encode(frame: unknown): string | null {
  let valid = true;
  const text = JSON.stringify(frame, (_, value: unknown) => {
    if (typeof value === "string" && LONE_SURROGATE.test(value)) valid = false;
    return value;
  });
  return valid ? text : null;
}

/** Close codes after which reconnecting would be wrong, and the state that the page then shows. */
const FINAL: Readonly<Record<number, ConnectionState>> = {
  4400: "stopped",
  4401: "signed_out",
  4403: "banned",
  4404: "stopped",
  4409: "stopped",
};

export class Connection {
  state: ConnectionState = "connecting";
  /** The server's words for the last close, for the page that shows them. */
  reason = "";
  /** Why the server closed the last socket; 0 while none was closed. */
  closeCode = 0;
  /** When the next attempt is due (milliseconds since the epoch), while offline. */
  retryAt: number | undefined;

  readonly #url: string;
  readonly #hooks: ConnectionHooks;
  #socket: WebSocket | null = null;
  #listening: AbortController | null = null;
  #greeted = false;
  #refs = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #eventListeners = new Set<(event: AnyEvent) => void>();
  readonly #stateListeners = new Set<StateListener>();
  readonly #topics: Topics;
  #attempt = 0;
  #frames = 0;
  #framesTold = 0;
  #frameLimit: number = FRAME_BYTES;
  #heartbeatMs = 25_000;
  readonly #timers = new Timers();

  constructor(url: string, hooks: ConnectionHooks) {
    this.#url = url;
    this.#hooks = hooks;
    this.#topics = new Topics({
      ask: (topics) => this.#hooks.ask?.(topics) ?? (this.command("subscribe", { topics }) as Promise<Record<string, TopicAnswer>>),
      deliver: (event) => this.#deliver(event),
      onSnapshotNeeded: (topic, head) => this.#hooks.onSnapshotNeeded(topic, head),
      onDenied: (topic) => this.#hooks.onDenied?.(topic),
    });
  }

  /** Opens the socket; calling it again does nothing. */
  start(): void {
    if (this.#socket !== null || this.#timers.has("retry") || this.state !== "connecting") return;
    this.#listen();
    this.#connect();
  }

  /** Closes the socket for good, until it is started again; commands on their way are lost. */
  stop(): void {
    this.#listening?.abort();
    this.#listening = null;
    const socket = this.#socket;
    if (socket !== null) socket.onmessage = socket.onclose = null;
    const reject = this.#interrupt();
    // Closed while it opens, the browser would complain of it on the console.
    if (socket?.readyState === 0) socket.onopen = () => socket.close(1000);
    else socket?.close(1000);
    this.state = "connecting";
    reject(new CommandError("lost", "The connection was closed."));
  }

  #listen(): void {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    if (typeof window === "undefined") return;
    window.addEventListener("online", () => this.#hurry(), { signal });
    window.addEventListener("pageshow", () => this.#hurry(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry(), { signal });
  }

  /** Hears a topic from `seq` on; null asks for a snapshot first (hooks.onSnapshotNeeded). */
  subscribe(topic: string, seq: number | null): void {
    this.#topics.add(topic, seq);
    if (this.#greeted) this.#topics.subscribe([topic]);
  }

  unsubscribe(topic: string): void {
    if (this.#topics.remove(topic) && this.#greeted) void this.command("unsubscribe", { topics: [topic] }).catch(() => undefined);
  }

  /** The last seq taken of a topic, or null when it is not heard or its state is still being loaded. */
  seqOf(topic: string): number | null {
    return this.#topics.seqOf(topic);
  }

  /** Every event once and in the topic's order. Returns how to stop listening. */
  onEvent(listener: (event: AnyEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Called at each change of state, and with a new `retryAt` at each failed attempt. */
  onState(listener: StateListener): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /** Tries at once instead of waiting for the back-off. */
  retryNow(): void {
    if (this.state !== "offline") return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Sends a command and answers its result. Rejects with CommandError; `offline` and `lost` mean: perhaps not done. */
  command<Name extends CommandName>(type: Name, data: CommandData<Name>, topic = ""): Promise<CommandResult<Name>> {
    const socket = this.#socket;
    if (socket === null || !this.#greeted) return Promise.reject(new CommandError("offline", "There is no connection right now."));
    const ref = ++this.#refs;
    const text = encode(topic === "" ? { type, ref, data } : { type, ref, topic, data });
    if (text === null) return Promise.reject(new CommandError("invalid", HALF_CHARACTER));
    if (new TextEncoder().encode(text).length > this.#frameLimit) {
      return Promise.reject(new CommandError("too_large", "This is too long to send."));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve: resolve as (result: unknown) => void, reject });
      this.#timers.after(`answer to ${ref}`, UNANSWERED_MS, () => this.#unanswered(ref));
      socket.send(text);
    });
  }

  /** The line lives, but this command got no answer: whoever sent it may try again. */
  #unanswered(ref: number): void {
    this.#waiting.get(ref)?.reject(new CommandError("unanswered", "The server did not answer."));
    this.#waiting.delete(ref);
  }

  // Life of the socket

  #connect(): void {
    this.#timers.clear("retry");
    this.#setState("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#greeted = false;
    this.#frames = this.#framesTold = 0;
    this.reason = "";
    socket.onmessage = (message) => this.#socket === socket && this.#take(String(message.data));
    socket.onclose = (event) => this.#socket === socket && this.#closed(event.code, event.reason);
    // A connection that neither opens nor greets (a captive portal, a frozen proxy) counts as lost.
    this.#timers.after("greet", ANSWER_MS, () => this.#drop());
  }

  /** Lets go of the socket without waiting for its close handshake, which a dead line never answers. */
  #drop(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.onmessage = socket.onclose = null;
    socket.close(4000, "heartbeat");
    this.#closed(4000, "");
  }

  #closed(code: number, words: string): void {
    const reject = this.#interrupt();
    this.closeCode = code;
    if (this.reason === "") this.reason = words;
    const final = FINAL[code];
    if (final === undefined) this.#retryLater(code);
    else this.#setState(final);
    reject(code === 1009 ? new CommandError("too_large", "This is too long to send.") : new CommandError("lost", "The connection was lost."));
    if (code === 4400) this.#hooks.onReload?.();
  }

  /** The socket is gone: nothing that was asked will be answered. Answers how to say so to those who wait. */
  #interrupt(): (error: CommandError) => void {
    this.#socket = null;
    this.#greeted = false;
    this.#timers.clearAll();
    this.#topics.interrupt();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    return (error) => {
      for (const command of waiting) command.reject(error);
    };
  }

  #retryLater(code: number): void {
    const jitter = Math.random();
    let delay = jitter * Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    if (code === 1012 || code === 4503) delay = jitter * RESTART_JITTER_MS;
    if (code === 4429) delay += TOO_FAST_PAUSE_MS;
    this.#attempt = Math.min(this.#attempt + 1, 10);
    this.retryAt = Date.now() + delay;
    this.#setState("offline");
    this.#timers.after("retry", delay, () => this.#connect());
  }

  /** The network or the tab came back: reconnect now, or find out whether the line is still alive. */
  #hurry(): void {
    if (this.state === "offline") this.retryNow();
    else if (this.#greeted) this.#ping();
  }

  #setState(state: ConnectionState): void {
    if (state !== "offline") this.retryAt = undefined;
    if (state === this.state && state !== "offline") return;
    this.state = state;
    for (const listener of this.#stateListeners) listener(state, this.retryAt);
  }

  // Frames

  #take(text: string): void {
    // Whatever arrives shows that the line lives.
    this.#timers.clear("answer");
    const frame = JSON.parse(text) as { type: string; topic?: string; data?: unknown };
    if (frame.type === "ack" || frame.type === "error") return this.#answer(frame.type === "ack", frame as unknown as AnswerFrame);
    if (frame.type === "hello") return this.#greet(frame.data as Hello);
    if (frame.type === "reset") return this.#topics.reset(frame.topic ?? "", (frame.data as { head: number }).head);
    this.#count();
    this.#topics.take(frame as AnyEvent);
  }

  #greet(hello: Hello): void {
    this.#timers.clear("greet");
    if (hello.protocol !== PROTOCOL_VERSION) {
      const socket = this.#socket;
      this.#closed(4400, "");
      socket?.close(4400);
      return;
    }
    this.#greeted = true;
    this.#heartbeatMs = hello.heartbeat_seconds * 1000;
    this.#frameLimit = hello.limits.frame_bytes;
    this.#timers.after("steady", STEADY_MS, () => (this.#attempt = 0));
    this.#beat();
    this.#topics.subscribe();
    this.#setState("online");
  }

  #answer(good: boolean, frame: AnswerFrame): void {
    const waiting = frame.ref === null ? undefined : this.#waiting.get(frame.ref);
    if (waiting === undefined || frame.ref === null) {
      // An error without a command of ours tells why the socket is about to close.
      if (!good && frame.message !== undefined) this.reason = frame.message;
      return;
    }
    this.#waiting.delete(frame.ref);
    this.#timers.clear(`answer to ${frame.ref}`);
    if (good) waiting.resolve(frame.data);
    else waiting.reject(new CommandError(frame.code ?? "internal", frame.message ?? "", frame.field, frame.retry_after, frame.incident));
  }

  #deliver(event: AnyEvent): void {
    for (const listener of this.#eventListeners) listener(event);
  }

  /** Flow control: tells how many event frames were taken, every 50 or every 2 s. */
  #count(): void {
    this.#frames += 1;
    if (this.#frames - this.#framesTold >= RECEIVED_FRAMES) this.#tellReceived();
    else if (!this.#timers.has("received")) this.#timers.after("received", RECEIVED_MS, () => this.#tellReceived());
  }

  #tellReceived(): void {
    this.#timers.clear("received");
    this.#framesTold = this.#frames;
    this.#socket?.send(JSON.stringify({ type: "received", data: { frames: this.#frames } }));
  }

  // Heartbeat

  #beat(): void {
    this.#timers.after("beat", this.#heartbeatMs, () => {
      this.#ping();
      this.#beat();
    });
  }

  #ping(): void {
    if (this.#timers.has("answer")) return;
    this.#timers.after("answer", ANSWER_MS, () => this.#drop());
    void this.command("ping", {}).catch(() => undefined);
  }
}
