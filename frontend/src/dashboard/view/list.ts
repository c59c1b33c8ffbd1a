// The page of all boards that somebody may open: the platform's, their own, those shared with them, those of their rooms.
// Made by parts.ts for /boards/.

import * as api from "../../api";
import { clone, el, icon, part } from "../../dom";
import type { BoardList, BoardSummary, BoardTemplate } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { errorText } from "../../shell/dialogs";
import { nameOf } from "../../shell/rooms";
import { shortTime } from "../../time";

const SKELETON_MS = 300;

interface Group {
  title: string;
  boards: BoardSummary[];
}

/** The boards under their heads; empty groups are left out. */
export function groupsOf(boards: readonly BoardSummary[], me: number): Group[] {
  const groups: Group[] = [
    { title: "This site", boards: boards.filter(({ board }) => board.kind === "site") },
    { title: "Yours", boards: boards.filter(({ board }) => board.kind === "own" && board.owner?.id === me) },
    { title: "Shared with you", boards: boards.filter(({ board }) => board.kind === "own" && board.owner?.id !== me) },
    { title: "Rooms", boards: boards.filter(({ board }) => board.kind === "room") },
  ];
  return groups.filter((group) => group.boards.length > 0);
}

function markOf(kind: string): SVGElement {
  if (kind === "site") return icon("activity");
  return kind === "room" ? icon("hash") : icon("layout-dashboard");
}

export class BoardsList {
  readonly #shell: Shell;
  readonly #view: HTMLElement;
  readonly #list: HTMLElement;
  readonly #stop: () => void;
  #boards: BoardSummary[] = [];
  #templates: BoardTemplate[] = [];
  #gone = false;

  constructor(shell: Shell, view: HTMLElement) {
    this.#shell = shell;
    this.#view = view;
    this.#list = part(view, "[data-part=list]");
    part(view, "[data-part=create]").onclick = () => this.#edit(({ openNewBoard }) => openNewBoard(shell, this.#boards, this.#templates));
    const outside = part(view, "[data-part=outside]");
    outside.onclick = () => this.#edit(({ openFeeds }) => openFeeds(shell));
    outside.hidden = false;
    this.#stop = shell.session.home.subscribe((state) => state.rooms.length, () => void this.#load());
  }

  dispose(): void {
    this.#gone = true;
    this.#stop();
  }

  async #load(): Promise<void> {
    const slow = setTimeout(() => this.#list.childElementCount === 0 && this.#list.replaceChildren(clone("t-skeleton")), SKELETON_MS);
    try {
      const { boards, templates, may_create: mayCreate } = await api.get<BoardList>("/api/boards/");
      if (this.#gone) return;
      this.#boards = boards;
      this.#templates = templates;
      this.#draw(mayCreate);
    } catch (error) {
      if (!this.#gone) this.#fail(error);
    } finally {
      clearTimeout(slow);
    }
  }

  #fail(error: unknown): void {
    const none = clone("t-empty-list");
    part(none, "[data-part=title]").textContent = "This could not be loaded";
    part(none, "[data-part=text]").textContent = errorText(error);
    const again = part(none, "[data-part=again]");
    again.hidden = false;
    again.textContent = "Try again";
    again.removeAttribute("data-do");
    again.onclick = () => void this.#load();
    this.#list.replaceChildren(none);
  }

  #draw(mayCreate: boolean): void {
    const create = part<HTMLButtonElement>(this.#view, "[data-part=create]");
    create.hidden = false;
    create.disabled = !mayCreate;
    create.title = mayCreate ? "" : "You have as many boards as one may have. Delete one first.";
    const groups = groupsOf(this.#boards, this.#shell.session.me);
    this.#list.replaceChildren(...groups.map((group) => this.#group(group)));
    if (groups.length === 0) this.#list.append(this.#nothing());
  }

  #nothing(): HTMLElement {
    const none = clone("t-empty-list");
    part(none, "[data-part=title]").textContent = "No boards yet";
    part(none, "[data-part=text]").textContent = "A board shows figures as they move: of your rooms, or that other programs send. Make one, or open the board of a room.";
    part(none, "[data-part=again]").hidden = true;
    return none;
  }

  #group({ title, boards }: Group): HTMLElement {
    const section = el("section", "boardgroup");
    section.setAttribute("aria-label", title);
    const list = el("ul");
    list.append(...boards.map((summary) => this.#row(summary)));
    section.append(el("h2", "", title), list);
    return section;
  }

  #row({ board, panels, room_name: roomName }: BoardSummary): HTMLElement {
    const row = clone("t-board-row");
    const link = part<HTMLAnchorElement>(row, "a");
    link.href = board.url;
    part(row, "[data-part=mark]").replaceChildren(markOf(board.kind));
    const room = board.room === null ? undefined : this.#shell.session.home.get().rooms.find((one) => one.room.id === board.room);
    part(row, "[data-part=name]").textContent = board.kind !== "room" ? board.name : room === undefined ? roomName : nameOf(room);
    const facts = [panels === 1 ? "1 panel" : `${panels} panels`];
    if (board.kind === "own" && board.owner?.id !== this.#shell.session.me) facts.unshift(`by ${board.owner?.display_name ?? "somebody"}`);
    if (board.shared && board.owner?.id === this.#shell.session.me) facts.push("shared");
    if (board.published_at !== null) facts.push(`published ${shortTime(board.published_at)}`);
    part(row, "[data-part=facts]").textContent = facts.join(" · ");
    return row;
  }

  #edit(open: (parts: typeof import("../edit/parts")) => void): void {
    import("../edit/parts").then(
      open,
      (error: unknown) => this.#shell.fail("This part of the page could not be loaded", error),
    );
  }
}
