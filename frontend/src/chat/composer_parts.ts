// What a composer is made of beyond its field: parts that come after the first load (completion, writing aids, drafts,
// uploads). composer_extras.ts lists them. Types, and the set of one composer's parts; it knows none of them by name.

import type { Extra } from "../outbox";
import type { QuoteView, RoomSnapshot } from "../protocol";
import type { Shell } from "../shell/contract";

export interface DraftState {
  rev: number;
  dirty: boolean;
}

/** What a part may use of its composer. */
export interface Desk {
  readonly shell: Shell;
  readonly room: number;
  /** The root's id, in a thread. */
  readonly thread: string | null;
  readonly form: HTMLFormElement;
  readonly field: HTMLTextAreaElement;
  state(): RoomSnapshot | null;
  quote(): QuoteView | null;
  /** What the server has of the text: its rev, and whether something was typed since. */
  readonly draft: DraftState;
  /** The place on the device where the text is kept, without the tab. */
  readonly keptName: string;
  /** Shows another text and quote in place of what stands there; nothing of it counts as typed. */
  show(text: string, quote: QuoteView | null): void;
  /** Empties field and quote: what stood there has been dealt with. */
  clear(): void;
  /** A line under the field, for its writer only; "" takes it away. */
  problem(text: string): void;
  /** What a part holds has changed: it is kept on the device with the text. */
  keep(): void;
  /** What a part waited for is over: what was to be sent meanwhile goes. */
  resume(): void;
}

/** All of it is optional but the name, under which what a part keeps lies beside the text. */
export interface ComposerPart {
  readonly name: string;
  /** A key in the field; answers whether it was used. The part prevents the default itself. */
  key?(event: KeyboardEvent): boolean;
  /** A press on one of the composer's [data-do] buttons; answers whether it was this part's. */
  clicked?(name: string, button: HTMLElement): boolean;
  /** The text has changed by typing. */
  typed?(): void;
  /** The caret has moved. */
  moved?(): void;
  /** Esc; answers whether there was something to close. */
  escape?(): boolean;
  /** Whether there is something to send even without a text. */
  holds?(): boolean;
  /** Why sending must wait, as the writer reads it ("Sending when 1 upload is done"); "" when it need not. */
  waits?(): string;
  /** Takes a text that is no message; answers whether it did. It then clears the desk itself, or says what is wrong. */
  takes?(body: string): boolean;
  /** What it adds to message.send. */
  adds?(): Extra;
  /** The message is on its way: forget what belonged to it. */
  sent?(body: string): void;
  /** What has to outlive a reload; undefined for nothing. */
  keeps?(): unknown;
  /** What was kept, right after the part was made. */
  restores?(kept: unknown): void;
  dispose?(): void;
}

export type MakePart = (desk: Desk) => ComposerPart;

/** The parts of one composer, there or still on their way. */
export class Parts {
  #made: ComposerPart[] = [];
  #making: Promise<void> | null = null;
  /** What was kept for parts that are not here yet. */
  #kept: Record<string, unknown> = {};
  #over = false;
  ready = false;

  restore(kept: Record<string, unknown>): void {
    this.#kept = kept;
  }

  /** Fetches them once; without a connection the composer does without, and the next call asks again. */
  load(desk: Desk): Promise<void> {
    this.#making ??= import("../later")
      .then(({ makeParts }) => this.#over || this.#take(makeParts(desk)))
      .then(() => undefined)
      .catch(() => void (this.#making = null));
    return this.#making;
  }

  #take(made: ComposerPart[]): void {
    this.#made = made;
    this.ready = true;
    for (const one of made) if (one.name in this.#kept) one.restores?.(this.#kept[one.name]);
    this.#kept = {};
  }

  /** Asks one after the other until one says yes. */
  some(ask: (one: ComposerPart) => boolean | undefined): boolean {
    return this.#made.some((one) => ask(one) === true);
  }

  each(tell: (one: ComposerPart) => unknown): void {
    for (const one of this.#made) tell(one);
  }

  waits(): string {
    return this.#made.map((one) => one.waits?.() ?? "").find((text) => text !== "") ?? "";
  }

  adds(): Extra {
    return Object.assign({}, ...this.#made.map((one) => one.adds?.())) as Extra;
  }

  keeps(): Record<string, unknown> {
    const own = this.#made.map((one) => [one.name, one.keeps?.()] as const).filter(([, kept]) => kept !== undefined);
    return { ...this.#kept, ...Object.fromEntries(own) };
  }

  dispose(): void {
    this.#over = true;
    this.each((one) => one.dispose?.());
    this.#made = [];
  }
}
