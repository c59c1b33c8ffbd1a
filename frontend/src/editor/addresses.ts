// Where a document is found: its topic, its socket, its download, and the link that opens it in its room. Pure.
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

/** The address of a room with a document open beside the chat, or with none. */
export function withDocument(url: string, id: number | null): string {
  const target = new URL(url, location.href);
  target.searchParams.delete("v");
  if (id === null) target.searchParams.delete("doc");
  else target.searchParams.set("doc", String(id));
  return target.pathname + target.search;
}

/** The document that an address names; null for none or nonsense. */
export function documentIn(search: string): number | null {
  const value = new URLSearchParams(search).get("doc") ?? "";
  return /^[1-9][0-9]{0,17}$/.test(value) ? Number(value) : null;
}
