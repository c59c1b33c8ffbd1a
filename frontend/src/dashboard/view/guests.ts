// Series that are chosen in a panel's form and are not on the board yet: shown in its preview, and told of by no tick, so they
// are read every few seconds. Made by the line of a board.

import * as api from "../../api";
import type { BoardSnapshot, SamplesView, SeriesView } from "../../protocol";
import type { Samples } from "../samples";
import { queryOf, type Range } from "./ranges";

const AGAIN_MS = 5_000;
/** A flush may come late. */
const LATE_S = 10;

export class Guests {
  readonly #samples: Samples;
  readonly #told: () => void;
  #series: readonly SeriesView[] = [];
  #state: { of: BoardSnapshot; shown: BoardSnapshot } | null = null;
  #readAt = 0;
  #turn = 0;

  constructor(samples: Samples, told: () => void) {
    this.#samples = samples;
    this.#told = told;
  }

  set(series: readonly SeriesView[], range: Range): void {
    this.#series = series;
    this.#state = null;
    void this.read(range);
  }

  /** The board with them among its series. */
  in(state: BoardSnapshot): BoardSnapshot {
    if (this.#series.length === 0) return state;
    if (this.#state?.of !== state) {
      const known = new Set(state.series.map(({ id }) => id));
      this.#state = { of: state, shown: { ...state, series: [...state.series, ...this.#series.filter(({ id }) => !known.has(id))] } };
    }
    return this.#state.shown;
  }

  /** Once a second: reads what is new of them. */
  second(range: Range): void {
    if (this.#series.length > 0 && performance.now() - this.#readAt > AGAIN_MS) void this.read(range, this.#samples.tick - LATE_S);
  }

  /** Reads their figures in a range; of `since` on, or all. */
  async read(range: Range, since: number | null = null): Promise<void> {
    const turn = (this.#turn += 1);
    this.#readAt = performance.now();
    for (const { id } of this.#series) {
      try {
        const view = await api.get<SamplesView>(`/api/series/${id}/samples/`, { ...queryOf(range), since });
        if (turn !== this.#turn) return;
        this.#samples.reread(view, [id]);
      } catch {
        // A preview without its curve; it is asked for again in a few seconds.
      }
    }
    if (this.#series.length > 0) this.#told();
  }
}
