// The figures of a board: the vectors that the server is held to as well, and what ticks make of what was read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Samples } from "../src/dashboard/samples";
import { figures, fold } from "../src/dashboard/series";
import { Tape } from "../src/dashboard/tape";

interface Vector {
  says: string;
  buckets: number[][];
  aggregate: string;
  step: number;
  counter: boolean;
  start: number;
  end: number;
  gaps: number[][];
  curve: [number, number | null][];
}

const FILE = join(dirname(fileURLToPath(import.meta.url)), "../../tests/dashboard/series_vectors.json");
const vectors = JSON.parse(readFileSync(FILE, "utf8")) as { figures: Vector[]; folds: { says: string; buckets: number[][]; step: number; folded: number[][] }[] };

function tapeOf(buckets: readonly number[][]): Tape {
  const tape = new Tape();
  for (const bucket of buckets) tape.put(bucket);
  return tape;
}

assert.ok(vectors.figures.length >= 20 && vectors.folds.length >= 4);

for (const vector of vectors.figures) {
  test(`figures: ${vector.says}`, () => {
    const { at, value } = figures(tapeOf(vector.buckets).columns(), vector);
    assert.deepEqual(at.map((one, index) => [one, value[index]]), vector.curve);
  });
}

for (const { says, buckets, step, folded } of vectors.folds) test(`fold: ${says}`, () => assert.deepEqual(fold(buckets, step), folded));

test("a tape keeps order, replaces what is told again, and forgets the oldest", () => {
  const tape = new Tape();
  for (let at = 0; at < 3_000; at += 1) {
    tape.put([at, 1, at, at, at, at]);
    tape.dropBefore(at - 900);
  }
  tape.put([2_500, 2, 7, 7, 7, 7]);
  tape.dropBefore(2_400);
  tape.put([2_999.5, 1, 1, 1, 1, 1]);
  tape.put([2_999.25, 1, 1, 1, 1, 1]);
  const { at, total } = tape.columns();
  assert.equal(at[0], 2_400);
  assert.equal(total[100], 7);
  assert.deepEqual(Array.from(at).slice(-3), [2_999, 2_999.25, 2_999.5]);
});

const view = (step: number, tick: number, buckets: number[][]) => ({ tick, start: 0, end: tick + 1, step, series: { 5: buckets }, gaps: [] });

test("seconds are added to the bucket of ten that they are in, each once however often it is told", () => {
  const samples = new Samples();
  samples.begin(view(10, 103, [[90, 3, 6, 1, 3, 2], [100, 2, 4, 2, 2, 2]]));
  samples.hear(104, [[5, 104, 1, 5, 5, 5, 5]]);
  samples.hear(105, [[5, 104, 2, 6, 1, 5, 1], [5, 105, 1, 1, 1, 1, 1]]);
  const { at, value } = samples.curve(5, "sum", true, 90, 110);
  assert.deepEqual([at, value], [[90, 100], [6, 11]]);
});

test("the bucket that was under way is read again when it is over, and what was heard whole stays", () => {
  const samples = new Samples();
  samples.begin(view(10, 103, [[100, 2, 4, 2, 2, 2]]));
  assert.equal(samples.againAt, 125);
  for (let at = 104; at <= 125; at += 1) samples.hear(at, [[5, at, 1, 1, 1, 1, 1]]);
  samples.complete(view(10, 121, [[100, 9, 14, 1, 2, 1], [110, 10, 10, 1, 1, 1], [120, 2, 2, 1, 1, 1]]));
  assert.deepEqual(samples.curve(5, "sum", true, 100, 130).value, [14, 10, 6]);
  assert.equal(samples.tick, 125);
  assert.equal(samples.againAt, null);
});

test("what is told by the second is the same curve as what is read of it", () => {
  const seconds = Array.from({ length: 200 }, (_, index) => [1_000 + index, 1, (index * 7) % 13, (index * 7) % 13, (index * 7) % 13, (index * 7) % 13]);
  for (const step of [1, 10, 60]) {
    const told = new Samples();
    told.begin(view(step, 959, []));
    for (const second of seconds) told.hear(second[0] ?? 0, [[5, ...second]]);
    const read = new Samples();
    read.begin(view(step, 1_199, fold(seconds, step)));
    for (const aggregate of ["sum", "last", "lowest", "highest", "average", "per_minute"]) {
      assert.deepEqual(told.curve(5, aggregate, true, 1_000, 1_200), read.curve(5, aggregate, true, 1_000, 1_200), `${aggregate} by ${step}`);
    }
  }
});
