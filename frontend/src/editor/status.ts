// How an open document stands, in words. Pure; used by the pane for its status line and its bars.

export type Phase = "loading" | "live" | "offline" | "merging" | "deleted" | "closed";

export interface Status {
  phase: Phase;
  /** The newest version that is here. */
  version: number;
  /** One's own edits that are not stored yet. */
  waiting: number;
  /** Edits have been on their way for longer than a moment. */
  slow: boolean;
  canEdit: boolean;
  /** Since when there is no connection, while there is none. */
  offlineSince: number | null;
  /** The server's words, when it closed the document for this person. */
  reason: string;
}

export function edits(count: number): string {
  return count === 1 ? "1 edit" : `${count} edits`;
}

export interface StatusWords {
  /** check, cloud-off, loader, cloud-upload, file-x or lock. */
  icon: string;
  text: string;
}

export function statusWords({ phase, version, waiting, slow }: Status): StatusWords {
  if (phase === "deleted") return { icon: "file-x", text: "Deleted" };
  if (phase === "closed") return { icon: "lock", text: "Closed" };
  if (phase === "loading") return { icon: "loader", text: "Loading" };
  if (phase === "offline") return { icon: "cloud-off", text: waiting === 0 ? "Offline" : `Offline, ${edits(waiting)} waiting` };
  if (phase === "merging" && waiting > 0) return { icon: "cloud-upload", text: `Merging ${edits(waiting)}` };
  if (waiting > 0 && slow) return { icon: "cloud-upload", text: `Saving ${edits(waiting)}` };
  return { icon: "check", text: `Saved, version ${version}` };
}
