// What @codemirror/state makes of three change sets: the answers that editor/changes.py is held to.
// Called by peer.mjs and vectors.mjs; it never decides anything itself.

import { ChangeSet, Text } from "@codemirror/state";

/** @codemirror/state's MapMode, by the numbers the Python side uses. */
const MODES = [0, 1, 2, 3];

function positionsIn(length) {
  const step = Math.max(1, Math.floor(length / 12));
  const positions = [];
  for (let position = 0; position < length; position += step) positions.push(position);
  positions.push(length);
  return positions;
}

function mapped(changes) {
  const rows = [];
  for (const position of positionsIn(changes.length)) {
    const row = [position];
    for (const mode of MODES) for (const assoc of [-1, 1]) row.push(changes.mapPos(position, assoc, mode));
    rows.push(row);
  }
  return rows;
}

/** `a` and `b` start from `doc`, `c` from what `a` makes of it; all in JSON. */
export function examine({ doc, a: jsonA, b: jsonB, c: jsonC }) {
  const text = Text.of(doc.split("\n"));
  const [a, b, c] = [jsonA, jsonB, jsonC].map((json) => ChangeSet.fromJSON(json));
  const after = a.apply(text);
  return {
    applied: after.toString(),
    length: after.length,
    inverted: a.invert(text).toJSON(),
    composed: a.compose(c).toJSON(),
    mapped: a.map(b).toJSON(),
    mapped_before: a.map(b, true).toJSON(),
    positions: mapped(a),
  };
}
