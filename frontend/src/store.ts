// State that says when it changes, and the pure reducers that keep it: (snapshot, event) -> the snapshot of now.
// Used by the session, which owns the stores, and by views, which listen. It never fetches and never touches the page.

export { reduceHome } from "./reducers/home";
export { UNREAD_MOST } from "./reducers/messages";
export { addNewer, addOlder, newestPage, reduceRoom, WINDOW_ROWS } from "./reducers/room";
export { reduceThread } from "./reducers/thread";

/** A value and those who want to know when a part of it changes. */
export class Store<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(state: State) {
    this.#state = state;
  }

  get(): State {
    return this.#state;
  }

  set(state: State): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }

  update(change: (state: State) => State): void {
    this.set(change(this.#state));
  }

  /** Calls `listener` at once and whenever the selected part is another value. Returns how to stop. */
  subscribe<Part>(selector: (state: State) => Part, listener: (part: Part) => void): () => void {
    let last = selector(this.#state);
    const check = () => {
      const next = selector(this.#state);
      if (next === last) return;
      last = next;
      listener(next);
    };
    this.#listeners.add(check);
    listener(last);
    return () => this.#listeners.delete(check);
  }
}
