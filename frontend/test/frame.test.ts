// The square that is cut out of a picture: it moves, it zooms, and it never leaves the picture.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Frame, moved, sideOf, wholeOf, zoomedTo, ZOOM_MOST } from "../src/auth/frame";

const corners = (frame: Frame) => {
  const half = sideOf(frame) / 2;
  return [frame.x - half, frame.y - half, frame.x + half, frame.y + half];
};

test("at first the middle of the picture is shown, as large as it fits", () => {
  assert.deepEqual(corners(wholeOf(400, 200)), [100, 0, 300, 200]);
  assert.deepEqual(corners(wholeOf(1, 1)), [0, 0, 1, 1]);
});

test("a picture that is pulled to the right shows more of its left", () => {
  assert.deepEqual(corners(moved(wholeOf(400, 200), 0.25, 0)), [50, 0, 250, 200]);
});

test("the square stops at the edges", () => {
  assert.deepEqual(corners(moved(wholeOf(400, 200), 9, 9)), [0, 0, 200, 200]);
  assert.deepEqual(corners(moved(wholeOf(400, 200), -9, -9)), [200, 0, 400, 200]);
});

test("zooming keeps the point under the finger", () => {
  const near = zoomedTo(wholeOf(400, 400), 2, 0.25, 0.75);
  const [left, top] = corners(near) as [number, number];
  assert.deepEqual([left + 0.25 * sideOf(near), top + 0.75 * sideOf(near)], [100, 300]);
});

test("zooming out at an edge goes back inside", () => {
  const corner = moved(zoomedTo(wholeOf(400, 400), 4), 9, 9);
  assert.deepEqual(corners(corner), [0, 0, 100, 100]);
  assert.deepEqual(corners(zoomedTo(corner, 1)), [0, 0, 400, 400]);
});

test("zoom has a least and a most", () => {
  assert.equal(zoomedTo(wholeOf(400, 400), 0.1).zoom, 1);
  assert.equal(zoomedTo(wholeOf(400, 400), 99).zoom, ZOOM_MOST);
});
