// Where panels of a board stand on its grid: no two over each other, and nothing empty above one. Pure.
// A move or a change of size answers the places of all panels, so that what is stored is what one sees.

export const COLUMNS = 12;
export const ROWS_MOST = 20;

export interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Least columns and rows of each kind: less of it says nothing. */
const LEAST: Readonly<Record<string, readonly [number, number]>> = { line: [3, 3], area: [3, 3], stat: [2, 2], gauge: [3, 3], table: [3, 3], log: [3, 3], text: [2, 2] };

export function leastOf(kind: string): readonly [number, number] {
  return LEAST[kind] ?? [2, 2];
}

const within = (value: number, least: number, most: number) => Math.min(Math.max(Math.round(value), least), Math.max(least, most));

/** A place inside the grid. */
export function inGrid<P extends Place>(place: P, [columns, rows]: readonly [number, number] = [1, 1]): P {
  const w = within(place.w, columns, COLUMNS);
  const h = within(place.h, rows, ROWS_MOST);
  return { ...place, w, h, x: within(place.x, 0, COLUMNS - w), y: Math.max(0, Math.round(place.y)) };
}

/** Lets panels fall upwards in the order of `rank`: what comes first keeps its columns free. */
function stacked<P extends Place>(places: readonly P[], rank: (place: P) => number): P[] {
  const tops = new Array<number>(COLUMNS).fill(0);
  const order = [...places].sort((a, b) => rank(a) - rank(b) || a.x - b.x || (a.id < b.id ? -1 : 1));
  return order.map((wished) => {
    const place = inGrid(wished);
    const y = Math.max(...tops.slice(place.x, place.x + place.w));
    tops.fill(y + place.h, place.x, place.x + place.w);
    return { ...place, y };
  });
}

/** Panels as they are shown, in the order of reading. */
export function packed<P extends Place>(places: readonly P[]): P[] {
  return stacked(places, (place) => place.y).sort((a, b) => a.y - b.y || a.x - b.x);
}

/** All panels after one of them was put somewhere: the others make room. */
export function moved<P extends Place>(places: readonly P[], id: string, x: number, y: number): P[] {
  const before = places.find((place) => place.id === id);
  if (before === undefined) return packed(places);
  const after = inGrid({ ...before, x, y });
  const down = after.y > before.y;
  // It goes before whatever has its middle below the edge that leads the way.
  const rank = (place: P) => (place.id === id ? (down ? place.y + place.h + 0.1 : place.y - 0.1) : place.y + place.h / 2);
  return stacked(places.map((place) => (place.id === id ? after : place)), rank);
}

/** All panels after one of them was made larger or smaller. */
export function resized<P extends Place>(places: readonly P[], id: string, w: number, h: number, least: readonly [number, number]): P[] {
  const before = places.find((place) => place.id === id);
  if (before === undefined) return packed(places);
  const size = inGrid({ ...before, w, h }, least);
  const fits = { ...size, x: before.x, w: Math.max(least[0], Math.min(size.w, COLUMNS - before.x)) };
  const rank = (place: P) => place.y;
  return stacked(places.map((place) => (place.id === id ? inGrid(fits) : place)), rank);
}

type Step = "left" | "right" | "up" | "down";

function same(a: readonly Place[], b: readonly Place[]): boolean {
  return changes(a, b).length === 0;
}

/** One step of the keyboard: the least move that way after which something stands elsewhere; null at the edge. */
export function stepped<P extends Place>(places: readonly P[], id: string, step: Step): P[] | null {
  const now = packed(places);
  const place = now.find((one) => one.id === id);
  if (place === undefined) return null;
  const way = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[step] as [number, number];
  const bottom = Math.max(...now.map((one) => one.y + one.h));
  for (let far = 1; far <= Math.max(COLUMNS, bottom); far += 1) {
    const [x, y] = [place.x + way[0] * far, place.y + way[1] * far];
    if (x < 0 || y < 0 || x + place.w > COLUMNS || y > bottom) return null;
    const next = moved(now, id, x, y);
    if (!same(now, next)) return next;
  }
  return null;
}

/** The panels that stand elsewhere, or are of another size, than before. */
export function changes<P extends Place>(before: readonly Place[], after: readonly P[]): P[] {
  const known = new Map(before.map((place) => [place.id, place]));
  return after.filter((place) => {
    const was = known.get(place.id);
    return was === undefined || was.x !== place.x || was.y !== place.y || was.w !== place.w || was.h !== place.h;
  });
}

/** Where a new panel of this size stands: the first gap from above that holds it, else below everything. */
export function freePlace(places: readonly Place[], w: number, h: number): { x: number; y: number } {
  const now = packed(places);
  const bottom = Math.max(0, ...now.map((place) => place.y + place.h));
  const hits = (x: number, y: number) => now.some((place) => x < place.x + place.w && place.x < x + w && y < place.y + place.h && place.y < y + h);
  for (let y = 0; y < bottom; y += 1) {
    for (let x = 0; x + w <= COLUMNS; x += 1) if (!hits(x, y)) return { x, y };
  }
  return { x: 0, y: bottom };
}

/** "column 1, row 3, 8 by 4" */
export function placeWords({ x, y, w, h }: Omit<Place, "id">): string {
  return `column ${x + 1}, row ${y + 1}, ${w} by ${h}`;
}
