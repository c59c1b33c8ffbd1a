// Speaks to screen readers: politely, and at most once a second however much happens.
// Made once by app.ts. It shows nothing; what must be seen is a toast or a banner.

const BATCH_MS = 1_000;
const MESSAGES_MOST = 3;

/** One text out of what came within a second: messages in full up to three, else their number. */
export function batchText(texts: readonly string[], messages: readonly string[]): string {
  const spoken = messages.length > MESSAGES_MOST ? [`${messages.length} new messages`] : messages;
  return [...texts, ...spoken].join(". ");
}

export class Announcer {
  readonly #speak: (text: string) => void;
  #texts: string[] = [];
  #messages: string[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(speak: (text: string) => void) {
    this.#speak = speak;
  }

  /** Something that happened, e.g. "Link copied". */
  say(text: string): void {
    this.#texts.push(text);
    this.#soon();
  }

  /** A message of the open room. */
  message(text: string): void {
    this.#messages.push(text);
    this.#soon();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#speak(batchText(this.#texts, this.#messages));
      this.#texts = [];
      this.#messages = [];
    }, BATCH_MS);
  }
}
