// A board: (BoardSnapshot, event) -> BoardSnapshot. Pure. Series, tables, logs and rules are not told by durable events:
// figures come by ticks, rules are what this person may see of them, and whoever sees a panel with a series that is not
// known here reads the snapshot again.

import type { AnyEvent } from "../events";
import type { BoardSnapshot, PanelView, RuleView } from "../protocol";

function compare(one: PanelView, other: PanelView): number {
  return one.y - other.y || one.x - other.x || (one.id < other.id ? -1 : Number(one.id > other.id));
}

/** Panels in the order in which they are read: from the upper left, row by row. */
export function inOrder(panels: readonly PanelView[]): PanelView[] {
  return [...panels].sort(compare);
}

/** The board after a rule was made at it or changed, or (null) removed: what the one who did it knows by the answer. */
export function withRule(state: BoardSnapshot, id: number, rule: RuleView | null): BoardSnapshot {
  const others = state.rules.filter((one) => one.id !== id);
  return { ...state, rules: rule === null ? others : [...others, rule] };
}

export function reduceBoard(state: BoardSnapshot, event: AnyEvent): BoardSnapshot {
  if (event.topic !== `dashboard:${state.board.id}` || event.seq === undefined || event.seq <= state.as_of_seq) return state;
  const next = { ...state, as_of_seq: event.seq };
  // Whoever may not edit has no draft, and is not shown one.
  const others = (id: string): PanelView[] => (state.draft ?? []).filter((panel) => panel.id !== id);
  switch (event.type) {
    case "board.changed":
      return { ...next, board: event.data.board };
    case "board.published":
      return { ...next, board: event.data.board, panels: event.data.panels, draft: state.draft && event.data.panels };
    case "panel.changed":
      return { ...next, board: event.data.board, draft: state.draft && inOrder([...others(event.data.panel.id), event.data.panel]) };
    case "panel.removed":
      return { ...next, board: event.data.board, draft: state.draft && others(event.data.panel) };
    default:
      return next;
  }
}
