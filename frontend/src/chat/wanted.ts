// A thread that is to be open when its room comes on the stage: a page that leads there says so, the room takes it.
// Used by the pages of drafts and mentions, and by room.ts.

let wanted: { room: number; root: string } | null = null;

export function wantThread(room: number, root: string): void {
  wanted = { room, root };
}

/** The root, once. */
export function takeWantedThread(room: number): string | null {
  const root = wanted?.room === room ? wanted.root : null;
  wanted = null;
  return root;
}
