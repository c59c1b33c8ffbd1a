// What hangs under the messages of a room, until those parts of the page are here: lines of code, files, answers, cards.
// Made by room.ts. The words of a message stand there meanwhile; what could not be fetched is asked for with the next drawing.

import type { Answers, AnswersOptions } from "../assistant/answers";
import type { MessageCards } from "../dashboard/cards/message_cards";
import type { MessageView } from "../protocol";
import type { Cards } from "./cards";

/** Draws into rows what a part of the page knows, which is fetched with the first row that needs it. */
export class DrawnLater<Drawer extends { draw(row: HTMLElement, message: MessageView): unknown; dispose(): void }> {
  readonly #load: () => Promise<Drawer>;
  readonly #redraw: () => void;
  #drawer: Drawer | null = null;
  #asked = false;
  #gone = false;

  constructor(load: () => Promise<Drawer>, redraw: () => void) {
    this.#load = load;
    this.#redraw = redraw;
  }

  dispose(): void {
    this.#gone = true;
    this.#drawer?.dispose();
  }

  /** Answers whether that was the text of the message, too. */
  draw(row: HTMLElement, message: MessageView): boolean {
    if (this.#drawer !== null) return this.#drawer.draw(row, message) === true;
    if (!this.#asked) this.#ask();
    return false;
  }

  #ask(): void {
    this.#asked = true;
    this.#load()
      .then((drawer) => {
        if (this.#gone) return drawer.dispose();
        this.#drawer = drawer;
        this.#redraw();
      })
      .catch(() => (this.#asked = false));
  }
}

export const answersLater = (options: AnswersOptions, redraw: () => void) =>
  new DrawnLater<Answers>(async () => new (await import("../assistant/parts")).Answers(options), redraw);

export const cardsLater = (options: AnswersOptions, redraw: () => void) =>
  new DrawnLater<MessageCards>(async () => new (await import("../dashboard/cards/parts")).MessageCards(options), redraw);

export class PartsLater {
  readonly #options: AnswersOptions;
  readonly #answers: DrawnLater<Answers>;
  readonly #carried: DrawnLater<MessageCards>;
  #cards: Cards | null = null;
  #gone = false;

  constructor(options: AnswersOptions, redraw: () => void) {
    this.#options = options;
    this.#answers = answersLater(options, redraw);
    this.#carried = cardsLater(options, redraw);
  }

  dispose(): void {
    this.#gone = true;
    this.#cards?.dispose();
    this.#answers.dispose();
    this.#carried.dispose();
  }

  about(place: HTMLElement, message: MessageView): void {
    const { shell, log, state } = this.#options;
    this.#use(({ Cards }) => (this.#cards ??= new Cards(shell, () => state()?.room ?? null, (places) => log.grown(places))).draw(place, message));
  }

  files(place: HTMLElement, message: MessageView): void {
    const { shell, log, state } = this.#options;
    this.#use(({ drawFiles }) => {
      drawFiles(place, { shell, room: state()?.room ?? null, message });
      log.grown([place]);
    });
  }

  run(row: HTMLElement, message: MessageView): boolean {
    return this.#answers.draw(row, message);
  }

  card(row: HTMLElement, message: MessageView): void {
    this.#carried.draw(row, message);
  }

  #use(draw: (later: typeof import("../later")) => void): void {
    import("../later").then((later) => this.#gone || draw(later)).catch(() => undefined);
  }
}
