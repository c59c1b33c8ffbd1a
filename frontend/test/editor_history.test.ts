// Looking back without a page: who wrote when, the text at any version, the ticks, the difference, the blocks of blame.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeSet, Text } from "@codemirror/state";
import { blocksOf } from "../src/editor/history/blame";
import { authorsSince, grown, isBusy, renamed, stretchAt, stretchStep, timeAt, type Told } from "../src/editor/history/chronicle";
import { differenceOf } from "../src/editor/history/difference";
import { replacement } from "../src/editor/history/past_view";
import { Player } from "../src/editor/history/player";
import { barsOf, shareOf, ticksOf } from "../src/editor/history/strip";
import { Timeline, type Source } from "../src/editor/history/timeline";
import type { BlameLines, EditAt, History } from "../src/protocol";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 9, minute)).toISOString();

/** Ada made 1..4, Ben 5..6, somebody who is gone 7. */
function history(more: Partial<History> = {}): History {
  const stretch = (first: number, last: number, author: number | null, from: number, to: number) => ({ first, last, author, started_at: at(from), ended_at: at(to), run: null });
  return { version: 7, oldest: 0, stretches: [stretch(1, 4, 1, 0, 3), stretch(5, 6, 2, 4, 5), stretch(7, 7, null, 30, 30)], named: [], people: [], ...more };
}

const told = (version: number, author: number, minute: number, run: string | null = null): Told => ({ version, author, run, at: at(minute) });

test("edits that come lengthen the last stretch or begin another", () => {
  const before = history({ version: 6, stretches: history().stretches.slice(0, 2) });
  const after = grown(before, [told(8, 2, 7), told(6, 2, 5), told(7, 2, 6), told(9, 1, 7), told(10, 1, 13)]);
  assert.equal(after.version, 10);
  assert.deepEqual(after.stretches.slice(1).map(({ first, last, author }) => [first, last, author]), [[5, 8, 2], [9, 9, 1], [10, 10, 1]]);
  assert.equal(before.version, 6, "the history before is left as it was");
});

test("a hole ends what is taken, and nothing new is the same history", () => {
  const before = history();
  assert.equal(grown(before, [told(8, 1, 31), told(10, 1, 31)]).version, 8);
  assert.equal(grown(before, [told(3, 1, 1)]), before);
});

test("an assistant's run is a stretch of its own", () => {
  const { stretches } = grown(history({ version: 6, stretches: history().stretches.slice(0, 2) }), [told(7, 2, 5, "r1")]);
  assert.equal(stretches.length, 3);
});

test("every version belongs to its stretch, and none before what is listed", () => {
  const of = (version: number) => stretchAt(history(), version)?.first ?? null;
  assert.deepEqual([0, 1, 4, 5, 6, 7, 8].map(of), [null, 1, 1, 5, 5, 7, null]);
});

test("the page keys go to the ends of stretches", () => {
  const step = (version: number, by: 1 | -1) => stretchStep(history(), version, by);
  assert.deepEqual([7, 6, 5, 4, 3, 0].map((version) => step(version, -1)), [6, 4, 4, 0, 0, 0]);
  assert.deepEqual([0, 3, 4, 6, 7].map((version) => step(version, 1)), [4, 4, 6, 7, 7]);
  assert.equal(stretchStep(history({ oldest: 3 }), 4, -1), 3);
});

test("a version between has a time between", () => {
  assert.equal(timeAt(history(), 4), at(3));
  assert.equal(timeAt(history(), 1), at(0));
  assert.equal(timeAt(history(), 6), at(5));
  assert.equal(timeAt(history(), 0), null);
});

test("authors since a version are counted, the busiest first", () => {
  assert.deepEqual(authorsSince(history(), 3), [{ author: 2, edits: 2 }, { author: 1, edits: 1 }, { author: null, edits: 1 }]);
  assert.deepEqual(authorsSince(history(), 7), []);
});

test("only somebody else's fresh work makes it busy", () => {
  const now = Date.parse(at(5)) + 30_000;
  const recent = history({ stretches: history().stretches.slice(0, 2) });
  assert.equal(isBusy(recent, 1, now), true);
  assert.equal(isBusy(recent, 2, now), false);
  assert.equal(isBusy(recent, 1, now + 60_000), false);
});

test("a name is given, changed and taken away", () => {
  const named = (version: number, name: string) => ({ version, name, author: 1, at: at(9) });
  const two = renamed(renamed(history(), named(6, "b")), named(2, "a"));
  assert.deepEqual(two.named.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(renamed(renamed(two, named(6, "c")), named(2, "")).named.map(({ name }) => name), ["c"]);
});

// Texts

/** A document whose version n has n lines "0" … "n-1" after its first line; counts what is asked of it. */
class Server implements Source {
  asked: string[] = [];
  broken = false;

  constructor(
    public version: number,
    private readonly head = "start\n",
  ) {}

  textAt(version: number): string {
    return this.head + Array.from({ length: version }, (_, index) => `${index}\n`).join("");
  }

  async text(version: number) {
    this.asked.push(`text ${version}`);
    if (this.broken) throw new Error("no connection");
    return { version, text: this.textAt(version), author: 9, at: at(0) };
  }

  async edits(after: number, limit: number) {
    this.asked.push(`edits ${after}`);
    if (this.broken) throw new Error("no connection");
    const updates: EditAt[] = [];
    for (let version = after + 1; version <= Math.min(this.version, after + limit); version += 1) {
      const length = this.textAt(version - 1).length;
      updates.push({ version, author: version % 3, at: at(version % 60), changes: [...(length > 0 ? [length] : []), [0, `${version - 1}`, ""]] });
    }
    return { updates, more: after + limit < this.version };
  }
}

test("the text at any version is the one that was there, asked for in pieces", async () => {
  const server = new Server(450);
  const timeline = new Timeline(server, 0);
  for (const version of [450, 3, 0, 200, 199, 201, 449, 7, 8, 6]) {
    const moment = await timeline.at(version);
    assert.equal(moment.text.toString(), server.textAt(version), `version ${version}`);
    assert.equal(moment.version, version);
  }
  assert.deepEqual(server.asked, ["text 400", "edits 400", "text 0", "edits 0", "text 200", "edits 200"]);
  assert.deepEqual([(await timeline.at(7)).author, (await timeline.at(7)).at], [1, at(7)]);
  assert.equal((await timeline.at(200)).author, 9, "the beginning of a piece says who made it");
  assert.equal(timeline.known(460), null);
  assert.equal(timeline.known(5)?.version, 5);
});

test("versions that came since are asked for behind those that are known", async () => {
  const server = new Server(10);
  const timeline = new Timeline(server, 0);
  await timeline.at(10);
  server.version = 12;
  assert.equal((await timeline.at(12)).text.toString(), server.textAt(12));
  assert.deepEqual(server.asked, ["text 0", "edits 0", "edits 10"]);
  await assert.rejects(timeline.at(13), /Version 13 did not come/);
});

test("a log that begins late is never asked for what is gone", async () => {
  const server = new Server(260);
  const timeline = new Timeline(server, 250);
  assert.equal((await timeline.at(255)).text.toString(), server.textAt(255));
  assert.equal((await timeline.at(58)).text.toString(), server.textAt(58), "but a named version has its text");
  assert.deepEqual(server.asked, ["text 250", "edits 250", "text 58"]);
});

test("what failed is asked again, and a CR stays a character", async () => {
  const server = new Server(3, "a\r\nb\rc\n");
  server.broken = true;
  const timeline = new Timeline(server, 0);
  await assert.rejects(timeline.at(2), /no connection/);
  server.broken = false;
  assert.equal((await timeline.at(2)).text.toString(), server.textAt(2));
});

test("only the last pieces are kept", async () => {
  const server = new Server(2_400);
  const timeline = new Timeline(server, 0);
  for (let piece = 0; piece < 10; piece += 1) await timeline.at(piece * 200 + 1);
  assert.equal(timeline.known(201), null);
  assert.equal(timeline.known(1_801)?.version, 1_801);
});

test("one change leads from one text to another, whatever they share", () => {
  const texts = ["", "a", "aa", "aba", "abba", "one\ntwo\n", "one\n2\ntwo\n", "two\none\n"];
  for (const before of texts) {
    for (const after of texts) {
      const { from, to, insert } = replacement(before, after);
      assert.equal(before.slice(0, from) + insert + before.slice(to), after);
    }
  }
  assert.deepEqual(replacement("one\ntwo\n", "one\n2\ntwo\n"), { from: 4, to: 4, insert: "2\n" });
});

// Ticks

test("ticks stand evenly, as high as their stretch, never more than fit", () => {
  const few = ticksOf(history(), 100, () => false);
  assert.deepEqual(few.map(({ version }) => version), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([...new Set(few.map(({ colour }) => colour))], ["c2", "c3", "c-none"]);
  assert.ok(few.every(({ height }) => height > 0 && height <= 1));
  assert.ok((few[1]?.height ?? 0) > (few[6]?.height ?? 1), "four edits are a higher hill than one");
  const long = history({ version: 10_000, stretches: [{ ...history().stretches[0]!, last: 10_000 }] });
  const many = ticksOf(long, 150, () => true);
  assert.equal(many.length, 150);
  assert.ok(many.every(({ colour }) => colour === "c-ai"));
});

test("bars behind the thumb are told apart, and a place is a share of the way", () => {
  const bars = barsOf(ticksOf(history(), 100, () => false), history(), 5, 300, 20);
  assert.deepEqual(bars.map(({ colour, later }) => `${colour} ${String(later)}`), ["c2 false", "c3 false", "c3 true", "c-none true"]);
  assert.equal(shareOf({ oldest: 10, version: 20 }, 15), 0.5);
  assert.equal(shareOf({ oldest: 0, version: 0 }, 0), 1);
  assert.deepEqual(ticksOf(history({ version: 0, stretches: [] }), 10, () => false), []);
});

// Difference and blame

test("the difference counts lines, and applied it is the text of now", () => {
  const pairs: [string, string, number, number][] = [
    ["a\nb\nc\n", "a\nB\nc\nd\n", 2, 1],
    ["", "a", 1, 0],
    ["a\nb", "", 0, 2],
    ["", "", 0, 0],
    ["a", "a\nb", 1, 0],
    ["a\nb", "a", 0, 1],
    ["same\n", "same\n", 0, 0],
    ["a\r\nb\n", "a\r\nc\n", 1, 1],
  ];
  for (const [before, after, came, gone] of pairs) {
    const found = differenceOf(before, after);
    const ended = (text: string) => (text === "" ? "" : `${text}\n`);
    const text = Text.of(ended(before).split("\n"));
    const changes = ChangeSet.of(found.changes.map(({ from, to, insert }) => ({ from, to, insert: Text.of(insert.split("\n")) })), text.length);
    assert.equal(changes.apply(text).toString(), ended(after));
    assert.deepEqual([found.came, found.gone], [came, gone], `${before} → ${after}`);
  }
});

test("blame shows one block for each stretch of an author", () => {
  const line = (number: number, count: number, version: number, author: number | null): BlameLines => ({ line: number, count, version, author, at: at(1), run: null, suggested_by: null });
  const lines = [line(1, 2, 2, 1), line(3, 1, 4, 1), line(4, 1, 5, 2), line(5, 1, 3, 1), line(6, 2, 7, null)];
  const words = ({ author }: BlameLines) => ({ who: String(author), when: "", title: "", colour: "" });
  const stretchOf = (version: number) => stretchAt(history(), version)?.first ?? null;
  const blocks = blocksOf(lines, stretchOf, words).map(({ line, count, version, who }) => [line, count, version, who]);
  assert.deepEqual(blocks, [[1, 3, 4, "1"], [4, 1, 5, "2"], [5, 1, 3, "1"], [6, 2, 7, "null"]]);
});

// Playing

test("playing goes on at the pace of the author, faster when asked, and ends by itself", async () => {
  const steps: number[] = [];
  const player: Player = new Player({ next: () => (steps.length < 5 ? steps.push(player.speed) * 0 + 80 : null), changed: () => undefined });
  const started = Date.now();
  player.start();
  assert.equal(player.isPlaying, true);
  assert.equal(steps.length, 5, "80 ms at four times: five edits in a tenth of a second");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(player.isPlaying, false);
  assert.ok(Date.now() - started >= 100);
  const speeds = [0, 1, 2].map(() => (player.faster(), player.speed));
  assert.deepEqual(speeds, [16, 64, 4]);
});

test("a stopped play asks for nothing more", async () => {
  let asked = 0;
  const player = new Player({ next: () => ((asked += 1), 10_000), changed: () => undefined });
  player.start();
  player.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(asked, 1);
});
