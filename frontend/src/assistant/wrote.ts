// The card under an answer that changed documents, or suggested changes for them: which, and a way there.
// Used by answers.ts. What became of a suggestion is the editor's to show.

import { clone, part } from "../dom";
import type { DocumentList, MessageView, RunView } from "../protocol";
import type { Shell } from "../shell/contract";
import * as api from "../api";

/** The names of documents, asked once for each room and a moment. */
const lists = new Map<number, { at: number; list: Promise<DocumentList> }>();
const FRESH_MS = 10_000;

function documentsOf(room: number): Promise<DocumentList> {
  const known = lists.get(room);
  if (known !== undefined && Date.now() - known.at < FRESH_MS) return known.list;
  const list = api.get<DocumentList>(`/api/rooms/${room}/documents/`);
  lists.set(room, { at: Date.now(), list });
  list.catch(() => lists.delete(room));
  return list;
}

/** The card, or null when nothing was written. */
export function drawWrote(shell: Shell, message: MessageView, run: RunView): HTMLElement | null {
  if (run.wrote.length === 0) return null;
  const card = clone("t-run-wrote");
  const list = part(card, "[data-part=list]");
  const rows = run.wrote.map((document) => {
    const row = clone("t-run-wrote-row");
    row.dataset["document"] = String(document);
    part(row, "[data-run=open]").addEventListener("click", () => show(shell, message, document));
    return row;
  });
  list.append(...rows);
  void name(card, message.room);
  return card;
}

async function name(card: HTMLElement, room: number): Promise<void> {
  const { documents, deleted } = await documentsOf(room).catch(() => ({ documents: [], deleted: [] }));
  for (const row of card.querySelectorAll<HTMLElement>("[data-document]")) {
    const id = Number(row.dataset["document"]);
    const found = [...documents, ...deleted].find((one) => one.id === id);
    part(row, "[data-part=name]").textContent = found?.name ?? "A document";
    const open = part(row, "[data-run=open]");
    open.setAttribute("aria-label", `Open ${found?.name ?? "the document"}`);
    open.hidden = deleted.some((one) => one.id === id);
  }
}

function show(shell: Shell, message: MessageView, document: number): void {
  const room = shell.session.room.get()?.room;
  if (room?.id === message.room) shell.navigate(`${room.url}?doc=${document}`);
}
