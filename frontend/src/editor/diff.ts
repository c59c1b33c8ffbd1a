// What makes one text out of another, line by line, as changes of the editor. Pure.
// Used by drafts: what a person typed is found again, and carried over to the text of now.

export interface Change {
  from: number;
  to: number;
  insert: string;
}

/** Beyond this many comparisons a block counts as replaced as a whole. */
const COMPARISONS_MOST = 1_000_000;

/** Lines with their ends; together they are the text. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function common(a: readonly string[], b: readonly string[], from: (list: readonly string[], index: number) => string | undefined, most: number): number {
  let count = 0;
  while (count < most && from(a, count) === from(b, count)) count += 1;
  return count;
}

/** Pairs of lines that stay, in order: the longest run of them, found by dynamic programming. */
function kept(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length * b.length > COMPARISONS_MOST) return [];
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) (table[i] as Uint16Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

const length = (lines: readonly string[]) => lines.reduce((sum, line) => sum + line.length, 0);

/** Changes from `before` to `after`, in order, none touching the next. */
export function changesBetween(before: string, after: string): Change[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const least = Math.min(a.length, b.length);
  const start = common(a, b, (list, index) => list[index], least);
  const end = common(a, b, (list, index) => list[list.length - 1 - index], least - start);
  const [middleA, middleB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const changes: Change[] = [];
  let [i, j, at] = [0, 0, length(a.slice(0, start))];
  for (const [keptA, keptB] of [...kept(middleA, middleB), [middleA.length, middleB.length] as const]) {
    const gone = length(middleA.slice(i, keptA));
    const insert = middleB.slice(j, keptB).join("");
    if (gone > 0 || insert !== "") changes.push({ from: at, to: at + gone, insert });
    at += gone + (middleA[keptA]?.length ?? 0);
    [i, j] = [keptA + 1, keptB + 1];
  }
  return changes;
}
