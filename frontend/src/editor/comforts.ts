// Fetches rich.ts once, at the same time as the editor, and says when it is there. Used by the desk, the draft and the pane.

import { OnceMade } from "../shell/once_made";

export type Rich = typeof import("./rich");

const made = new OnceMade<Rich>(() => import("./rich"));

/** The comforts; asked for again after a failure. */
export function comforts(): Promise<Rich> {
  return made.get();
}

// Begun with this very module: the two come side by side.
made.get().catch(() => undefined);
