// Under which id a copy of a document speaks: a new one, or that of edits which were kept and nobody else speaks for.
// Made by the desk. The name is held for as long as the copy lives, so that no other tab takes its edits for its own.

import { uuid4 } from "../dom";
import { claim } from "./claims";
import type { KeptEdits } from "./shelf";

export class Identity {
  clientId = "";
  readonly #account: number;
  #release: (() => void) | null = null;
  #turn = 0;

  constructor(account: number) {
    this.#account = account;
  }

  /** A new id, which the server knows nothing of. */
  renew(): void {
    this.drop();
    const turn = this.#turn;
    this.clientId = `${this.#account}-${uuid4().replaceAll("-", "").slice(0, 20)}`;
    void claim(this.clientId).then((release) => (turn === this.#turn ? (this.#release = release) : release?.()));
  }

  /** Takes over the oldest kept edits that no other tab speaks for; null: there are none, and the id is new. */
  async adopt(kept: readonly KeptEdits[]): Promise<KeptEdits | null> {
    const turn = this.#turn;
    for (const one of kept) {
      const release = await claim(one.clientId);
      if (release === null) continue;
      if (turn !== this.#turn) {
        release();
        return null;
      }
      this.#release = release;
      this.clientId = one.clientId;
      return one;
    }
    this.renew();
    return null;
  }

  drop(): void {
    this.#turn += 1;
    this.#release?.();
    this.#release = null;
  }
}
