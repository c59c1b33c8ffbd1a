// Answers put together from pieces: whatever is lost, repeated or late, the text is whole and nothing stands twice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Growing, type Block, type Delta } from "../src/assistant/growing";
import { moneyWords, placeWords, tailOf, tookWords, waitSeconds } from "../src/assistant/words";

const TEXT = "First 👩‍💻 words.\n\nThen a list:\n\n- one\n- two\n\nAnd the end.";

function pieces(text: string, size: number): Delta[] {
  const found: Delta[] = [];
  for (let at = 0; at < text.length; at += size) found.push({ offset: at, text: text.slice(at, at + size) });
  return found;
}

/** A random order that is the same each time. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed;
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  return items.map((item) => [next(), item] as const).sort(([a], [b]) => a - b).map(([, item]) => item);
}

test("pieces in order make the text, a repeated one changes nothing", () => {
  const growing = new Growing();
  for (const piece of pieces(TEXT, 5)) {
    growing.take(piece);
    growing.take(piece);
  }
  assert.deepEqual([growing.text, growing.tail, growing.gap], [TEXT, TEXT, false]);
});

test("pieces in any order, with any of them twice, make the text once", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const growing = new Growing();
    const sent = pieces(TEXT, 1 + (seed % 7));
    for (const piece of shuffled([...sent, ...sent.slice(0, 3)], seed)) growing.take(piece);
    assert.deepEqual([growing.text, growing.gap], [TEXT, false], `seed ${seed}`);
  }
});

test("a hole is seen, and the text so far closes it without a doubled word", () => {
  const growing = new Growing();
  growing.take({ offset: 0, text: "First " });
  growing.take({ offset: 10, text: TEXT.slice(10, 20) });
  assert.deepEqual([growing.text, growing.gap], ["First ", true]);
  growing.adopt({ text: TEXT.slice(0, 14), html: "", rendered: 0 });
  assert.deepEqual([growing.text, growing.gap], [TEXT.slice(0, 20), false]);
});

test("the text so far is older than what came meanwhile: nothing goes back", () => {
  const growing = new Growing();
  growing.take({ offset: 0, text: TEXT });
  growing.adopt({ text: TEXT.slice(0, 9), html: "", rendered: 0 });
  assert.equal(growing.text, TEXT);
});

test("somebody who joins late has the whole text, from what was written down and what came since", () => {
  const growing = new Growing();
  for (const piece of pieces(TEXT, 4).slice(6)) growing.take(piece);
  assert.equal(growing.gap, true);
  growing.adopt({ text: TEXT.slice(0, 30), html: "<p>First</p>", rendered: 20 });
  assert.deepEqual([growing.text, growing.gap, growing.tail], [TEXT, false, TEXT.slice(20)]);
});

test("closed blocks take the place of their text, each once, in order", () => {
  const blocks: Block[] = [{ start: 0, end: 20, html: "<p>a</p>" }, { start: 20, end: 34, html: "<p>b</p>" }, { start: 34, end: 47, html: "<ul></ul>" }];
  for (let seed = 1; seed <= 12; seed += 1) {
    const growing = new Growing();
    growing.take({ offset: 0, text: TEXT });
    for (const block of shuffled([...blocks, ...blocks], seed)) growing.close(block);
    assert.deepEqual([growing.blocks, growing.tail, growing.gap, growing.turns], [blocks.map(({ html }) => html), TEXT.slice(47), false, 0]);
  }
});

test("a lost block is seen, and what was rendered so far is begun anew", () => {
  const growing = new Growing();
  growing.take({ offset: 0, text: TEXT });
  growing.close({ start: 20, end: 34, html: "<p>b</p>" });
  assert.deepEqual([growing.blocks, growing.gap], [[], true]);
  growing.adopt({ text: TEXT, html: "<p>a</p><p>b</p>", rendered: 34 });
  assert.deepEqual([growing.blocks, growing.tail, growing.gap, growing.turns], [["<p>a</p><p>b</p>"], TEXT.slice(34), false, 1]);
});

test("a block that begins inside another is not drawn over it", () => {
  const growing = new Growing();
  growing.take({ offset: 0, text: TEXT });
  growing.adopt({ text: TEXT, html: "<p>ab</p>", rendered: 25 });
  growing.close({ start: 20, end: 34, html: "<p>b</p>" });
  assert.deepEqual([growing.blocks, growing.gap], [["<p>ab</p>"], true]);
  growing.adopt({ text: TEXT, html: "<p>abc</p>", rendered: 34 });
  assert.deepEqual([growing.blocks, growing.gap, growing.tail], [["<p>abc</p>"], false, TEXT.slice(34)]);
});

test("an open fence is shown as code, other text as it was written", () => {
  assert.deepEqual(tailOf("```python\nprint(1)\n"), { code: true, text: "print(1)\n" });
  assert.deepEqual(tailOf("```py"), { code: true, text: "" });
  assert.deepEqual(tailOf("\n\nplain `code`"), { code: false, text: "plain `code`" });
});

test("places, times and money are told as people read them", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 11, 12, 13, 21, 112].map(placeWords), [
    "next in line", "next in line", "2nd in line", "3rd in line", "4th in line", "11th in line", "12th in line", "13th in line", "21st in line", "112th in line",
  ]);
  assert.deepEqual([40, 4_210, 12_400, 80_000].map(tookWords), ["0.04 s", "4.2 s", "12 s", "1 min 20 s"]);
  assert.deepEqual([0, 12, 1_500, 250_000, 3_140_000].map(moneyWords), ["0", "<0.0001", "0.0015", "0.25", "3.14"]);
  const now = Date.parse("2026-11-22T09:00:00Z");
  assert.deepEqual([null, "2026-11-22T08:59:00Z", "2026-11-22T09:00:11.2Z"].map((at) => waitSeconds(at, now)), [0, 0, 12]);
});
