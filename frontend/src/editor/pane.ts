// The code pane of one room: its documents in tabs, the open one below, and what stands in its place.
// Loaded by the shell when it is first wanted. It keeps the sockets of documents that are not shown asleep.

import { openSearchPanel } from "@codemirror/search";
import { ApiError } from "../api";
import { clone, el, maybe, onceAFrame, part, uuid4 } from "../dom";
import type { DocumentView } from "../protocol";
import type { Shell } from "../shell/contract";
import { errorText } from "../shell/dialogs";
import { clock } from "../time";
import { downloadUrl, withDocument } from "./addresses";
import { drawMode, drawPeople, drawStatus, modeOf, type Writing } from "./bars";
import { Desk } from "./desk";
import { documentItems } from "./document_menu";
import { Documents } from "./documents";
import { positionAt } from "./documents";
import { carriedOver, copyText, DraftView } from "./draft_view";
import { listenForFiles, readText } from "./files";
import { languageOf } from "./languages";
import { fillLanguages, NewDocument } from "./new_document";
import { Settings } from "./settings";
import { Shelf } from "./shelf";
import { edits } from "./status";
import { Tabs } from "./tabs";

export interface PaneRequest {
  /** The place in the room's view. */
  place: HTMLElement;
  shell: Shell;
  room: number;
  /** How the room is written in a sentence. */
  roomLabel: string;
  /** Another document is open, or none: the address says so. */
  opened(document: number | null): void;
}

const LOADING_MS = 300;

let newDocument: NewDocument | null = null;

export class CodePane {
  readonly element = clone("t-code");
  readonly documents: Documents;
  private readonly tabs: Tabs;
  private readonly settings: Settings;
  private readonly desks = new Map<number, Desk>();
  private readonly stops: (() => void)[] = [];
  private shelf: Shelf | null = null;
  private current: number | null = null;
  private draftView: DraftView | null = null;
  private notice = "";
  private failure = "";
  private loading: ReturnType<typeof setTimeout> | undefined;
  private ticking: ReturnType<typeof setInterval> | undefined;
  private closed = false;
  private readonly redraw = onceAFrame(() => this.closed || this.draw());

  constructor(private readonly request: PaneRequest) {
    const { shell, room, place } = request;
    this.documents = new Documents(shell.session, room);
    this.settings = new Settings(shell.session.me);
    place.replaceChildren(this.element);
    part(this.element, "[data-part=panel]").id = "code-panel";
    part(this.element, "[data-part=hint]").id = "code-hint";
    fillLanguages(part<HTMLSelectElement>(this.element, "[data-part=language]"));
    this.tabs = new Tabs(this.element, {
      choose: (id) => this.open(id),
      rename: (id, name) => this.documents.change(id, { name }),
      move: (id, index) => this.move(id, index),
      openMenu: (id, anchor, at) => this.openMenu(id, anchor, at),
      openMore: (ids, anchor) => this.openMore(ids, anchor),
      mayEdit: () => this.mayEdit,
    });
    this.listen();
  }

  private listen(): void {
    const { element } = this;
    element.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-code]") : null;
      if (target !== null) this.act(target.dataset["code"] ?? "", target);
    });
    part(element, "[data-part=language]").addEventListener("change", (event) => void this.chooseLanguage((event.target as HTMLSelectElement).value));
    element.addEventListener("pointerdown", () => this.desk?.company.follow(null), true);
    for (const name of ["wheel", "keydown", "touchmove"]) part(element, "[data-part=hosts]").addEventListener(name, () => this.desk?.company.follow(null), { passive: true });
    listenForFiles(element, {
      mayDrop: () => this.mayEdit,
      over: (count) => this.showDrop(count),
      drop: (files) => void this.uploadAll(files),
    });
    const { session } = this.request.shell;
    const rights = () => JSON.stringify([session.room.get()?.role, session.room.get()?.permissions, session.room.get()?.room.archived_at]);
    this.stops.push(
      this.documents.list.subscribe((list) => list, () => this.listChanged()),
      session.room.subscribe(rights, () => this.rightsChanged()),
    );
    this.ticking = setInterval(() => this.redraw(), 1_000);
  }

  // Life

  /** Loads the documents and opens one: the asked one, else the first. */
  async start(wanted: number | null): Promise<void> {
    this.loading = setTimeout(() => this.redraw(), LOADING_MS);
    try {
      const [list, shelf] = await Promise.all([this.documents.load(), Shelf.open(this.request.shell.session.me)]);
      if (this.closed) return;
      this.shelf = shelf;
      this.failure = "";
      const asked = this.documents.find(wanted);
      const first = asked ?? list.documents[0] ?? null;
      if (wanted !== null && asked === null) this.request.shell.toast({ kind: "info", title: "That document is not here any more" });
      if (first !== null) this.open(first.id);
      else this.request.opened(null);
    } catch (error) {
      this.failure = error instanceof ApiError ? error.message : errorText(error);
    } finally {
      clearTimeout(this.loading);
      this.loading = undefined;
      this.redraw();
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.loading);
    clearInterval(this.ticking);
    for (const stop of this.stops) stop();
    for (const desk of this.desks.values()) desk.close();
    this.draftView?.close();
    this.tabs.close();
    this.documents.close();
    this.element.remove();
  }

  /** Puts the focus where one goes on. */
  focus(): void {
    if (this.desk?.view) this.desk.view.focus();
    else this.tabs.focus();
  }

  get desk(): Desk | null {
    return this.current === null ? null : (this.desks.get(this.current) ?? null);
  }

  /** Shows a document of this room. */
  open(id: number): void {
    const document = this.documents.find(id);
    if (document === null || this.shelf === null) return;
    if (this.current !== id) this.desk?.sleep();
    this.current = id;
    const known = this.desks.get(id);
    if (known !== undefined) known.wake();
    else this.openDesk(document, this.shelf);
    this.request.opened(id);
    this.notice = "";
    this.redraw();
  }

  private openDesk(document: DocumentView, shelf: Shelf): void {
    const desk = new Desk(
      {
        shell: this.request.shell,
        shelf,
        settings: this.settings,
        hint: "code-hint",
        changed: () => this.redraw(),
        document: (told) => void this.documents.adopt(told),
      },
      document,
    );
    this.desks.set(document.id, desk);
    part(this.element, "[data-part=hosts]").append(desk.element);
    desk.element.hidden = false;
    void desk.open();
  }

  private listChanged(): void {
    for (const desk of this.desks.values()) {
      const told = this.documents.find(desk.document.id);
      if (told !== null && told !== desk.document) desk.tell(told);
    }
    this.redraw();
  }

  private rightsChanged(): void {
    for (const desk of this.desks.values()) desk.askRights();
    if (this.documents.list.get() !== null) void this.documents.load().catch(() => undefined);
  }

  // Rights

  private get mayEdit(): boolean {
    return this.documents.list.get()?.can_edit === true;
  }

  private mayDispose(document: DocumentView): boolean {
    const list = this.documents.list.get();
    return list !== null && (list.can_moderate || (list.can_edit && document.created_by === this.request.shell.session.me));
  }

  private writing(document: DocumentView): Writing {
    const room = this.request.shell.session.room.get();
    return { isMember: room !== null && room.role !== "", isArchived: room?.room.archived_at !== null, isMuted: false, documentReadOnly: document.read_only };
  }

  // Drawing

  private draw(): void {
    const list = this.documents.list.get();
    const { element, desk } = this;
    const document = desk?.document ?? null;
    const shown = list?.documents ?? [];
    const deleted = document !== null && document.deleted_at !== null ? [document] : [];
    this.tabs.draw([...shown, ...deleted], this.current);
    part(element, "[data-part=new]").hidden = !this.mayEdit;
    const bar = part(element, "[data-part=bar]");
    bar.hidden = desk === null || desk.view === null;
    if (desk !== null && document !== null) this.drawDesk(desk, document);
    else {
      drawMode(part(element, "[data-part=mode]"), null);
      part(element, "[data-part=people]").hidden = true;
    }
    const panel = part(element, "[data-part=panel]");
    if (this.current === null) panel.removeAttribute("aria-labelledby");
    else panel.setAttribute("aria-labelledby", `code-tab-${this.current}`);
    this.drawNotice(desk);
  }

  private drawDesk(desk: Desk, document: DocumentView): void {
    const { element } = this;
    const { status } = desk;
    drawStatus(part(element, "[data-part=status]"), status);
    drawMode(part(element, "[data-part=mode]"), modeOf(status, this.writing(document), Date.now()));
    const { people } = this.request.shell.session;
    drawPeople(part(element, "[data-part=people]"), desk.company.people.map((user) => people.get(user)), desk.company.following, (user) => desk.company.follow(user));
    const select = part<HTMLSelectElement>(element, "[data-part=language]");
    select.value = languageOf(document).id;
    select.disabled = !status.canEdit || status.phase === "offline";
    const follow = part(element, "[data-part=follow]");
    const followed = desk.company.following;
    follow.hidden = followed === null;
    if (followed !== null) part(follow, "[data-part=follow-text]").textContent = `Following ${people.name(followed)}`;
  }

  /** What stands in the place of the editor, or above it. Drawn anew only when it is another. */
  private drawNotice(desk: Desk | null): void {
    const name = this.noticeName(desk);
    if (name === this.notice) return;
    this.notice = name;
    const place = part(this.element, "[data-part=notice]");
    this.draftView?.close();
    this.draftView = null;
    const content = this.makeNotice(name, desk);
    place.replaceChildren(...(content === null ? [] : [content]));
    place.classList.remove("beside");
    place.hidden = content === null;
    part(this.element, "[data-part=hosts]").hidden = content !== null;
  }

  private noticeName(desk: Desk | null): string {
    if (this.failure !== "") return `failed ${this.failure}`;
    if (this.documents.list.get() === null || (desk !== null && desk.view === null && desk.status.phase === "loading")) return this.loading === undefined && desk === null ? "" : "loading";
    if (desk === null) return `empty ${String(this.mayEdit)}`;
    const [draft] = desk.drafts;
    if (desk.document.deleted_at !== null && this.notice !== `draft ${draft?.id ?? ""}`) return `deleted ${desk.document.id} ${desk.document.deleted_at} ${desk.drafts.length}`;
    return draft === undefined ? "" : `draft ${draft.id}`;
  }

  private makeNotice(name: string, desk: Desk | null): HTMLElement | null {
    const [kind] = name.split(" ");
    if (kind === "loading") return clone("t-code-loading");
    if (kind === "failed") {
      const failed = clone("t-code-failed");
      part(failed, "[data-part=text]").textContent = this.failure;
      return failed;
    }
    if (kind === "empty") return this.makeEmpty();
    if (desk === null) return null;
    if (kind === "deleted") return this.makeDeleted(desk);
    const [draft] = desk.drafts;
    if (kind !== "draft" || draft === undefined) return null;
    this.draftView = new DraftView(draft, desk.canEdit);
    return this.draftView.element;
  }

  private makeEmpty(): HTMLElement {
    const empty = clone("t-code-empty");
    const text = this.mayEdit ? "Make one, or drop a file here: everybody in the room writes in it at the same time." : "Members of this room can make one.";
    part(empty, "[data-part=text]").textContent = text;
    part(empty, "[data-part=make]").hidden = !this.mayEdit;
    return empty;
  }

  private makeDeleted(desk: Desk): HTMLElement {
    const { document, drafts } = desk;
    const gone = clone("t-code-deleted");
    const { session } = this.request.shell;
    const who = document.deleted_by === session.me ? "You" : session.people.name(document.deleted_by);
    part(gone, "[data-part=title]").textContent = `${who} deleted this document`;
    const when = document.deleted_at === null ? "" : `At ${clock(document.deleted_at)}. `;
    part(gone, "[data-part=text]").textContent = `${when}It can be brought back, with its history. You can keep a copy of the text that you saw.`;
    part(gone, "[data-part=restore]").hidden = !this.mayDispose(document);
    const late = drafts.reduce((sum, draft) => sum + draft.edits, 0);
    part(gone, "[data-part=late]").hidden = late === 0;
    part(gone, "[data-part=late-text]").textContent = `${edits(late)} of yours came too late.`;
    return gone;
  }

  private showDrop(count: number): void {
    const drop = part(this.element, "[data-part=drop]");
    drop.hidden = count === 0;
    part(drop, "[data-part=drop-text]").textContent = count === 1 ? "Drop to add 1 document" : `Drop to add ${count} documents`;
  }

  // Acts

  private act(name: string, target: HTMLElement): void {
    const acts: Record<string, () => void> = {
      "new-document": () => this.create(),
      "open-menu": () => this.current !== null && this.openMenu(this.current, target),
      find: () => this.desk?.view && openSearchPanel(this.desk.view),
      unfollow: () => this.desk?.company.follow(null),
      retry: () => this.desk?.retryNow(),
      reload: () => void this.start(this.current),
      "save-copy": () => this.desk && this.saveCopy(this.desk),
      restore: () => void this.restore(),
      "show-late": () => this.showLate(),
      "discard-draft": () => void this.discardDraft(),
      "copy-draft": () => void this.copyDraft(),
      "put-draft": () => this.putDraft(),
      "toggle-draft": () => this.toggleDraft(),
    };
    acts[name]?.();
  }

  create(): void {
    if (!this.mayEdit) return;
    newDocument ??= new NewDocument();
    newDocument.open(this.documents, this.request.roomLabel, (made) => this.openAndFocus(made.id));
  }

  private openAndFocus(id: number): void {
    this.open(id);
    // The text comes with the first answer of its socket.
    const desk = this.desk;
    const wait = setInterval(() => {
      if (desk?.view) desk.view.focus();
      if (desk === null || desk.view !== null || this.closed || this.desk !== desk) clearInterval(wait);
    }, 50);
  }

  private move(id: number, index: number): void {
    const others = (this.documents.list.get()?.documents ?? []).filter((one) => one.id !== id);
    this.documents.change(id, { position: positionAt(others, index) }).then(
      (moved) => this.request.shell.announce(`${moved.name} is tab ${index + 1} of ${others.length + 1}`),
      (error: unknown) => this.request.shell.fail("The tab could not be moved", error),
    );
  }

  private async chooseLanguage(language: string): Promise<void> {
    try {
      await this.desk?.setLanguage(language);
    } catch (error) {
      this.request.shell.fail("The language could not be changed", error);
      this.redraw();
    }
  }

  private openMenu(id: number, anchor: HTMLElement, at?: { x: number; y: number }): void {
    const document = this.documents.find(id);
    if (document === null) return;
    const { shell } = this.request;
    const rights = { mayEdit: this.mayEdit && document.deleted_at === null, mayDispose: this.mayDispose(document), isOpen: id === this.current };
    const items = documentItems(document, rights, this.settings, {
      rename: () => this.tabs.rename(id),
      duplicate: () => void this.duplicate(document),
      download: () => this.download(downloadUrl(id), document.name),
      copyLink: () => void this.copyLink(id),
      setReadOnly: (read_only) => void this.documents.change(id, { read_only }).catch((error: unknown) => shell.fail("This could not be changed", error)),
      delete: () => void this.delete(document),
      settingsChanged: () => this.desk?.redress(),
    });
    shell.openMenu({ label: document.name, anchor, items, ...(at === undefined ? {} : { at }) });
  }

  private openMore(ids: readonly number[], anchor: HTMLElement): void {
    const items = ids.flatMap((id) => {
      const document = this.documents.find(id);
      return document === null ? [] : [{ icon: "file-code", text: document.name, run: () => this.open(id) }];
    });
    this.request.shell.openMenu({ label: "More documents", anchor, items });
  }

  private async duplicate(document: DocumentView): Promise<void> {
    try {
      const { text } = await this.documents.text(document.id);
      const dot = document.name.lastIndexOf(".");
      const [stem, ending] = dot > 0 ? [document.name.slice(0, dot), document.name.slice(dot)] : [document.name, ""];
      const taken = new Set((this.documents.list.get()?.documents ?? []).map((one) => one.name));
      let number = 1;
      const name = () => (number === 1 ? `${stem} copy${ending}` : `${stem} copy ${number}${ending}`);
      while (taken.has(name())) number += 1;
      const made = await this.documents.create({ cid: uuid4(), name: name(), language: document.language, text });
      this.openAndFocus(made.id);
    } catch (error) {
      this.request.shell.fail("The document could not be copied", error);
    }
  }

  private async copyLink(id: number): Promise<void> {
    try {
      await copyText(new URL(withDocument(location.pathname, id), location.href).href);
      this.request.shell.toast({ kind: "info", title: "Link copied" });
    } catch (error) {
      this.request.shell.fail("The link could not be copied", error);
    }
  }

  private download(url: string, name: string): void {
    const link = el("a", "", null, { href: url, download: name });
    link.click();
  }

  /** The text as this person sees it, also when the server has it no more. */
  private saveCopy(desk: Desk): void {
    const text = desk.view?.state.doc.toString() ?? desk.drafts[0]?.text ?? "";
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    this.download(url, desk.document.name);
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  private async delete(document: DocumentView): Promise<void> {
    const { shell } = this.request;
    try {
      const next = this.nextTo(document.id);
      await this.documents.delete(document.id);
      if (this.current === document.id) {
        this.closeDesk(document.id);
        if (next !== null) this.open(next);
        else this.request.opened(null);
      }
      const undo = () => void this.documents.restore(document.id).then(
        () => this.open(document.id),
        (error: unknown) => shell.fail("It could not be brought back", error),
      );
      shell.toast({ kind: "info", title: `${document.name} is deleted`, act: { label: "Undo", run: undo } });
    } catch (error) {
      shell.fail(`${document.name} could not be deleted`, error);
    }
  }

  private nextTo(id: number): number | null {
    const list = this.documents.list.get()?.documents ?? [];
    const at = list.findIndex((one) => one.id === id);
    return (list[at + 1] ?? list[at - 1])?.id ?? null;
  }

  private closeDesk(id: number): void {
    this.desks.get(id)?.close();
    this.desks.delete(id);
    if (this.current === id) this.current = null;
    this.redraw();
  }

  private async restore(): Promise<void> {
    if (this.current === null) return;
    try {
      await this.documents.restore(this.current);
    } catch (error) {
      this.request.shell.fail("It could not be brought back", error);
    }
  }

  // Uploads

  private async uploadAll(files: readonly File[]): Promise<void> {
    let last: DocumentView | null = null;
    for (const file of files) last = (await this.upload(file)) ?? last;
    if (last !== null) this.openAndFocus(last.id);
  }

  private async upload(file: File): Promise<DocumentView | null> {
    const tab = clone("t-code-upload");
    const text = part(tab, "[data-part=text]");
    const tell = (share: number) => (text.textContent = `${file.name}, ${Math.round(share * 100)} %`);
    tell(0);
    part(this.element, "[data-part=uploads]").append(tab);
    try {
      await readText(file);
      return await this.documents.upload(file, uuid4(), tell);
    } catch (error) {
      this.request.shell.fail(`${file.name} was not added`, error);
      return null;
    } finally {
      tab.remove();
    }
  }

  // Drafts

  private showLate(): void {
    const [draft] = this.desk?.drafts ?? [];
    if (draft === undefined) return;
    this.notice = `draft ${draft.id}`;
    this.draftView = new DraftView(draft, this.desk?.canEdit === true);
    part(this.element, "[data-part=notice]").replaceChildren(this.draftView.element);
  }

  private toggleDraft(): void {
    const savedShown = this.draftView?.toggle() ?? false;
    part(this.element, "[data-part=hosts]").hidden = !savedShown;
    part(this.element, "[data-part=notice]").classList.toggle("beside", savedShown);
  }

  private async discardDraft(): Promise<void> {
    const { desk, draftView } = this;
    if (desk === null || draftView === null) return;
    const { draft } = draftView;
    const answer = await this.request.shell.confirm({ title: "Discard this draft?", text: `${edits(draft.edits)} that were never stored will be gone for good.`, go: "Discard", danger: true });
    if (answer !== null) desk.dropDraft(draft);
  }

  private async copyDraft(): Promise<void> {
    const draft = this.draftView?.draft;
    if (draft === undefined) return;
    try {
      await copyText(draft.text);
      this.request.shell.toast({ kind: "info", title: "Draft copied" });
    } catch (error) {
      this.request.shell.fail("The draft could not be copied", error);
    }
  }

  private putDraft(): void {
    const { desk, draftView } = this;
    if (desk === null || draftView === null || desk.view === null || !desk.canEdit) return;
    const changes = carriedOver(draftView.draft, desk.view.state.doc.toString());
    desk.view.dispatch({ changes, userEvent: "input.paste", scrollIntoView: true });
    desk.dropDraft(draftView.draft);
    desk.view.focus();
    this.request.shell.announce("The draft is in the document again");
  }

  /** Whether the focus stands in the pane. */
  get hasFocus(): boolean {
    return this.element.contains(document.activeElement) && maybe(this.element, "[data-part=rename]") !== null;
  }
}
