// Answers of the assistant in a log, until that part of the page is here: they stand there as far as they were written.
// Made for each log. It is fetched with the first answer that is shown.

import type { Answers, AnswersOptions } from "../assistant/answers";
import type { MessageView } from "../protocol";

export class AnswersLater {
  readonly #options: AnswersOptions;
  readonly #redraw: () => void;
  #answers: Answers | null = null;
  #asked = false;
  #gone = false;

  constructor(options: AnswersOptions, redraw: () => void) {
    this.#options = options;
    this.#redraw = redraw;
  }

  dispose(): void {
    this.#gone = true;
    this.#answers?.dispose();
  }

  /** Draws what belongs to an answer; answers whether that was its text, too. */
  draw(row: HTMLElement, message: MessageView): boolean {
    if (this.#answers !== null) return this.#answers.draw(row, message);
    if (!this.#asked) this.#ask();
    return false;
  }

  #ask(): void {
    this.#asked = true;
    import("../assistant/parts")
      .then(({ Answers }) => {
        if (this.#gone) return;
        this.#answers = new Answers(this.#options);
        this.#redraw();
      })
      .catch(() => (this.#asked = false));
  }
}
