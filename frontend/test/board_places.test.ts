import assert from "node:assert/strict";
import { test } from "node:test";

import { changes, freePlace, inGrid, moved, packed, placeWords, resized, stepped, type Place } from "../src/dashboard/edit/places";

const place = (id: string, x: number, y: number, w: number, h: number): Place => ({ id, x, y, w, h });
const where = (places: readonly Place[]) => Object.fromEntries(places.map(({ id, x, y, w, h }) => [id, [x, y, w, h]]));

function apart(places: readonly Place[]): void {
  for (const a of places) {
    for (const b of places) {
      if (a.id === b.id) continue;
      const over = a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      assert.ok(!over, `${a.id} stands over ${b.id}`);
    }
  }
}

/** The same numbers each time. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % most;
  };
}

test("what stands over something else or in the air is put right", () => {
  const board = packed([place("a", 0, 0, 4, 2), place("b", 2, 1, 4, 2), place("c", 8, 9, 4, 2)]);
  assert.deepEqual(where(board), { a: [0, 0, 4, 2], c: [8, 0, 4, 2], b: [2, 2, 4, 2] });
});

test("a panel that is moved up takes the place of the one above", () => {
  const board = [place("a", 0, 0, 12, 4), place("b", 0, 4, 12, 4)];
  assert.deepEqual(where(moved(board, "b", 0, 1)), { b: [0, 0, 12, 4], a: [0, 4, 12, 4] });
  assert.deepEqual(where(moved(board, "a", 0, 3)), { b: [0, 0, 12, 4], a: [0, 4, 12, 4] });
  assert.deepEqual(where(moved(board, "a", 0, 1)), where(board));
});

test("a step of the keyboard always moves something, or says that it is the edge", () => {
  const board = [place("a", 0, 0, 8, 4), place("b", 8, 0, 4, 4), place("c", 0, 4, 12, 3)];
  assert.deepEqual(where(stepped(board, "c", "up") ?? []), { c: [0, 0, 12, 3], a: [0, 3, 8, 4], b: [8, 3, 4, 4] });
  assert.equal(stepped(board, "a", "left"), null);
  assert.equal(stepped(board, "a", "up"), null);
  const right = stepped(board, "a", "right");
  assert.deepEqual(where(right ?? [])["a"], [1, 0, 8, 4]);
});

test("a panel grows within the grid and not below what its kind needs", () => {
  const board = [place("a", 6, 0, 4, 4)];
  assert.deepEqual(where(resized(board, "a", 40, 2, [3, 3])), { a: [6, 0, 6, 3] });
  assert.deepEqual(where(resized(board, "a", 0, 99, [3, 3])), { a: [6, 0, 3, 20] });
});

test("moves and sizes of all kinds leave no two panels over each other", () => {
  const random = dice(7);
  for (let round = 0; round < 200; round += 1) {
    let board: Place[] = Array.from({ length: 2 + random(8) }, (_, at) => inGrid(place(`p${at}`, random(12), random(20), 1 + random(12), 1 + random(6))));
    board = packed(board);
    apart(board);
    for (let step = 0; step < 6; step += 1) {
      const id = `p${random(board.length)}`;
      const next = random(2) === 0 ? moved(board, id, random(12), random(30)) : resized(board, id, random(14), random(8), [2, 2]);
      assert.equal(next.length, board.length);
      apart(next);
      assert.deepEqual(where(packed(next)), where(next), "what is stored is what is shown");
      board = next;
    }
  }
});

test("a new panel takes the first gap that holds it", () => {
  const board = [place("a", 0, 0, 4, 2), place("b", 8, 0, 4, 2), place("c", 0, 2, 12, 3)];
  assert.deepEqual(freePlace(board, 4, 2), { x: 4, y: 0 });
  assert.deepEqual(freePlace(board, 6, 2), { x: 0, y: 5 });
  assert.deepEqual(freePlace([], 6, 2), { x: 0, y: 0 });
});

test("only what changed is told", () => {
  const board = [place("a", 0, 0, 4, 2), place("b", 4, 0, 4, 2)];
  assert.deepEqual(changes(board, resized(board, "a", 4, 3, [2, 2])).map(({ id }) => id), ["a"]);
  assert.equal(placeWords(place("a", 0, 2, 8, 4)), "column 1, row 3, 8 by 4");
});
