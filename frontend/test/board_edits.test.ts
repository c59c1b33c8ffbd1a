import assert from "node:assert/strict";
import { test } from "node:test";

import { axisOf, momentsOf, niceTop, stretchesOf } from "../src/dashboard/cards/curve";
import { figureWords } from "../src/dashboard/cards/figures";
import { mergedPoints, within } from "../src/dashboard/cards/points";
import { lasting, lastWords } from "../src/dashboard/cards/words";
import { Edits } from "../src/dashboard/edit/edits";
import type { EditHost } from "../src/dashboard/edit/host";
import { emptyPanel } from "../src/dashboard/edit/kinds";
import type { BoardSnapshot, PanelView } from "../src/protocol";
import { Store } from "../src/store";

/** A server with one draft: what is sent comes back as an event, after the answer. */
class Draft {
  readonly board: Store<BoardSnapshot>;
  readonly edits: Edits;
  refuse = false;

  constructor(panels: PanelView[]) {
    this.board = new Store({ draft: panels, board: { id: 1, name: "Board" } } as unknown as BoardSnapshot);
    const host = { board: this.board, command: (type: string, data: Record<string, unknown>) => this.#take(type, data) };
    this.edits = new Edits(host as unknown as EditHost, () => undefined);
  }

  async #take(type: string, data: Record<string, unknown>): Promise<unknown> {
    await Promise.resolve();
    if (this.refuse) throw new Error("no");
    if (type === "panel.remove") return this.tell((panels) => panels.filter(({ id }) => id !== data["panel"]));
    if (type === "panel.add") return this.tell((panels) => [...panels, data["panel"] as PanelView]);
    const { panel: id, ...set } = data;
    const next = { ...this.of(id as string), ...set, version: this.of(id as string).version + 1 } as PanelView;
    setTimeout(() => this.tell((panels) => panels.map((panel) => (panel.id === id ? next : panel))));
    return { panel: next };
  }

  tell(change: (panels: PanelView[]) => PanelView[]): void {
    this.board.update((state) => ({ ...state, draft: change(state.draft ?? []) }));
  }

  of(id: string): PanelView {
    const found = this.board.get().draft?.find((panel) => panel.id === id);
    assert.ok(found);
    return found;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const draft = () => new Draft([{ ...emptyPanel("a", "line", { x: 0, y: 0 }), title: "A" }]);

test("what was sent is shown at once, and taken back by undo", async () => {
  const one = draft();
  const sent = one.edits.change("the size", [{ id: "a", set: { w: 8 } }]);
  assert.equal(one.edits.panels()[0]?.w, 8);
  await sent;
  await settled();
  assert.equal(one.of("a").w, 8);
  assert.equal(await one.edits.undo(), "the size");
  await settled();
  assert.equal(one.of("a").w, 6);
  assert.equal(await one.edits.undo(), null);
});

test("steps that follow each other are taken back together", async () => {
  const one = draft();
  for (const w of [7, 8, 9]) await one.edits.change("the size", [{ id: "a", set: { w } }], "size a");
  await settled();
  assert.equal(one.of("a").w, 9);
  await one.edits.undo();
  await settled();
  assert.equal(one.of("a").w, 6);
});

test("what another has changed since is not taken back", async () => {
  const one = draft();
  await one.edits.change("it", [{ id: "a", set: { w: 8, title: "Mine" } }]);
  await settled();
  one.tell((panels) => panels.map((panel) => ({ ...panel, title: "Theirs", version: panel.version + 1 })));
  await one.edits.undo();
  await settled();
  assert.equal(one.of("a").title, "Theirs");
  assert.equal(one.of("a").w, 6);
});

test("what is refused is shown as it was", async () => {
  const one = draft();
  one.refuse = true;
  await assert.rejects(one.edits.change("it", [{ id: "a", set: { w: 8 } }]));
  assert.equal(one.edits.panels()[0]?.w, 6);
});

test("a removed panel comes back as it was", async () => {
  const one = draft();
  await one.edits.remove("removing A", "a");
  assert.equal(one.board.get().draft?.length, 0);
  await one.edits.undo();
  assert.equal(one.of("a").title, "A");
});

test("an axis ends at a pleasant figure above everything", () => {
  assert.equal(niceTop(0), 1);
  assert.equal(niceTop(184), 200);
  assert.equal(niceTop(0.2), 0.2);
  assert.deepEqual(axisOf([[0, 60], [1, 184]], 120), [0, 200]);
  assert.deepEqual(axisOf([[0, -3]], null), [-3, 1]);
  assert.deepEqual(momentsOf(0, 600, 300), [0, 300, 600]);
});

test("a hole in the figures is no line", () => {
  const points = [0, 10, 20, 100, 110].map((at) => [at, 1]);
  assert.deepEqual(stretchesOf(points).map((stretch) => stretch.length), [3, 2]);
  assert.deepEqual(stretchesOf([]), []);
});

test("points are absolute for their moment, and old ones go", () => {
  const merged = mergedPoints([[1, 5], [2, 6]], [[2, 7], [0, 4]]);
  assert.deepEqual(merged, [[0, 4], [1, 5], [2, 7]]);
  assert.deepEqual(within(merged, 1), [[1, 5], [2, 7]]);
});

test("figures and times in words", () => {
  assert.equal(figureWords(184, "ms"), "184 ms");
  assert.equal(figureWords(74.4, "%"), "74.4%");
  assert.equal(figureWords(1_250_000_000, "bytes"), "1.25 GB");
  assert.equal(lasting(120), "2 minutes");
  assert.equal(lasting(90), "90 seconds");
  assert.equal(lastWords(3600), "last hour");
  assert.equal(lastWords(900), "last 15 minutes");
});
