// The part of a room's address that names the document beside the chat: ?doc=12. Pure. Used by the code's place.

/** The address of a room with a document open beside the chat, or with none. */
export function withDocument(url: string, id: number | null): string {
  const target = new URL(url, location.href);
  // An old version is one of that document.
  if (target.searchParams.get("doc") !== String(id)) target.searchParams.delete("v");
  if (id === null) target.searchParams.delete("doc");
  else target.searchParams.set("doc", String(id));
  return target.pathname + target.search;
}

/** The document that an address names; null for none or nonsense. */
export function documentIn(search: string): number | null {
  const value = new URLSearchParams(search).get("doc") ?? "";
  return /^[1-9][0-9]{0,17}$/.test(value) ? Number(value) : null;
}
