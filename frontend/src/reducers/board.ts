// A board: (BoardSnapshot, event) -> BoardSnapshot. Pure. Series, tables and logs are not told by durable events: figures
// come by ticks, and whoever sees a panel with a series that is not known here reads the snapshot again.

import type { AnyEvent } from "../events";
import type { BoardSnapshot, PanelView, RuleView } from "../protocol";

function compare(one: PanelView, other: PanelView): number {
  return one.y - other.y || one.x - other.x || (one.id < other.id ? -1 : Number(one.id > other.id));
}

/** Panels in the order in which they are read: from the upper left, row by row. */
export function inOrder(panels: readonly PanelView[]): PanelView[] {
  return [...panels].sort(compare);
}

function withRule(rules: readonly RuleView[], id: number, rule: RuleView | null): RuleView[] {
  if (rule === null) return rules.filter((one) => one.id !== id);
  if (!rules.some((one) => one.id === id)) return [...rules, rule].sort((one, other) => one.id - other.id);
  return rules.map((one) => (one.id === id ? rule : one));
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
    case "rule.changed":
      return { ...next, rules: withRule(state.rules, event.data.id, event.data.rule) };
    default:
      return next;
  }
}
