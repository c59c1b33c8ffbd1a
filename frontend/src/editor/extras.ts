// What other parts of the editor add to each open document: gutters, marks, panels. A list that they register with.
// Read by the desk when it makes a copy. It holds no document.

import type { Extension } from "@codemirror/state";

/** Makes the extension for a document; called anew for each copy of it. */
export type Extra = (document: number) => Extension;

const extras: Extra[] = [];

export function addExtra(extra: Extra): void {
  extras.push(extra);
}

export function extrasOf(document: number): Extension {
  return extras.map((extra) => extra(document));
}
