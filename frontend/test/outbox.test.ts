// The outbox against a stub connection: order, retries, final errors, confirmation by event, messages from before a reload.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Outbox } from "../src/outbox";
import { CommandError } from "../src/socket";
import { FakeClock } from "./fake_clock";
import { settle } from "./fake_socket";

type Answer = { resolve(result: unknown): void; reject(error: unknown): void; cid: string; body: string; beside: unknown };

class StubConnection {
  state = "online";
  readonly calls: Answer[] = [];
  private listener: (state: string) => void = () => undefined;

  onState(listener: (state: string) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }

  command(_type: string, data: { cid: string; body: string; beside: unknown }): Promise<unknown> {
    return new Promise((resolve, reject) => this.calls.push({ resolve, reject, cid: data.cid, body: data.body, beside: data.beside }));
  }

  become(state: string): void {
    this.state = state;
    this.listener(state);
  }

  bodies(): string[] {
    return this.calls.map((call) => call.body);
  }

  get last(): Answer {
    return this.calls[this.calls.length - 1] as Answer;
  }
}

function open(state = "online"): { outbox: Outbox; connection: StubConnection } {
  const connection = new StubConnection();
  connection.state = state;
  return { outbox: new Outbox(7, connection as never), connection };
}

function message(body: string, room = 1) {
  return { room, body, thread: null, reply_to: null, also_in_room: false, beside: null };
}

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
  clock.install();
  // One tab alone: an open channel would keep the test from ending.
  (globalThis as { BroadcastChannel?: unknown }).BroadcastChannel = undefined;
});
afterEach(() => clock.restore());

test("a message is shown at once and gone when the log has it", async () => {
  const { outbox, connection } = open();
  const added = outbox.add(message("hello"));
  assert.equal(outbox.of(1).length, 1);
  const cid = await added;
  await settle();
  assert.equal(outbox.of(1)[0]?.state, "sending");
  connection.last.resolve({ id: "x", seq: 5, duplicate: false });
  await settle();
  assert.equal(outbox.of(1)[0]?.state, "sent");
  outbox.confirm(cid);
  assert.deepEqual(outbox.of(1), []);
});

test("messages of a room go one after the other, rooms side by side", async () => {
  const { outbox, connection } = open();
  for (const [body, room] of [["one", 1], ["two", 1], ["elsewhere", 2]] as const) void outbox.add(message(body, room));
  await settle();
  assert.deepEqual(connection.bodies(), ["one", "elsewhere"]);
  connection.calls[0]?.resolve({ id: "x", seq: 5, duplicate: false });
  await settle();
  assert.deepEqual(connection.bodies(), ["one", "elsewhere", "two"]);
});

test("a lost answer is asked for again with the same cid when the connection is back", async () => {
  const { outbox, connection } = open();
  await outbox.add(message("once"));
  await settle();
  connection.state = "offline";
  connection.last.reject(new CommandError("lost", "The connection was lost."));
  await settle();
  assert.equal(outbox.of(1)[0]?.state, "waiting");
  connection.become("online");
  await settle();
  assert.equal(connection.calls.length, 2);
  assert.equal(connection.calls[0]?.cid, connection.calls[1]?.cid);
});

test("what was open beside a message when it was written goes along with every attempt", async () => {
  const { outbox, connection } = open();
  const beside = { topic: "document:7", seq: 391, start: 4, end: 9 };
  await outbox.add({ ...message("Is this loop right?"), beside });
  await settle();
  connection.state = "offline";
  connection.last.reject(new CommandError("lost", "The connection was lost."));
  await settle();
  connection.become("online");
  await settle();
  assert.deepEqual(connection.calls.map((call) => call.beside), [beside, beside]);
});

test("nothing is sent without a connection, and all in order afterwards", async () => {
  const { outbox, connection } = open("offline");
  await outbox.add(message("first"));
  await outbox.add(message("second"));
  await settle();
  assert.deepEqual(connection.bodies(), []);
  connection.become("online");
  await settle();
  connection.last.resolve({ id: "x", seq: 1, duplicate: false });
  await settle();
  assert.deepEqual(connection.bodies(), ["first", "second"]);
});

test("a final error waits for the person and holds nobody up", async () => {
  const { outbox, connection } = open();
  void outbox.add(message("bad"));
  void outbox.add(message("good"));
  await settle();
  connection.last.reject(new CommandError("read_only", "This room is read-only."));
  await settle();
  assert.deepEqual(outbox.of(1).map((item) => item.state), ["failed", "sending"]);
  assert.equal(outbox.of(1)[0]?.error?.message, "This room is read-only.");
  connection.last.resolve({ id: "x", seq: 1, duplicate: false });
  await settle();
  const failed = connection.calls[0]?.cid ?? "";
  await outbox.retry(failed);
  await settle();
  assert.equal(connection.last.cid, failed);
});

test("a discarded message is gone, one on its way stays", async () => {
  const { outbox, connection } = open();
  const cid = await outbox.add(message("no"));
  await settle();
  await outbox.discard(cid);
  assert.equal(outbox.of(1).length, 1);
  connection.last.reject(new CommandError("forbidden", "No."));
  await settle();
  await outbox.discard(cid);
  assert.deepEqual(outbox.of(1), []);
});

test("slow mode and rate limits are waited for, by the server's own time", async () => {
  const { outbox, connection } = open();
  await outbox.add(message("patience"));
  await settle();
  connection.last.reject(new CommandError("slow_mode", "Slow mode is on.", null, 12));
  await settle();
  assert.equal(outbox.of(1)[0]?.error?.code, "slow_mode");
  clock.tick(12_000);
  await settle();
  assert.equal(connection.calls.length, 1);
  clock.tick(100);
  await settle();
  assert.equal(connection.calls.length, 2);
});

test("an internal error is tried again with growing pauses", async () => {
  const { outbox, connection } = open();
  await outbox.add(message("again"));
  await settle();
  for (const pause of [1000, 2000, 4000]) {
    const before = connection.calls.length;
    connection.last.reject(new CommandError("internal", "Recorded."));
    await settle();
    clock.tick(pause - 1);
    await settle();
    assert.equal(connection.calls.length, before);
    clock.tick(1);
    await settle();
    assert.equal(connection.calls.length, before + 1);
  }
});

test("a snapshot that covers a sent message confirms it", async () => {
  const { outbox, connection } = open();
  await outbox.add(message("covered"));
  await settle();
  connection.last.resolve({ id: "x", seq: 5, duplicate: true });
  await settle();
  outbox.confirmUpTo(1, 4);
  assert.equal(outbox.of(1).length, 1);
  outbox.confirmUpTo(1, 5);
  assert.deepEqual(outbox.of(1), []);
});

test("a reply stands in its thread, and in the room only if sent there as well", async () => {
  const { outbox } = open("offline");
  await outbox.add({ room: 1, body: "quiet", thread: "root", reply_to: null, also_in_room: false, beside: null });
  await outbox.add({ room: 1, body: "loud", thread: "root", reply_to: null, also_in_room: true, beside: null });
  assert.deepEqual(outbox.of(1).map((item) => item.body), ["loud"]);
  assert.deepEqual(outbox.of(1, "root").map((item) => item.body), ["quiet", "loud"]);
});
