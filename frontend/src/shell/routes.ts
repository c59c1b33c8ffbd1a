// Addresses of the page and what they mean. Pure.
// Used by the router, the rail and the palette; the server knows the same addresses and gives the same page for all.

import type { RoomView } from "../protocol";

/** Pages beside the rooms; their views come after the first load (see page_views.ts). */
export type Page = "boards" | "browse" | "drafts" | "mentions" | "saved" | "search";

export type Route =
  | { name: "home" }
  | { name: "page"; page: Page }
  /** `key` is the slug of a named room or the id of a direct one, as it stands in the address. */
  | { name: "room"; direct: boolean; key: string; message: string | null }
  | { name: "settings" | "board"; direct: boolean; key: string };

const PAGE = /^\/(browse|drafts|mentions|saved|search|boards)\/(?:(?<=boards\/)[1-9]\d*\/)?$/;
const ROOM = /^\/(rooms|direct)\/([^/]+)\/(?:m\/([0-9a-f-]{36})\/|(settings|board)\/)?$/i;

/** The route of a path, or null when the path belongs to another page of the site. */
export function parseRoute(path: string): Route | null {
  if (path === "/") return { name: "home" };
  const page = PAGE.exec(path)?.[1];
  if (page !== undefined) return { name: "page", page: page as Page };
  const found = ROOM.exec(path);
  if (found === null) return null;
  const [, kind, key = "", message, other] = found;
  const direct = kind === "direct";
  if (direct && !/^[1-9][0-9]*$/.test(key)) return null;
  if (other !== undefined) return { name: other.toLowerCase() as "settings" | "board", direct, key };
  return { name: "room", direct, key, message: message?.toLowerCase() ?? null };
}

export function settingsUrl(room: RoomView): string {
  return `${room.url}settings/`;
}

/** Whether a route leads to this room. */
export function leadsTo(route: Route, room: RoomView): boolean {
  if (!("key" in route)) return false;
  const direct = room.kind === "direct" || room.kind === "group";
  return route.direct === direct && route.key === (direct ? String(room.id) : room.slug);
}

const SLUG_MOST = 50;

/** What a public room's name looks like in its address, as the server makes it; "" when the server has to find one. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, "-").slice(0, SLUG_MOST).replace(/^-+|-+$/g, "");
  return slug.startsWith("d-") ? "" : slug;
}
