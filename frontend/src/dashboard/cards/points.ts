// Points of a curve that come again and again: absolute for their moment, so that the newest word replaces an older one. Pure.

/** Both together in the order of time; of one moment, what came later. */
export function mergedPoints(known: readonly (readonly number[])[], more: readonly (readonly number[])[]): number[][] {
  const merged = new Map<number, number>();
  for (const [at = 0, value = 0] of [...known, ...more]) merged.set(at, value);
  return [...merged].sort((a, b) => a[0] - b[0]).map(([at, value]) => [at, value]);
}

/** Those that a range of `seconds` before the newest one holds. */
export function within(points: readonly number[][], seconds: number): number[][] {
  const end = points[points.length - 1]?.[0] ?? 0;
  return points.filter(([at = 0]) => at >= end - seconds);
}
