// The rows of a table in the order that one of its heads asks for. Pure. Used by lists.ts.

import type { CellView, TableView } from "../../protocol";

export interface Sorting {
  column: number;
  down: boolean;
}

/** The rows in the order that a head asks for: figures by value, words by letters; without one as they came. */
export function sortedRows(table: TableView, sorting: Sorting | null): CellView[][] {
  if (sorting === null) return table.rows;
  const { column, down } = sorting;
  const compare = (one: CellView[], other: CellView[]) => {
    const [a, b] = [one[column], other[column]];
    if (a === undefined || b === undefined) return 0;
    const order = a.value !== null && b.value !== null ? a.value - b.value : Number(a.value === null) - Number(b.value === null) || a.text.localeCompare(b.text);
    return down ? -order : order;
  };
  return [...table.rows].sort(compare);
}
