// What boards say and how they put it, without a page: units, ranges, gauges, changes, tables, curves on one axis.

import assert from "node:assert/strict";
import { test } from "node:test";

import { aligned } from "../src/dashboard/view/aligned";
import { valueIn } from "../src/dashboard/series";
import { arc, gaugeEnds } from "../src/dashboard/view/arc";
import { rangeWords, zoomedTo } from "../src/dashboard/view/ranges";
import { changeWords, statFigure } from "../src/dashboard/view/changes";
import { sortedRows } from "../src/dashboard/view/sorting";
import { ago, axisWords, wordsOf } from "../src/dashboard/view/units";
import type { CellView, PanelView } from "../src/protocol";

test("figures carry their unit", () => {
  assert.equal(wordsOf(1_946.2, "per min"), "1,946 per min");
  assert.equal(wordsOf(74, "%"), "74%");
  assert.equal(wordsOf(0.31, "USD"), "$0.31");
  assert.equal(wordsOf(0.0042, "USD"), "$0.0042");
  assert.equal(wordsOf(2_500_000, "bytes"), "2.5 MB");
  assert.equal(wordsOf(null, "ms"), "no figure");
  assert.equal(wordsOf(3, "foo"), "3 foo");
});

test("an axis is short", () => {
  assert.deepEqual([0, 250, 9_999, 12_000, 3_400_000].map((value) => axisWords(value, "")), ["0", "250", "9999", "12k", "3400k"]);
  assert.equal(axisWords(2_000_000, "bytes"), "2 MB");
});

test("times since are told in the unit that fits", () => {
  assert.deepEqual([12, 240, 7_200, 400_000].map(ago), ["12 s", "4 min", "2 h", "5 days"]);
});

test("ranges have names, and a zoom is never shorter than the server shows", () => {
  assert.equal(rangeWords({ seconds: 21_600 }), "Last 6 hours");
  assert.deepEqual(zoomedTo(1_000.4, 1_010.4), { from: 975, to: 1_036 });
  assert.deepEqual(zoomedTo(1_000, 2_000), { from: 1_000, to: 2_000 });
});

test("a stat says the newest figure, of sums what they come to", () => {
  assert.equal(statFigure([1, 2, null], "last"), 2);
  assert.equal(statFigure([1, 2, null, 4], "sum"), 7);
  assert.equal(statFigure([null], "last"), null);
});

test("a change is told as a share, with figures of their own as a difference, and hardly any not at all", () => {
  assert.deepEqual(changeWords([100, 112], "per min"), { text: "+12%", rises: true });
  assert.deepEqual(changeWords([34, 38], "ms"), { text: "+4 ms", rises: true });
  assert.deepEqual(changeWords([10, 4], "people"), { text: "−6", rises: false });
  assert.equal(changeWords([100, 100.1], "").text, "");
  assert.equal(changeWords([null, 4], "").text, "");
  assert.equal(changeWords([0, 4], "", "sum").text, "");
  assert.equal(changeWords([2, 4], "", "sum").text, "+100%");
});

const panel = (given: Partial<PanelView>): PanelView => ({ id: "1", kind: "gauge", title: "", x: 0, y: 0, w: 3, h: 3, series: [], unit: "", low: null, high: null, thresholds: [], source: "", text: "", html: "", version: 1, ...given });

test("a gauge ends where it was told to, at a hundred percent, or above all that matters", () => {
  assert.deepEqual(gaugeEnds(panel({ low: 10, high: 50 }), "", 20), [10, 50]);
  assert.deepEqual(gaugeEnds(panel({}), "%", 20), [0, 100]);
  assert.deepEqual(gaugeEnds(panel({ thresholds: [{ level: "warn", value: 900, below: false }] }), "", 315), [0, 1_000]);
  assert.deepEqual(gaugeEnds(panel({}), "", 0), [0, 1]);
  assert.equal(arc(50, 0, 1), "M16.00 66.00A50 50 0 0 1 116.00 66.00");
});

const cell = (text: string, value: number | null = null): CellView => ({ text, value, url: "", share: null, level: "", note: "", people: [] });

test("a table is sorted by figures or by words, and goes back to how it came", () => {
  const rows = [[cell("b"), cell("2", 2)], [cell("a"), cell("10", 10)], [cell("c"), cell("none")]];
  const table = { source: "x", columns: ["Name", "Figure"], rows, incident: "" };
  const names = (sorting: { column: number; down: boolean } | null) => sortedRows(table, sorting).map((row) => row[0]?.text).join("");
  assert.equal(names(null), "bac");
  assert.equal(names({ column: 0, down: false }), "abc");
  assert.equal(names({ column: 1, down: true }), "cab");
  assert.equal(names({ column: 1, down: false }), "bac");
});

test("curves with moments of their own share one axis: what a curve does not say is no break", () => {
  const one = { at: [1, 2, 3], value: [1, null, 3] };
  assert.deepEqual(aligned([one, { at: [2, 4], value: [5, 6] }]), [[1, 2, 3, 4], [1, null, 3, undefined], [undefined, 5, undefined, 6]]);
  assert.equal(aligned([one, { at: [1, 2, 3], value: [4, 5, 6] }])[0], one.at);
  assert.deepEqual(aligned([]), [[], []]);
});

test("the figure under the crosshair is that of the bucket it is in", () => {
  const points = { at: [10, 20, 30], value: [1, null, 3] };
  assert.deepEqual([5, 10, 19, 25, 40].map((at) => valueIn(points, at)), [null, 1, 1, null, 3]);
});
