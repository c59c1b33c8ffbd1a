// Boards as wholes: a new one, empty or from another; with whom it is shared; taking it away. Dialogs over the HTTP API.
// Reached through parts.ts from the list of boards and from the menu of one.

import * as api from "../../api";
import { clone, el, part } from "../../dom";
import { roomLabel } from "../../people";
import type { BoardSummary, BoardTemplate, BoardView, ShareList, ShareView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { clearErrors, dialog, openDialog } from "../../shell/dialogs";
import { once, showError } from "../../shell/forms";

/** What a board may begin with, by the value of its choice; each as the server takes it. */
type Beginning = { copy: number } | { template: string; room: number | null };

function many(panels: number): string {
  return panels === 1 ? "1 panel" : `${panels} panels`;
}

function choices(label: string, options: readonly HTMLElement[]): HTMLElement[] {
  if (options.length === 0) return [];
  const group = el("optgroup", "", null, { label });
  group.append(...options);
  return [group];
}

/** Fills the field: nothing, what is made for the purpose, and the boards that one may open. */
function drawBeginnings(select: HTMLSelectElement, boards: readonly BoardSummary[], templates: readonly BoardTemplate[]): Map<string, Beginning> {
  const found = new Map<string, Beginning>();
  const option = (text: string, value: string, beginning: Beginning) => {
    found.set(value, beginning);
    return el("option", "", text, { value });
  };
  const made = templates.map(({ name, title, panels, room }) => option(`${room === null ? title : `Board of #${title}`} (${many(panels)})`, `${name} ${room ?? ""}`, { template: name, room }));
  const others = boards.filter(({ panels }) => panels > 0).map(({ board, panels }) => option(`${board.kind === "room" ? "#" : ""}${board.name} (${many(panels)})`, `copy ${board.id}`, { copy: board.id }));
  select.replaceChildren(el("option", "", "Nothing", { value: "" }), ...choices("Templates", made), ...choices("A copy of", others));
  return found;
}

/** Asks for a name and what it begins with, makes the board and opens it. */
export function openNewBoard(shell: Shell, boards: readonly BoardSummary[], templates: readonly BoardTemplate[]): void {
  const box = dialog("d-new-board");
  const form = part<HTMLFormElement>(box, "form");
  form.reset();
  const beginnings = drawBeginnings(part<HTMLSelectElement>(form, "[name=template]"), boards, templates);
  form.onsubmit = (event) => {
    event.preventDefault();
    void once(form, async () => {
      const data = new FormData(form);
      const name = String(data.get("name") ?? "").trim();
      if (name === "") throw new api.ApiError(422, "invalid", "Give the board a name.", "name");
      const board = await api.post<BoardView>("/api/boards/", { name, ...beginnings.get(String(data.get("template") ?? "")) });
      box.close();
      shell.navigate(board.url);
    });
  };
  openDialog(box);
  part<HTMLInputElement>(form, "[name=name]").focus();
}

/** Asks, and takes a board away for good. */
export async function deleteBoard(shell: Shell, board: BoardView): Promise<void> {
  const shared = board.shared ? " Rooms that see it lose it as well." : "";
  const question = { title: `Delete ${board.name}?`, text: `Its panels are gone for good; the figures stay.${shared} Rules that were made at it go on.`, go: "Delete", danger: true };
  const answer = await shell.confirm(question, () => api.send("DELETE", `/api/boards/${board.id}/`));
  if (answer === null) return;
  shell.toast({ kind: "info", title: `${board.name} is deleted` });
  shell.navigate("/boards/");
}

class ShareDialog {
  readonly #shell: Shell;
  readonly #board: BoardView;
  readonly #box = dialog("d-share-board");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #room = part<HTMLSelectElement>(this.#form, "[name=room]");

  constructor(shell: Shell, board: BoardView) {
    this.#shell = shell;
    this.#board = board;
    this.#form.reset();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      const data = new FormData(this.#form);
      void this.#send(Number(data.get("room")), data.get("may_edit") === "1");
    };
  }

  async open(): Promise<void> {
    try {
      this.#draw(await api.get<ShareList>(this.#url));
      openDialog(this.#box);
    } catch (error) {
      this.#shell.fail("It is not known with whom the board is shared", error);
    }
  }

  get #url(): string {
    return `/api/boards/${this.#board.id}/shares/`;
  }

  #draw({ shares }: ShareList): void {
    clearErrors(this.#form);
    const list = part(this.#form, "[data-part=shares]");
    list.hidden = shares.length === 0;
    part(this.#form, "[data-part=none]").hidden = shares.length > 0;
    const had = list.contains(document.activeElement);
    list.replaceChildren(...shares.map((share) => this.#row(share)));
    const taken = new Set(shares.map(({ room }) => room));
    const rooms = this.#shell.session.home.get().rooms.filter(({ room }) => room.archived_at === null && !taken.has(room.id));
    this.#room.replaceChildren(...rooms.map(({ room, people }) => el("option", "", roomLabel(room, people), { value: String(room.id) })));
    part<HTMLButtonElement>(this.#form, "[data-part=go]").disabled = rooms.length === 0;
    if (had) this.#room.focus();
  }

  #row(share: ShareView): HTMLElement {
    const row = clone("t-share-row");
    const name = share.name === "" ? "A conversation" : share.name;
    part(row, "[data-part=name]").textContent = name;
    const may = part<HTMLSelectElement>(row, "[data-part=may]");
    may.value = share.may_edit ? "1" : "";
    may.setAttribute("aria-label", `What members of ${name} may do`);
    may.onchange = () => void this.#send(share.room, may.value === "1");
    const drop = part(row, "[data-part=drop]");
    drop.setAttribute("aria-label", `Do not share with ${name}`);
    drop.onclick = () => void once(this.#form, async () => this.#draw(await api.send<ShareList>("DELETE", `${this.#url}${share.room}/`)));
    return row;
  }

  async #send(room: number, mayEdit: boolean): Promise<void> {
    try {
      this.#draw(await api.post<ShareList>(this.#url, { room, may_edit: mayEdit }));
      this.#shell.announce("Shared");
    } catch (error) {
      showError(this.#form, error);
    }
  }
}

export function openShare(shell: Shell, board: BoardView): void {
  void new ShareDialog(shell, board).open();
}
