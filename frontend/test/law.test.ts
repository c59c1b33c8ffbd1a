// The snapshot law: what a client held, plus the events it got, is what a fresh snapshot says.
// The transcripts are the server's own (see transcripts/README.md); its Python reducer is held to the same files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import type { AnyEvent } from "../src/events";
import type { AttentionView, HomeSnapshot, PresenceView, RoomSnapshot, ThreadSnapshot } from "../src/protocol";
import { reduceAttention } from "../src/reducers/attention";
import { reduceHome, reduceRoom, reduceThread } from "../src/store";

type Snapshot = RoomSnapshot | HomeSnapshot | ThreadSnapshot | AttentionView;

interface Transcript {
  name: string;
  me: number;
  snapshot: "room" | "home" | "thread" | "attention";
  before: Snapshot;
  events: AnyEvent[];
  after: Snapshot;
}

// Tests run as bundles in .test/, beside this folder.
const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../test/transcripts");

function reduce(transcript: Transcript): Snapshot {
  return transcript.events.reduce((state: Snapshot, event) => {
    if (transcript.snapshot === "room") return reduceRoom(state as RoomSnapshot, event, transcript.me);
    if (transcript.snapshot === "home") return reduceHome(state as HomeSnapshot, event);
    if (transcript.snapshot === "attention") return reduceAttention(state as AttentionView, event, transcript.me);
    return reduceThread(state as ThreadSnapshot, event);
  }, transcript.before);
}

function comparable(snapshot: Snapshot): unknown {
  if (!("presence" in snapshot)) return snapshot;
  const presence = [...snapshot.presence].sort((a: PresenceView, b: PresenceView) => a.user - b.user);
  return { ...snapshot, presence };
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort();

test("there are transcripts of rooms, of home, of threads and of what is followed", () => {
  const kinds = new Set(names.map((name) => (JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Transcript).snapshot));
  assert.deepEqual([...kinds].sort(), ["attention", "home", "room", "thread"]);
});

for (const name of names) {
  const transcript = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Transcript;
  test(`${transcript.name} (${transcript.snapshot})`, () => {
    assert.notDeepEqual(transcript.before, transcript.after);
    assert.deepEqual(comparable(reduce(transcript)), comparable(transcript.after));
  });
}
