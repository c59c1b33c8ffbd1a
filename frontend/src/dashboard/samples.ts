// The samples of a board's range on the page: what was read, and what ticks tell since. Used by feed.ts and the panels.
// Ticks tell buckets of one second; in longer buckets the seconds are added as they come, and the one that was under way when
// it was read is read once more when it is over. It never fetches.

import type { SamplesView } from "../protocol";
import { figures, indexFrom, patienceOf, type Points } from "./series";
import { Tape } from "./tape";

/** Steps beyond this are only read again: a second does not show in them. */
export const LIVE_STEP_MOST = 600;
/** Seconds of before the range that figures per minute need. */
const LEAD_S = 60;
/** How long a flush may be late. */
const SLACK_S = 15;
const FINE_S = 180;

export class Samples {
  step = 1;
  start = 0;
  end = 0;
  /** The last tick that is in here. */
  tick = 0;
  gaps: readonly (readonly number[])[] = [];
  /** When a bucket that was under way is to be read again; null: none is. */
  againAt: number | null = null;
  readonly #tapes = new Map<number, Tape>();
  /** The seconds of the newest buckets, so that a second that is told again counts once. */
  readonly #seconds = new Map<number, Tape>();
  /** Buckets from here on were heard whole. */
  #whole = 0;
  /** The tick of what was read. */
  #read = 0;

  /** A range was read: nothing of before stays. */
  begin(view: SamplesView): void {
    this.#tapes.clear();
    this.#seconds.clear();
    this.step = view.step;
    this.#take(view, Infinity);
    this.#underWay();
  }

  /** What may have changed since the last tick was read, after a tick was missed. */
  mend(view: SamplesView): void {
    if (view.step !== this.step) return this.begin(view);
    this.#seconds.clear();
    this.#take(view, Infinity);
    this.#underWay();
  }

  /** The bucket that was under way is over and was read again. */
  complete(view: SamplesView): void {
    this.againAt = null;
    if (view.step === this.step) this.#take({ ...view, tick: Math.max(view.tick, this.tick) }, this.step > 1 ? this.#whole : Infinity);
  }

  /** Series of which no tick tells: they are whole in what was read. */
  reread(view: SamplesView, apart: readonly number[]): void {
    if (view.step !== this.step) return;
    for (const series of apart) for (const bucket of view.series[series] ?? []) this.#tape(this.#tapes, series).put(bucket);
  }

  #take(view: SamplesView, before: number): void {
    for (const [series, buckets] of Object.entries(view.series)) {
      const tape = this.#tape(this.#tapes, Number(series));
      for (const bucket of buckets) if ((bucket[0] ?? 0) < before) tape.put(bucket);
    }
    this.start = view.start;
    this.end = view.end;
    this.tick = view.tick;
    this.gaps = view.gaps;
  }

  #underWay(): void {
    const { step } = this;
    this.#read = this.tick;
    this.#whole = Math.floor(this.tick / step) * step + step;
    this.againAt = step > 1 && step <= LIVE_STEP_MOST ? this.#whole + SLACK_S : null;
  }

  #tape(tapes: Map<number, Tape>, series: number): Tape {
    let tape = tapes.get(series);
    if (tape === undefined) tapes.set(series, (tape = new Tape()));
    return tape;
  }

  /** Takes a tick's points: [series, at, count, total, low, high, last]. */
  hear(tick: number, points: readonly (readonly number[])[]): void {
    for (const [series = 0, ...bucket] of points) {
      if (this.step === 1) this.#tape(this.#tapes, series).put(bucket);
      else if (this.step <= LIVE_STEP_MOST) this.#add(series, bucket);
    }
    this.tick = Math.max(this.tick, tick);
  }

  /** A second of a longer bucket. */
  #add(series: number, second: number[]): void {
    const [at = 0, count = 0, total = 0, low = 0, high = 0, last = 0] = second;
    const begin = at - (at % this.step);
    const seconds = this.#tape(this.#seconds, series);
    const told = seconds.bucket(at);
    // Of a second that was in what was read it is not known how much: it is read again when its bucket is over.
    if (told === null && begin < this.#whole && at <= this.#read) return;
    const newest = seconds.newest;
    seconds.put(second);
    seconds.dropBefore(at - FINE_S);
    const tape = this.#tape(this.#tapes, series);
    const [, counted = 0, summed = 0, lowest = low, highest = high, latest = last] = tape.bucket(begin) ?? [];
    const isLatest = newest === null || at >= newest;
    tape.put([begin, counted + count - (told?.[1] ?? 0), summed + total - (told?.[2] ?? 0), Math.min(lowest, low), Math.max(highest, high), isLatest ? last : latest]);
  }

  /** What is older than the range needs is forgotten. */
  forget(start: number): void {
    for (const tape of this.#tapes.values()) tape.dropBefore(start - LEAD_S - this.step);
  }

  curve(series: number, aggregate: string, counter: boolean, start: number, end: number): Points {
    const tape = this.#tapes.get(series);
    if (tape === undefined && !counter) return { at: [], value: [] };
    const buckets = (tape ?? new Tape()).columns();
    return figures(buckets, { aggregate, step: this.step, counter, start, end, gaps: this.gaps });
  }

  /** When a series was heard of last, and how long it may be silent; null: never in this range. */
  heard(series: number): { at: number; patience: number } | null {
    const tape = this.#tapes.get(series);
    const at = tape?.newest ?? null;
    if (tape === undefined || at === null) return null;
    const buckets = tape.columns();
    return { at, patience: patienceOf(buckets, Math.max(0, indexFrom(buckets, this.start)), buckets.length, this.step) };
  }
}
