// A WebSocket whose other end is the test: what the page sent, and ways to answer, close and stay silent.

import { afterEach, beforeEach, mock } from "node:test";

import { FakeClock } from "./fake_clock";

export interface SentFrame {
  type: string;
  ref?: number;
  topic?: string;
  data: Record<string, unknown>;
}

export class FakeSocket {
  static all: FakeSocket[] = [];

  static get last(): FakeSocket {
    const last = FakeSocket.all[FakeSocket.all.length - 1];
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }

  static install(): void {
    FakeSocket.all = [];
    (globalThis as { WebSocket?: unknown }).WebSocket = FakeSocket;
  }

  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: SentFrame[] = [];
  closedWith: number | undefined;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as SentFrame);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  // The server's side

  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  hello(protocol = 1): void {
    const limits = { frame_bytes: 65536, body_chars: 8000, window: 400 };
    this.say({ type: "hello", data: { protocol, connection: "c1", user: 7, server_time: "2026-11-22T09:00:00Z", heartbeat_seconds: 25, limits } });
  }

  /** The newest frame of a type; answering takes its ref. */
  frame(type: string): SentFrame {
    const found = [...this.sent].reverse().find((frame) => frame.type === type);
    if (found === undefined) throw new Error(`no ${type} was sent: ${JSON.stringify(this.sent)}`);
    return found;
  }

  ack(type: string, data: unknown): void {
    this.say({ type: "ack", ref: this.frame(type).ref, data });
  }

  refuse(type: string, code: string, retry_after: number | null = null): void {
    this.say({ type: "error", ref: this.frame(type).ref, code, message: `refused: ${code}`, field: null, retry_after, incident: null });
  }

  end(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

/** Lets everything that waits for resolved promises run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Sockets, timers and chance of the tests' own, anew for each test of the file; answers the clock. */
export function fakeLine(): Pick<FakeClock, "tick"> {
  let clock = new FakeClock();
  beforeEach(() => {
    clock = new FakeClock();
    clock.install();
    mock.method(Math, "random", () => 0.5);
    FakeSocket.install();
  });
  afterEach(() => {
    clock.restore();
    mock.restoreAll();
  });
  return { tick: (delay) => clock.tick(delay) };
}
