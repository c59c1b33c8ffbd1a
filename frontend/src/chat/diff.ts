// What changed between two texts, word by word. Pure; used by the edit history.

export interface Piece {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Beyond this many comparisons the texts are shown as wholly replaced: nobody reads such a list of words. */
const COMPARISONS_MOST = 4_000_000;

function words(text: string): string[] {
  return text.match(/\s+|\p{N}+(?:[:.,]\p{N}+)*|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

function push(pieces: Piece[], kind: Piece["kind"], text: string): void {
  const last = pieces[pieces.length - 1];
  if (last?.kind === kind) last.text += text;
  else if (text !== "") pieces.push({ kind, text });
}

/** Lengths of the longest common runs of words, from each pair of places to the end. */
function lengths(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    const [row, below] = [table[i] as Uint16Array, table[i + 1] as Uint16Array];
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? (below[j + 1] as number) + 1 : Math.max(below[j] as number, row[j + 1] as number);
    }
  }
  return table;
}

export function diffWords(before: string, after: string): Piece[] {
  const [a, b] = [words(before), words(after)];
  const pieces: Piece[] = [];
  if (a.length * b.length > COMPARISONS_MOST) {
    push(pieces, "removed", before);
    push(pieces, "added", after);
    return pieces;
  }
  const table = lengths(a, b);
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push(pieces, "same", a[i] as string);
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) push(pieces, "removed", a[i++] as string);
    else push(pieces, "added", b[j++] as string);
  }
  return pieces;
}
