// The topics that this tab hears, and how far each has come.
// Used by the connection only: an event passes iff it is the next of its topic; a gap asks the log again.

import type { AnyEvent } from "./events";

export interface TopicAnswer {
  mode: string;
  head: number;
}

interface Hooks {
  ask(topics: Record<string, number | null>): Promise<Record<string, TopicAnswer>>;
  deliver(event: AnyEvent): void;
  onSnapshotNeeded(topic: string, head: number): void;
  onDenied(topic: string): void;
}

interface Topic {
  /** The last seq taken; null while nothing is known. */
  last: number | null;
  /** A subscribe is on its way; its replay covers every gap seen until it is answered. */
  asked: boolean;
}

const TOPICS_PER_SUBSCRIBE = 500;
const ASK_AGAIN_MS = 1_000;

export class Topics {
  readonly #hooks: Hooks;
  readonly #topics = new Map<string, Topic>();

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  add(name: string, seq: number | null): void {
    const known = this.#topics.get(name);
    if (known === undefined) this.#topics.set(name, { last: seq, asked: false });
    else known.last = seq;
  }

  remove(name: string): boolean {
    return this.#topics.delete(name);
  }

  seqOf(name: string): number | null {
    return this.#topics.get(name)?.last ?? null;
  }

  /** The connection is gone: nothing that was asked will be answered. */
  interrupt(): void {
    for (const topic of this.#topics.values()) topic.asked = false;
  }

  /** Asks the server for these topics (all by default), each from the last seq taken. */
  subscribe(names: string[] = [...this.#topics.keys()]): void {
    for (let start = 0; start < names.length; start += TOPICS_PER_SUBSCRIBE) {
      void this.#ask(names.slice(start, start + TOPICS_PER_SUBSCRIBE));
    }
  }

  async #ask(names: string[]): Promise<void> {
    const wanted: Record<string, number | null> = {};
    for (const name of names) {
      const topic = this.#topics.get(name);
      if (topic === undefined || topic.asked) continue;
      topic.asked = true;
      wanted[name] = topic.last;
    }
    if (Object.keys(wanted).length === 0) return;
    try {
      const answers = await this.#hooks.ask(wanted);
      for (const [name, answer] of Object.entries(answers)) this.#answered(name, answer);
    } catch {
      // Lost: the next greeting asks for all. Refused (too fast, an error of the server): ask again a little later.
      setTimeout(() => this.#askUnanswered(Object.keys(wanted)), ASK_AGAIN_MS);
    }
  }

  #askUnanswered(names: string[]): void {
    const open = names.filter((name) => this.#topics.get(name)?.asked === true);
    for (const name of open) (this.#topics.get(name) as Topic).asked = false;
    if (open.length > 0) this.subscribe(open);
  }

  #answered(name: string, answer: TopicAnswer): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    topic.asked = false;
    if (answer.mode === "denied") {
      this.#topics.delete(name);
      this.#hooks.onDenied(name);
      return;
    }
    // Also the answer when our seq is above the head: the server was restored from a backup.
    if (answer.mode === "snapshot") this.reset(name, answer.head);
  }

  /** The log below our seq is gone: go on from `head`, and have the state loaded again. */
  reset(name: string, head: number): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    topic.last = head;
    this.#hooks.onSnapshotNeeded(name, head);
  }

  take(event: AnyEvent): void {
    const topic = this.#topics.get(event.topic);
    if (topic === undefined) return;
    if (event.seq === undefined) return this.#hooks.deliver(event);
    if (topic.last === null || event.seq <= topic.last) return;
    if (event.seq > topic.last + 1) return this.subscribe([event.topic]);
    topic.last = event.seq;
    this.#hooks.deliver(event);
  }
}
