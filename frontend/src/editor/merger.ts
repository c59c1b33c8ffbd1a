// Sends edits that other tabs kept and never sent: a copy without an editor joins, pushes and is forgotten.
// Called by the desk with what nobody else speaks for. What the server will not take becomes a draft.

import { claim } from "./claims";
import { documentSocket, documentTopic } from "./addresses";
import { draftOf } from "./drafts";
import { Line } from "./line";
import { PlainHost, Replica, startState, textOf } from "./replica";
import type { Draft, KeptEdits, Shelf } from "./shelf";

/** Answers a draft if the edits cannot be stored, null when all are. */
function merge(kept: KeptEdits, name: string): Promise<Draft | null> {
  const document = { id: kept.document, name };
  const { clientId, version, base } = kept;
  const replica = new Replica(new PlainHost(startState({ clientId, version, text: base }, [], kept)), clientId, textOf(base));
  return new Promise((resolve) => {
    const finish = (draft: Draft | null) => {
      line.stop();
      resolve(draft);
    };
    const line = new Line(documentSocket(kept.document), documentTopic(kept.document), clientId, {
      replica: () => replica,
      snapshot: () => finish(draftOf(replica, document, "The document has changed too much meanwhile.")),
      joined: () => undefined,
      taken: () => undefined,
      changed: () => replica.isSettled && finish(null),
      refused: (error) => finish(draftOf(replica, document, error.message)),
    });
    line.start();
  });
}

/** One after the other; answers the drafts that came of it. */
export async function mergeKept(all: readonly KeptEdits[], shelf: Shelf, name: string): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const kept of all) {
    const release = await claim(kept.clientId);
    if (release === null) continue;
    const draft = await merge(kept, name);
    if (draft !== null) drafts.push(draft);
    if (draft === null || (await shelf.keepDraft(draft))) await shelf.dropUnsent(kept.clientId);
    release();
  }
  return drafts;
}
