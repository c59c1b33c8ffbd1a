// The HTTP side: snapshots and lists of the JSON API, and the few posts that are no commands.
// Called by the session and the shell. It never keeps what it fetched and never shows an error itself.

import type {
  BrowseRoom,
  DraftCopyView,
  HomeSnapshot,
  LinkView,
  MessagePage,
  PersonView,
  RevisionView,
  RoomSnapshot,
  SlashView,
  ThreadSnapshot,
} from "./protocol";

/** What the server answered instead of the thing asked for; status 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

const NO_ANSWER = "The server could not be reached.";

type Query = Record<string, string | number | null | undefined>;

function address(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function answer<T>(request: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", NO_ANSWER);
  }
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    if (response.ok && response.status !== 204) throw new ApiError(response.status, "internal", "The server sent something unreadable.");
  }
  if (response.ok) return body as T;
  const told = (body ?? {}) as { code?: string; message?: string; field?: string | null };
  throw new ApiError(response.status, told.code ?? "internal", told.message ?? `The server answered ${response.status}.`, told.field ?? null);
}

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const headers = { Accept: "application/json" };
  return answer<T>(fetch(address(path, query), { headers, credentials: "same-origin", ...(signal ? { signal } : {}) }));
}

/** The page's token, without which the server takes no write. */
export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** Sends JSON with the page's CSRF token. */
export function send<T>(method: "POST" | "PATCH" | "DELETE", path: string, data: unknown = {}): Promise<T> {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return answer<T>(fetch(path, { method, headers, body: JSON.stringify(data), credentials: "same-origin" }));
}

export const post = <T>(path: string, data: unknown) => send<T>("POST", path, data);

export const home = () => get<HomeSnapshot>("/api/home/");

export const room = (id: number, around: string | null = null, signal?: AbortSignal) =>
  get<RoomSnapshot>(`/api/rooms/${id}/snapshot/`, { around }, signal);

export const older = (id: number, before: number, limit = 50) => get<MessagePage>(`/api/rooms/${id}/messages/`, { before, limit });

export const newer = (id: number, after: number, limit = 50) => get<MessagePage>(`/api/rooms/${id}/messages/`, { after, limit });

export const thread = (id: number, root: string) => get<ThreadSnapshot>(`/api/rooms/${id}/threads/${root}/`);

export const revisions = (message: string) => get<RevisionView[]>(`/api/messages/${message}/revisions/`);

export const links = (id: number) => get<LinkView[]>(`/api/rooms/${id}/links/`);

export const slashCommands = (room: number) => get<SlashView[]>(`/api/rooms/${room}/commands/`);

export const draftCopies = (room: number, thread: string | null) => get<DraftCopyView[]>("/api/drafts/copies/", { room, thread });

export const browse = (q: string, archived: boolean, signal?: AbortSignal) =>
  get<BrowseRoom[]>("/api/rooms/", { q, archived: archived ? 1 : 0 }, signal);

export const people = (q: string, inRoom: number | null = null, signal?: AbortSignal) =>
  get<PersonView[]>("/api/people/", { q, room: inRoom }, signal);
