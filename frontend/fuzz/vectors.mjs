// Writes tests/editor/vectors.json: documents, change sets as CodeMirror's own functions make them, and its answers.
// Called by hand after a change of the @codemirror/state pin, `node frontend/fuzz/vectors.mjs`, and by the test that
// compares; with --print it writes to standard output. The same version of the package gives the same bytes.

import { ChangeSet, EditorState, Text } from "@codemirror/state";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { examine } from "./algebra.mjs";

const FILE = fileURLToPath(new URL("../../tests/editor/vectors.json", import.meta.url));
const CASES = 160;

/** Documents of every awkward kind: none, one line, many, outside the basic plane, characters that look like breaks. */
const DOCUMENTS = [
  "",
  "730",
  "let a = 1;\nlet b = 2;\n",
  "\n\n\n",
  "😀",
  "x😀y👩‍💻z𝒳",
  "before\u2028after\u2029end\u0085\v\f",
  "tab\tnon\u00a0breaking naïve Ελληνικά 漢字\nעברית\u200b",
  "def f(x):\n    return x * 2\n\n\nprint(f(21))\n",
];
const INSERTS = ["a", "b", "", "\n", "two\nlines", "😀", "𝒳y", "\u2028", "    ", "long enough to be cut", "\n\n"];

/** Paste of any kind of line break: what the browser makes of it, and how long it is then. */
const PASTES = ["a\nb", "a\r\nb", "a\rb", "\r\n\r\n", "\n\r", "\r\r\n", "a\u2028b\u2029c\u0085d", "\v\f", "😀\r\n😀", ""];

/** A small generator with a fixed seed (mulberry32), so that the file can be made again. */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = generator(730);
const below = (limit) => Math.floor(random() * limit);
const pick = (list) => list[below(list.length)];

/** Where a document may be cut: never within a character. */
function cuts(text) {
  const places = [0];
  for (const character of text) places.push(places.at(-1) + character.length);
  return places;
}

function edits(text, count) {
  const places = cuts(text);
  return Array.from({ length: count }, () => {
    const [from, to] = [pick(places), pick(places)].sort((x, y) => x - y);
    return { from, to: random() < 0.4 ? from : to, insert: pick(INSERTS) };
  });
}

/** A change set as the editor comes by one: a transaction, several in one, a composition, an undo. */
function changeSet(text) {
  const made = ChangeSet.of(edits(text, 1 + below(3)), text.length);
  const doc = Text.of(text.split("\n"));
  const kind = below(5);
  if (kind === 0) return made.compose(ChangeSet.of(edits(made.apply(doc).toString(), 2), made.newLength));
  if (kind === 1) return made.compose(made.invert(doc)).compose(ChangeSet.of(edits(text, 1), text.length));
  if (kind === 2) {
    const other = ChangeSet.of(edits(text, 2), text.length);
    return other.compose(made.map(other));
  }
  return made;
}

function oneCase(index) {
  const doc = DOCUMENTS[index % DOCUMENTS.length];
  const [a, b] = [changeSet(doc), changeSet(doc)];
  const c = changeSet(a.apply(Text.of(doc.split("\n"))).toString());
  const given = { doc, a: a.toJSON(), b: b.toJSON(), c: c.toJSON() };
  return { ...given, ...examine(given) };
}

function onePaste(text) {
  const { doc } = EditorState.create({ doc: text });
  const changes = EditorState.create({}).changes({ from: 0, insert: text });
  return { text, doc: doc.toString(), length: doc.length, changes: changes.toJSON() };
}

const cases = Array.from({ length: CASES }, (_, index) => oneCase(index));
const pastes = PASTES.map(onePaste);
const lines = (rows) => rows.map((row) => JSON.stringify(row)).join(",\n");
const json = `{"pastes": [\n${lines(pastes)}\n],\n"cases": [\n${lines(cases)}\n]}\n`;
if (process.argv.includes("--print")) process.stdout.write(json);
else writeFileSync(FILE, json);
