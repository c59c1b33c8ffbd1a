// The part of a room's address that names an old version of the document beside the chat: ?doc=12&v=391.
// Used by the history's control. Looking back is a step of the browser's own history: Back leads to the text of now.

/** The version that an address names for this document; null for none or nonsense. */
export function versionIn(search: string, document: number): number | null {
  const query = new URLSearchParams(search);
  const value = query.get("v") ?? "";
  return query.get("doc") === String(document) && /^(0|[1-9][0-9]{0,8})$/.test(value) ? Number(value) : null;
}

/** The same address with another version, or with none. */
export function withVersion(url: string, document: number, version: number | null): string {
  const target = new URL(url, location.href);
  target.searchParams.set("doc", String(document));
  if (version === null) target.searchParams.delete("v");
  else target.searchParams.set("v", String(version));
  return target.pathname + target.search;
}

/** Browsers slow down a page that changes its address more often than a few times a second. */
const ADDRESS_EVERY_MS = 400;

interface State {
  /** This entry was made by looking back, so that the one before it is the text of now. */
  past?: boolean;
}

export class PastAddress {
  #leaving = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next = "";
  readonly #ending = new AbortController();

  constructor() {
    addEventListener("popstate", () => (this.#leaving = false), { capture: true, signal: this.#ending.signal });
  }

  close(): void {
    this.#drop();
    this.#ending.abort();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #state(): State {
    return (history.state ?? {}) as State;
  }

  /** A version is looked at: one step for the first, none for the next ones. */
  show(document: number, version: number): void {
    this.#next = withVersion(location.href, document, version);
    if (this.#leaving || this.#timer !== undefined) return;
    if (versionIn(location.search, document) === null) return history.pushState({ ...this.#state, past: true }, "", this.#next);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // Somewhere else by now: that address stays.
      if (versionIn(location.search, document) !== null) history.replaceState(this.#state, "", this.#next);
    }, ADDRESS_EVERY_MS);
  }

  /** Back to now, by the step that led away from it if there was one. */
  leave(document: number): void {
    this.#drop();
    if (versionIn(location.search, document) === null || this.#leaving) return;
    if (this.#state.past === true) {
      this.#leaving = true;
      history.back();
    } else history.replaceState(this.#state, "", withVersion(location.href, document, null));
  }
}
