// How files are called in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ownFiles, remember } from "../src/chat/media/own";
import { clockWords, sizeWords, spokenLength } from "../src/chat/media/words";
import type { AttachmentView } from "../src/protocol";

test("a size is told as people read it", () => {
  const told = [0, 1, 999, 1_000, 184_200, 999_499, 999_500, 8_249_000, 9_960_000, 41_000_000, 999_499_999, 1_500_000_000];
  const words = ["0 bytes", "1 byte", "999 bytes", "1 KB", "184 KB", "999 KB", "1.0 MB", "8.2 MB", "10 MB", "41 MB", "999 MB", "1.5 GB"];
  assert.deepEqual(told.map(sizeWords), words);
});

test("a length is told on a clock and for the ear", () => {
  assert.deepEqual([0, 59.6, 108, 3_600, 3_725.2].map(clockWords), ["0:00", "1:00", "1:48", "1:00:00", "1:02:05"]);
  assert.equal(clockWords(Number.NaN), "0:00");
  assert.deepEqual([null, 1_000, 52_000, 60_000, 108_000].map(spokenLength), ["", ", 1 second", ", 52 seconds", ", 1 minute", ", 1 minute 48"]);
});

test("a message on its way shows what the page knows of its files", () => {
  const file = { id: "a", kind: "image", name: "board.jpg" } as AttachmentView;
  remember(file);
  const [known, unknown] = ownFiles(["a", "b"]);
  assert.equal(known, file);
  assert.deepEqual([unknown?.id, unknown?.name, unknown?.url, unknown?.blocked], ["b", "File", "/files/b/file", false]);
});
