// What a bucket of samples says as a figure, and how buckets become a curve. Pure. Used by samples.ts.
// dashboard/series.py says the same; tests/dashboard/series_vectors.json holds the two together.

/** Buckets in their order, a column for each of their numbers. */
export interface Columns {
  readonly length: number;
  readonly at: ArrayLike<number>;
  readonly count: ArrayLike<number>;
  readonly total: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly last: ArrayLike<number>;
}

/** When buckets begin, and what they say; null: nobody knows. */
export interface Points {
  at: number[];
  value: (number | null)[];
}

export interface Asked {
  aggregate: string;
  /** Seconds of each bucket. */
  step: number;
  counter: boolean;
  start: number;
  end: number;
  /** [start, end] of times in which nobody recorded. */
  gaps: readonly (readonly number[])[];
}

const MINUTE = 60;
/** With steps up to this a figure per minute is what happened in the minute before, not a second times sixty. */
const TRAILING_STEP = 10;

/** What one bucket of `step` seconds says. */
export function figure(buckets: Columns, index: number, aggregate: string, step: number): number {
  const total = buckets.total[index] ?? 0;
  const count = buckets.count[index] ?? 0;
  switch (aggregate) {
    case "last":
      return buckets.last[index] ?? 0;
    case "average":
      return count > 0 ? total / count : (buckets.last[index] ?? 0);
    case "lowest":
      return buckets.low[index] ?? 0;
    case "highest":
      return buckets.high[index] ?? 0;
    case "sum":
      return total;
    case "per_second":
      return total / step;
    case "per_minute":
      return (total * MINUTE) / step;
    default:
      throw new Error(`There is no aggregate "${aggregate}".`);
  }
}

/** Buckets in their order made into buckets of `step` seconds, which must be a multiple of theirs. */
export function fold(buckets: readonly (readonly number[])[], step: number): number[][] {
  const folded: number[][] = [];
  for (const [at = 0, count = 0, total = 0, low = 0, high = 0, last = 0] of buckets) {
    const begin = at - (at % step);
    const found = folded[folded.length - 1];
    if (found?.[0] === begin) {
      const [, counted = 0, summed = 0, lowest = low, highest = high] = found;
      folded[folded.length - 1] = [begin, counted + count, summed + total, Math.min(lowest, low), Math.max(highest, high), last];
    } else folded.push([begin, count, total, low, high, last]);
  }
  return folded;
}

/**
 * The curve of a series from `start` to before `end`. Of a counter every bucket has a figure, nought where nothing happened,
 * null where nobody recorded. Of a gauge those that are there; between two that are further apart than it is used to, or with
 * a gap between, stands a null.
 */
export function figures(buckets: Columns, asked: Asked): Points {
  return asked.counter ? counted(buckets, asked) : measured(buckets, asked);
}

/** Whether nobody recorded in all of this time; in a part of it somebody did, and nothing happened. */
function isWithin(begin: number, end: number, gaps: Asked["gaps"]): boolean {
  return gaps.some(([from = 0, to = 0]) => from <= begin && end <= to);
}

function counted(buckets: Columns, { aggregate, step, start, end, gaps }: Asked): Points {
  const trailing = aggregate === "per_minute" && step <= TRAILING_STEP;
  const points: Points = { at: [], value: [] };
  let next = 0;
  let minute = 0;
  for (let at = Math.ceil(start / step) * step; at < end; at += step) {
    while (next < buckets.length && (buckets.at[next] ?? 0) < at) next += 1;
    const found = buckets.at[next] === at;
    points.at.push(at);
    if (!found && isWithin(at, at + step, gaps)) points.value.push(null);
    else if (trailing) {
      while (minute < buckets.length && (buckets.at[minute] ?? 0) <= at - MINUTE) minute += 1;
      points.value.push(summed(buckets, minute, at));
    } else points.value.push(found ? figure(buckets, next, aggregate, step) : 0);
  }
  return points;
}

/** What happened from the bucket at `index` to the one that begins at `until`. */
function summed(buckets: Columns, index: number, until: number): number {
  let sum = 0;
  for (let one = index; one < buckets.length && (buckets.at[one] ?? 0) <= until; one += 1) sum += buckets.total[one] ?? 0;
  return sum;
}

/** The first bucket that begins at `at` or later. */
export function indexFrom(buckets: Columns, at: number): number {
  let low = 0;
  let high = buckets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((buckets.at[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function measured(buckets: Columns, { aggregate, step, start, end, gaps }: Asked): Points {
  const first = indexFrom(buckets, start);
  const after = indexFrom(buckets, end);
  const patience = patienceOf(buckets, first, after, step);
  const points: Points = { at: [], value: [] };
  for (let index = first; index < after; index += 1) {
    const at = buckets.at[index] ?? 0;
    const before = index > first ? (buckets.at[index - 1] ?? 0) : null;
    if (before !== null && (at - before > patience || gaps.some(([from = 0, to = 0]) => before < to && from < at))) {
      points.at.push(before + step);
      points.value.push(null);
    }
    points.at.push(at);
    points.value.push(figure(buckets, index, aggregate, step));
  }
  return points;
}

/** How long a gauge may be silent before its line breaks: three times as long as it is used to. */
export function patienceOf(buckets: Columns, first: number, after: number, step: number): number {
  const apart: number[] = [];
  for (let index = first + 1; index < after; index += 1) apart.push((buckets.at[index] ?? 0) - (buckets.at[index - 1] ?? 0));
  apart.sort((one, other) => one - other);
  return 3 * Math.max(step, apart[apart.length >> 1] ?? step);
}

/** The figure of a curve at a moment: of the bucket that it is in. */
export function valueIn(points: Points | undefined, at: number): number | null {
  let found: number | null = null;
  for (const [index, begin] of (points?.at ?? []).entries()) {
    if (begin > at) break;
    found = points?.value[index] ?? null;
  }
  return found;
}
