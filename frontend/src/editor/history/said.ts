// What was said when a version was made: asked for when somebody looks at a line's author, and remembered.
// Made by the annotator. It forgets everything when a message is deleted or edited: no page keeps what is gone.

import * as api from "../../api";
import type { SaidThen, SaidView } from "../../protocol";
import type { Session } from "../../session";

const ASK_AFTER_MS = 250;

export class SaidBook {
  readonly #changed: () => void;
  readonly #known = new Map<string, SaidView | null>();
  readonly #stop: () => void;
  #wanted = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session, changed: () => void) {
    this.#changed = changed;
    this.#stop = session.connection.onEvent(({ type }) => {
      if (type === "message.deleted" || type === "message.edited") this.#known.clear();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
    this.#known.clear();
  }

  /** What is known to have been said; asks for it, if one goes on looking at this version. */
  of(document: number, version: number): SaidView | null {
    const key = `${document} ${version}`;
    const known = this.#known.get(key);
    if (known === undefined && this.#wanted !== key) {
      this.#wanted = key;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#ask(document, version, key), ASK_AFTER_MS);
    }
    return known ?? null;
  }

  async #ask(document: number, version: number, key: string): Promise<void> {
    try {
      const { said } = await api.get<SaidThen>(`/api/documents/${document}/said/`, { v: version });
      this.#known.set(key, said);
      if (this.#wanted === key) this.#changed();
    } catch {
      // Without an answer the line says who and when; looking at it anew asks again.
    } finally {
      if (this.#wanted === key) this.#wanted = "";
    }
  }
}
