// What stands in the place of the text: loading, nothing here, deleted by somebody, a recovered draft.
// Made by the pane. It draws anew only when it is another, so that what one reads or presses stays.

import { clone, part } from "../dom";
import type { DocumentView } from "../protocol";
import type { Shell } from "../shell/contract";
import { clock } from "../time";
import type { Desk } from "./desk";
import { carriedOver, copyText, DraftView } from "./draft_view";
import { changeLong } from "./guards";
import { edits } from "./status";

export interface NoticeState {
  /** Why the documents could not be loaded, or "". */
  failure: string;
  /** The documents have been on their way for a moment. */
  isLoading: boolean;
  isLoaded: boolean;
  desk: Desk | null;
  mayEdit: boolean;
  /** Something was deleted here that this person may bring back. */
  mayRevive: boolean;
  mayDispose(document: DocumentView): boolean;
}

export class Notices {
  readonly #pane: HTMLElement;
  readonly #shell: Shell;
  #name = "";
  #draftView: DraftView | null = null;
  /** The draft of a deleted document that the person asked for. */
  #asked = "";
  #state: NoticeState | null = null;

  constructor(pane: HTMLElement, shell: Shell) {
    this.#pane = pane;
    this.#shell = shell;
  }

  /** Another document is shown. */
  reset(): void {
    this.#asked = "";
  }

  close(): void {
    this.#draftView?.close();
  }

  draw(state: NoticeState): void {
    this.#state = state;
    const name = this.#nameOf(state);
    if (name === this.#name) return;
    this.#name = name;
    this.#draftView?.close();
    this.#draftView = null;
    const content = this.#make(name, state);
    const place = part(this.#pane, "[data-part=notice]");
    place.replaceChildren(...(content === null ? [] : [content]));
    place.classList.remove("beside");
    place.hidden = content === null;
    part(this.#pane, "[data-part=hosts]").hidden = content !== null;
  }

  #redraw(): void {
    if (this.#state !== null) this.draw(this.#state);
  }

  /** What is to be shown, as a name; "" shows the text. */
  #nameOf({ failure, isLoading, isLoaded, desk, mayEdit, mayRevive }: NoticeState): string {
    if (failure !== "") return `failed ${failure}`;
    if (!isLoaded) return isLoading ? "loading" : "blank";
    if (desk === null) return `empty ${String(mayEdit)} ${String(mayRevive)}`;
    const [draft] = desk.drafts;
    const { id, deleted_at } = desk.document;
    if (deleted_at !== null && (draft === undefined || this.#asked !== draft.id)) return `deleted ${id} ${deleted_at} ${desk.drafts.length}`;
    if (draft !== undefined) return `draft ${draft.id} ${String(desk.canEdit)}`;
    if (desk.view !== null || desk.status.phase !== "loading") return "";
    return desk.isSlow ? "loading" : "blank";
  }

  #make(name: string, state: NoticeState): HTMLElement | null {
    const [kind] = name.split(" ");
    if (kind === "loading") return clone("t-code-loading");
    if (kind === "blank") return document.createElement("div");
    if (kind === "failed") return this.#makeFailed(state.failure);
    if (kind === "empty") return this.#makeEmpty(state);
    const { desk } = state;
    if (desk === null || kind === "") return null;
    if (kind === "deleted") return this.#makeDeleted(desk, state.mayDispose(desk.document));
    const [draft] = desk.drafts;
    if (draft === undefined) return null;
    this.#draftView = new DraftView(draft, desk.canEdit);
    return this.#draftView.element;
  }

  #makeFailed(why: string): HTMLElement {
    const failed = clone("t-code-failed");
    part(failed, "[data-part=text]").textContent = why;
    return failed;
  }

  #makeEmpty({ mayEdit, mayRevive }: NoticeState): HTMLElement {
    const empty = clone("t-code-empty");
    const text = mayEdit ? "Make one, or drop a file here: everybody in the room writes in it at the same time." : "Members of this room can make one.";
    part(empty, "[data-part=text]").textContent = text;
    part(empty, "[data-part=make]").hidden = !mayEdit;
    part(empty, "[data-part=deleted]").hidden = !mayRevive;
    return empty;
  }

  #makeDeleted(desk: Desk, mayRestore: boolean): HTMLElement {
    const { document, drafts } = desk;
    const gone = clone("t-code-deleted");
    const { session } = this.#shell;
    const who = document.deleted_by === session.me ? "You" : session.people.name(document.deleted_by);
    part(gone, "[data-part=title]").textContent = `${who} deleted this document`;
    const when = document.deleted_at === null ? "" : `At ${clock(document.deleted_at)}. `;
    part(gone, "[data-part=text]").textContent = `${when}It can be brought back, with its history. You can keep the text as you saw it.`;
    part(gone, "[data-part=restore]").hidden = !mayRestore;
    const late = drafts.reduce((sum, draft) => sum + draft.edits, 0);
    part(gone, "[data-part=late]").hidden = late === 0;
    part(gone, "[data-part=late-text]").textContent = `${edits(late)} of yours came too late.`;
    part(gone, "[data-part=late-show]").textContent = late === 1 ? "Show it" : "Show them";
    return gone;
  }

  // Drafts

  /** Shows the edits that came after the document was deleted. */
  showLate(): void {
    this.#asked = this.#state?.desk?.drafts[0]?.id ?? "";
    this.#redraw();
  }

  /** Shows the stored text below the draft's bar, or the draft again. */
  toggleDraft(): void {
    const savedShown = this.#draftView?.toggle() ?? false;
    part(this.#pane, "[data-part=hosts]").hidden = !savedShown;
    part(this.#pane, "[data-part=notice]").classList.toggle("beside", savedShown);
  }

  async discardDraft(): Promise<void> {
    const desk = this.#state?.desk ?? null;
    const draft = this.#draftView?.draft;
    if (desk === null || draft === undefined) return;
    const text = `${edits(draft.edits)} that ${draft.edits === 1 ? "was" : "were"} never stored will be gone for good.`;
    const answer = await this.#shell.confirm({ title: "Discard this draft?", text, go: "Discard", danger: true });
    if (answer !== null) desk.dropDraft(draft);
  }

  async copyDraft(): Promise<void> {
    const draft = this.#draftView?.draft;
    if (draft === undefined) return;
    try {
      await copyText(draft.text);
      this.#shell.toast({ kind: "info", title: "Draft copied" });
    } catch (error) {
      this.#shell.fail("The draft could not be copied", error);
    }
  }

  /** An ordinary edit by this person, which can be undone. */
  putDraft(): void {
    const desk = this.#state?.desk ?? null;
    const draft = this.#draftView?.draft;
    if (desk === null || draft === undefined || desk.view === null || !desk.canEdit) return;
    const changes = carriedOver(draft, desk.view.state.doc.toString());
    const why = changeLong(desk.view, changes);
    if (why !== "") return void this.#shell.toast({ kind: "error", title: "The draft was not put back", text: why });
    desk.dropDraft(draft);
    this.#redraw();
    desk.view.focus();
    this.#shell.announce("The draft is in the document again");
  }
}
