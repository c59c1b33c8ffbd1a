// Dialogs that come after the first load: made once, tried again, and acting within the key press once they are there.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OnceMade } from "../src/shell/once_made";

test("somebody who is quick gets the dialog as soon as it is there, and only one", async () => {
  let made = 0;
  const box = new OnceMade(async () => ({ number: (made += 1) }));
  const seen: number[] = [];
  await Promise.all([box.use((one) => seen.push(one.number)), box.use((one) => seen.push(one.number))]);
  assert.deepEqual([seen, made], [[1, 1], 1]);
});

test("a dialog that is there acts before the next key", async () => {
  const box = new OnceMade(async () => "box");
  await box.get();
  let open = false;
  void box.use(() => (open = true));
  assert.ok(open);
});

test("what could not be loaded is told, and loaded the next time", async () => {
  let online = false;
  const box = new OnceMade(async () => {
    if (!online) throw new Error("no connection");
    return "box";
  });
  await assert.rejects(box.use(() => undefined), /no connection/);
  online = true;
  let open = "";
  await box.use((one) => (open = one));
  assert.equal(open, "box");
});
