// A draft out of edits that the server would not take. Used by the desk and the merger, which put it on the shelf.

import { uuid4 } from "../dom";
import { countEdits } from "./edits";
import type { Replica } from "./replica";
import type { Draft } from "./shelf";

/** What the person saw, and the stored text below it. */
export function draftOf(replica: Replica, document: { id: number; name: string }, why: string): Draft {
  const { edits } = replica;
  return {
    id: uuid4(),
    document: document.id,
    name: document.name,
    text: replica.text.toString(),
    base: replica.storedText.toString(),
    edits: countEdits(edits),
    typedAt: edits[edits.length - 1]?.at ?? Date.now(),
    why,
  };
}
