// Where a document is found: its topic, its socket and its download. Pure.
// Used by the desk, the merger and the menus.

export function documentTopic(id: number): string {
  return `document:${id}`;
}

export function documentSocket(id: number): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/editor/${id}/`;
}

export function downloadUrl(id: number, version: number | null = null): string {
  return `/documents/${id}/download/${version === null ? "" : `?v=${version}`}`;
}
