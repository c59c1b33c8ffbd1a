// One's own files that messages on their way carry: what the page knows of them until the room's log brings them.
// Filled by uploads, read by entries.ts for the first load's sake; after a reload only their ids are known.

import type { AttachmentView } from "../../protocol";

const known = new Map<string, AttachmentView>();

export function remember(file: AttachmentView): void {
  known.set(file.id, file);
}

/** The files with these ids, as far as they are known. */
export function ownFiles(ids: readonly string[]): AttachmentView[] {
  const unknown = { kind: "file", name: "File", content_type: "", size_bytes: 0, width: null, height: null, duration_ms: null };
  return ids.map((id) => known.get(id) ?? { ...unknown, id, url: `/files/${id}/file`, thumbnail: null, blocked: false });
}
