// The card under an answer that changed documents, or suggested changes for them: what became of it, and a way there.
// Made by answers.ts for each log. It is kept up to date by the documents' own events; deciding is the editor's.

import * as api from "../api";
import { clone, el, part } from "../dom";
import { suggestionsOf } from "../editor/agent/book";
import type { DocumentList, MessageView, RunView, SuggestionView } from "../protocol";
import type { Shell } from "../shell/contract";

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

/** "1 accepted, 2 open" */
export function stateWords({ hunks }: Pick<SuggestionView, "hunks">): string {
  const states: [string, string][] = [["accepted", "accepted"], ["rejected", "rejected"], ["open", "open"], ["stale", "changed since"]];
  const words = states.map(([state, word]) => [hunks.filter((hunk) => hunk.state === state).length, word] as const);
  return words.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`).join(", ");
}

interface Card {
  element: HTMLElement;
  message: MessageView;
  run: RunView;
}

export class WroteCards {
  readonly #shell: Shell;
  readonly #drew: (places: Iterable<HTMLElement>) => void;
  /** By message. */
  readonly #cards = new Map<string, Card>();
  readonly #stops = new Map<number, () => void>();

  constructor(shell: Shell, drew: (places: Iterable<HTMLElement>) => void) {
    this.#shell = shell;
    this.#drew = drew;
  }

  dispose(): void {
    for (const stop of this.#stops.values()) stop();
    this.#cards.clear();
  }

  /** The card of an answer, or null when nothing was written. */
  draw(message: MessageView, run: RunView): HTMLElement | null {
    if (run.wrote.length === 0) return null;
    const element = clone("t-run-wrote");
    this.#cards.set(message.id, { element, message, run });
    for (const document of run.wrote) {
      if (!this.#stops.has(document)) this.#stops.set(document, suggestionsOf(this.#shell.session, message.room, document).subscribe(() => this.#again(document)));
    }
    void this.#fill({ element, message, run });
    return element;
  }

  /** A change of a document was decided on, or suggested. */
  #again(document: number): void {
    const open = [...this.#cards.values()].filter(({ element, run }) => element.isConnected && run.wrote.includes(document));
    for (const card of open) void this.#fill(card);
    for (const [id, { element }] of this.#cards) if (!element.isConnected) this.#cards.delete(id);
  }

  async #fill(card: Card): Promise<void> {
    const { documents, deleted } = await documentsOf(card.message.room).catch(() => ({ documents: [], deleted: [] }));
    const rows = card.run.wrote.map((document) => {
      const found = [...documents, ...deleted].find((one) => one.id === document);
      return this.#row(card, document, found?.name ?? "A document", deleted.some((one) => one.id === document));
    });
    const focused = card.element.contains(document.activeElement) ? (document.activeElement as HTMLElement).getAttribute("aria-label") : null;
    part(card.element, "[data-part=list]").replaceChildren(...rows);
    const row = card.element.closest<HTMLElement>(".msg");
    for (const button of card.element.querySelectorAll<HTMLElement>("button")) button.tabIndex = row?.tabIndex ?? -1;
    if (focused !== null) card.element.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    this.#drew([card.element]);
  }

  #row(card: Card, document: number, name: string, gone: boolean): HTMLElement {
    const row = clone("t-run-wrote-row");
    const book = suggestionsOf(this.#shell.session, card.message.room, document).now;
    const made = book?.suggestions.filter((suggestion) => suggestion.run === card.run.id) ?? [];
    const hunks = made.flatMap((suggestion) => suggestion.hunks);
    part(row, "[data-part=name]").textContent = name;
    part(row, "[data-part=what]").textContent = gone ? "deleted" : hunks.length > 0 ? `${hunks.length} ${hunks.length === 1 ? "change" : "changes"}` : book === null ? "" : "edited";
    const sum = (key: "added" | "removed") => made.reduce((total, one) => total + one[key], 0);
    if (hunks.length > 0) {
      part(row, "[data-part=stat]").append(el("span", "p", `+${sum("added")}`), " ", el("span", "m", `−${sum("removed")}`));
      part(row, "[data-part=state]").textContent = stateWords({ hunks });
    }
    const open = part(row, "[data-card=open]");
    open.hidden = gone;
    open.setAttribute("aria-label", `Open ${name}`);
    open.addEventListener("click", () => this.#open(card.message, document));
    const revert = part(row, "[data-card=revert]");
    revert.hidden = gone || hunks.length > 0 || book?.can_edit !== true;
    revert.setAttribute("aria-label", `Revert this run in ${name}`);
    revert.addEventListener("click", () => void this.#revert(card, document, name));
    return row;
  }

  #open(message: MessageView, document: number): void {
    const room = this.#shell.session.room.get()?.room;
    if (room?.id === message.room) this.#shell.navigate(`${room.url}?doc=${document}`);
  }

  async #revert({ message, run }: Card, document: number, name: string): Promise<void> {
    try {
      const { openRevert } = await import("../editor/agent/revert");
      openRevert({ shell: this.#shell, room: message.room, what: { run: run.id, document, name } });
    } catch (error) {
      this.#shell.fail("This part of the page could not be loaded", error);
    }
  }
}
