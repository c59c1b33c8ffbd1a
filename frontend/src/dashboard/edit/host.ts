// What editing a board needs of the page of a board. Types only; the view of a board gives it to mode.ts.

import type { CommandData, CommandName, CommandResult } from "../../events";
import type { BoardSnapshot, PanelView, SeriesView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import type { Store } from "../../store";

/** What a panel shows, drawn into a place; it moves with the figures until it is disposed of. */
export interface Drawn {
  update(view: PanelView): void;
  dispose(): void;
}

export interface EditHost {
  readonly shell: Shell;
  /** The board as it is now, draft and all. */
  readonly board: Store<BoardSnapshot>;
  /** The place of the whole view, which editing takes while it lasts. */
  readonly view: HTMLElement;
  /** Over the board's own socket. */
  command<Name extends CommandName>(type: Name, data: CommandData<Name>): Promise<CommandResult<Name>>;
  /** Panels with one curve have each a colour of their own. */
  offset(view: PanelView): number;
  /** Draws what a panel shows, without its head. */
  draw(view: PanelView, place: HTMLElement): Drawn;
  /** Series that are shown although no panel has them yet; the next word replaces them. */
  alsoShow(series: readonly SeriesView[]): void;
  /** Editing is over: the board stands in the view again. */
  left(): void;
}

/** The fields of a panel that one may change. */
export type PanelSet = Partial<Pick<PanelView, "kind" | "title" | "x" | "y" | "w" | "h" | "series" | "unit" | "low" | "high" | "thresholds" | "source" | "text">>;
