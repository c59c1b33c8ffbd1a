// Curves with moments of their own on one axis, as uPlot wants them: undefined where a curve says nothing of a moment (its
// line goes on), null where nobody knows (its line breaks). Pure.

import type { AlignedData } from "uplot";

import type { Points } from "../series";

/** All curves over the moments that any of them has. */
export function aligned(curves: readonly Points[]): AlignedData {
  const [only, ...others] = curves;
  if (only === undefined) return [[], []];
  if (others.every(({ at }) => sameMoments(at, only.at))) return [only.at, ...curves.map(({ value }) => value)];
  const moments = [...new Set(curves.flatMap(({ at }) => at))].sort((one, other) => one - other);
  return [moments, ...curves.map((points) => spread(points, moments))];
}

function sameMoments(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one[0] === other[0] && one[one.length - 1] === other[other.length - 1] && one.every((at, index) => at === other[index]);
}

function spread({ at, value }: Points, moments: readonly number[]): (number | null | undefined)[] {
  let next = 0;
  return moments.map((moment) => {
    if (at[next] !== moment) return undefined;
    next += 1;
    return value[next - 1] ?? null;
  });
}
