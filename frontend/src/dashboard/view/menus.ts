// The menus of a board and of its panels. Opened by the view of a board.

import type { BoardSnapshot, PanelView } from "../../protocol";
import type { MenuItem, Shell } from "../../shell/contract";
import { titleOf } from "../edit/kinds";
import { queryOf, type Range } from "./ranges";

export interface PanelMenu {
  board: BoardSnapshot;
  panel: PanelView;
  range: Range;
  anchor: HTMLElement;
  isChart: boolean;
  asTable: boolean;
  toggleTable(): void;
  edit(): void;
}

/** Saves a file that the server makes; the page stays. */
function download(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

function csvUrl(board: number, panel: string, range: Range): string {
  const query = new URLSearchParams(Object.entries(queryOf(range)).map(([name, value]) => [name, String(value)]));
  return `/api/boards/${board}/panels/${panel}/csv?${query.toString()}`;
}

export function openPanelMenu(shell: Shell, { board, panel, range, anchor, isChart, asTable, toggleTable, edit }: PanelMenu): void {
  const items: MenuItem[] = [];
  if (isChart) items.push({ icon: asTable ? "chart-line" : "table", text: asTable ? "As chart" : "As table", run: toggleTable });
  if (panel.kind !== "text") items.push({ icon: "download", text: "Download CSV", run: () => download(csvUrl(board.board.id, panel.id, range)) });
  if (board.may_edit) items.push({ icon: "pencil-line", text: "Edit board", run: edit });
  items.push({ icon: "link", text: "Copy link to the board", run: () => void copyLink(shell, board.board.url) });
  shell.openMenu({ label: `Menu of ${titleOf(panel)}`, anchor, items });
}

async function copyLink(shell: Shell, url: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(new URL(url, location.href).href);
    shell.toast({ kind: "info", title: "Link copied" });
  } catch (error) {
    shell.fail("The link could not be copied", error);
  }
}

export interface BoardMenu {
  board: BoardSnapshot;
  anchor: HTMLElement;
  paused: boolean;
  pause?(): void;
  edit?(): void;
}

export function openBoardMenu(shell: Shell, { board: { board }, anchor, paused, pause, edit }: BoardMenu): void {
  const mine = board.kind === "own" && board.owner?.id === shell.session.me;
  const later = (run: (parts: typeof import("../edit/parts")) => void) => {
    import("../edit/parts").then(run, (error: unknown) => shell.fail("This part of the page could not be loaded", error));
  };
  const items: MenuItem[] = [];
  if (pause !== undefined) items.push(paused ? { icon: "play", text: "Go on", run: pause } : { icon: "pause", text: "Pause", run: pause });
  if (edit !== undefined) items.push({ icon: "pencil-line", text: "Edit board", run: edit });
  items.push(
    { icon: "link", text: "Copy link", run: () => void copyLink(shell, board.url) },
    { icon: "layout-dashboard", text: "All boards", run: () => shell.navigate("/boards/") },
  );
  if (mine) {
    items.push({ icon: "share-2", text: "Share with a room", line: true, run: () => later(({ openShare }) => openShare(shell, board)) });
    items.push({ icon: "trash-2", text: "Delete board", danger: true, run: () => later(({ deleteBoard }) => void deleteBoard(shell, board)) });
  }
  shell.openMenu({ label: `Menu of ${board.name}`, anchor, items });
}
