// The code pane of one room: its documents in tabs, the open one below, and what stands in its place.
// Loaded by the shell when it is first wanted. It keeps the sockets of documents that are not shown asleep.

import "../kernel";

import { ApiError } from "../api";
import { clone, maybe, onceAFrame, part } from "../dom";
import type { BesideView, DocumentView } from "../protocol";
import type { Shell } from "../shell/contract";
import { errorText } from "../shell/dialogs";
import { DocumentActs, type ActsHost } from "./acts";
import { documentTopic } from "./addresses";
import { drawMode, drawPeople, drawStatus, modeOf, type Writing } from "./bars";
import { comforts } from "./comforts";
import { Desk, LOADING_MS } from "./desk";
import type { Panel } from "./discussions/panel";
import { byPlace, Documents } from "./documents";
import { listenForFiles } from "./files";
import { languageOf } from "./languages";
import type { HistoryControl } from "./history/control";
import { fillLanguages, NewDocument } from "./new_document";
import { Notices } from "./notices";
import { Settings } from "./settings";
import { Shelf } from "./shelf";
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
  /** The address that opens a document beside this chat. */
  link(document: number): string;
  /** Lets the chat be seen where both do not fit. */
  toChat(): void;
}

const LATER_AGAIN_MS = 10_000;

let newDocument: NewDocument | null = null;

export class CodePane implements ActsHost {
  readonly element = clone("t-code");
  readonly documents: Documents;
  readonly tabs: Tabs;
  readonly settings: Settings;
  readonly shell: Shell;
  current: number | null = null;
  readonly #request: PaneRequest;
  readonly #acts = new DocumentActs(this);
  readonly #notices: Notices;
  readonly #desks = new Map<number, Desk>();
  readonly #stops: (() => void)[] = [];
  #shelf: Shelf | null = null;
  #failure = "";
  #loading: ReturnType<typeof setTimeout> | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #isSlow = false;
  #wantsFocus = false;
  #closed = false;
  /** Fetched once there is a text to have a past. */
  #history: HistoryControl | null = null;
  #talks: Panel | null = null;
  #laterAskedAt = 0;
  /** A discussion that is to be shown as soon as there is a text. */
  #asked: string | null = null;
  readonly redraw = onceAFrame(() => this.#closed || this.#draw());

  constructor(request: PaneRequest) {
    this.#request = request;
    const { shell, room, place } = request;
    this.shell = shell;
    this.#notices = new Notices(this.element, shell);
    this.documents = new Documents(shell.session, room);
    this.settings = new Settings(shell.session.me);
    place.replaceChildren(this.element);
    part(this.element, "[data-part=panel]").id = "code-panel";
    part(this.element, "[data-part=hint]").id = "code-hint";
    fillLanguages(part<HTMLSelectElement>(this.element, "[data-part=language]"));
    this.tabs = new Tabs(this.element, {
      choose: (id) => this.open(id),
      rename: (id, name) => this.documents.change(id, { name }),
      move: (id, index) => this.#acts.move(id, index),
      openMenu: (id, anchor, at) => this.#acts.openMenu(id, anchor, at),
      openMore: (ids, anchor) => this.#acts.openMore(ids, anchor),
      mayEdit: () => this.mayEdit,
    });
    this.#listen();
  }

  #listen(): void {
    const { element } = this;
    element.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-code]") : null;
      if (target !== null) this.#act(target.dataset["code"] ?? "", target);
    });
    part(element, "[data-part=language]").addEventListener("change", (event) => void this.#acts.chooseLanguage((event.target as HTMLSelectElement).value).then(this.redraw));
    element.addEventListener("pointerdown", () => this.desk?.company.follow(null), true);
    for (const name of ["wheel", "keydown", "touchmove"]) part(element, "[data-part=hosts]").addEventListener(name, () => this.desk?.company.follow(null), { passive: true });
    listenForFiles(element, {
      mayDrop: () => this.mayEdit,
      over: (count) => this.#showDrop(count),
      drop: (files) => void this.#acts.uploadAll(files),
    });
    const { session } = this.shell;
    const rights = () => JSON.stringify([session.room.get()?.role, session.room.get()?.permissions, session.room.get()?.room.archived_at]);
    this.#stops.push(
      this.documents.list.subscribe((list) => list, () => this.#listChanged()),
      session.room.subscribe(rights, () => this.#rightsChanged()),
    );
    this.#ticking = setInterval(() => this.redraw(), 1_000);
  }

  // Life

  /** Loads the documents and opens one: the asked one, else the first. */
  async start(wanted: number | null): Promise<void> {
    this.#isSlow = false;
    this.#loading = setTimeout(() => {
      this.#isSlow = true;
      this.redraw();
    }, LOADING_MS);
    try {
      const [list, shelf] = await Promise.all([this.documents.load(), Shelf.open(this.shell.session.me)]);
      if (this.#closed) return;
      this.#shelf = shelf;
      this.#failure = "";
      const asked = this.documents.find(wanted);
      const first = asked ?? list.documents[0] ?? null;
      if (wanted !== null && asked === null) this.shell.toast({ kind: "info", title: "That document is not here any more" });
      if (first !== null) this.open(first.id);
      else this.#request.opened(null);
    } catch (error) {
      this.#failure = error instanceof ApiError ? error.message : errorText(error);
    } finally {
      clearTimeout(this.#loading);
      this.#loading = undefined;
      this.redraw();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#loading);
    clearInterval(this.#ticking);
    for (const stop of this.#stops) stop();
    for (const desk of this.#desks.values()) desk.close();
    this.#history?.close();
    this.#talks?.close();
    this.#notices.close();
    this.tabs.close();
    this.documents.close();
    this.element.remove();
  }

  /** Puts the focus where one goes on, as soon as it is there: the text comes with the first answer of its socket. */
  focus(): void {
    this.#wantsFocus = true;
    this.redraw();
  }

  #placeFocus(): void {
    const { desk } = this;
    if (!this.#wantsFocus || this.documents.list.get() === null) return;
    if (desk === null) this.#wantsFocus = false;
    if (desk === null) return maybe(this.element, "[data-part=notice] button:not([hidden])")?.focus();
    if (desk.view === null || part(this.element, "[data-part=hosts]").hidden) return;
    this.#wantsFocus = false;
    desk.view.focus();
  }

  get desk(): Desk | null {
    return this.current === null ? null : (this.#desks.get(this.current) ?? null);
  }

  /** Shows a document of this room. */
  open(id: number): void {
    const document = this.documents.find(id);
    if (document === null || this.#shelf === null) return;
    if (this.current !== id) this.desk?.sleep();
    this.#wantsFocus = false;
    this.current = id;
    const known = this.#desks.get(id);
    if (known !== undefined) known.wake();
    else this.#openDesk(document, this.#shelf);
    this.#request.opened(id);
    this.#notices.reset();
    void this.#history?.arrive();
    this.redraw();
  }

  #openDesk(document: DocumentView, shelf: Shelf): void {
    const desk = new Desk(
      {
        shell: this.shell,
        shelf,
        settings: this.settings,
        hint: "code-hint",
        changed: () => this.redraw(),
        document: (told) => void this.documents.adopt(told),
      },
      document,
    );
    this.#desks.set(document.id, desk);
    this.#talks?.meet(desk);
    part(this.element, "[data-part=hosts]").append(desk.element);
    desk.element.hidden = false;
    void desk.open();
    setTimeout(this.redraw, LOADING_MS + 20);
  }

  #listChanged(): void {
    for (const desk of this.#desks.values()) {
      const told = this.documents.find(desk.document.id);
      if (told !== null && told !== desk.document) desk.tell(told);
    }
    this.redraw();
  }

  #rightsChanged(): void {
    for (const desk of this.#desks.values()) desk.askRights();
    if (this.documents.list.get() !== null) void this.documents.load().catch(() => undefined);
  }

  // Rights

  get mayEdit(): boolean {
    return this.documents.list.get()?.can_edit === true;
  }

  mayDispose(document: DocumentView): boolean {
    const list = this.documents.list.get();
    return list !== null && (list.can_moderate || (list.can_edit && document.created_by === this.shell.session.me));
  }

  #writing(document: DocumentView): Writing {
    const room = this.shell.session.room.get();
    return { isMember: room !== null && room.role !== "", isArchived: room?.room.archived_at !== null, isMuted: false, documentReadOnly: document.read_only };
  }

  // Drawing

  #draw(): void {
    const list = this.documents.list.get();
    const { element, desk } = this;
    const document = desk?.document ?? null;
    const shown = list?.documents ?? [];
    const deleted = document !== null && document.deleted_at !== null ? [document] : [];
    this.tabs.draw([...shown, ...deleted].sort(byPlace), this.current);
    part(element, "[data-part=new]").hidden = !this.mayEdit;
    const bar = part(element, "[data-part=bar]");
    bar.hidden = desk === null || desk.view === null;
    if (desk !== null && document !== null) this.#drawDesk(desk, document);
    else {
      drawMode(part(element, "[data-part=mode]"), null);
      part(element, "[data-part=people]").hidden = true;
    }
    const panel = part(element, "[data-part=panel]");
    if (this.current === null) panel.removeAttribute("aria-labelledby");
    else panel.setAttribute("aria-labelledby", `code-tab-${this.current}`);
    const mayDispose = (document: DocumentView) => this.mayDispose(document);
    this.#notices.draw({ failure: this.#failure, isLoading: this.#loading === undefined || this.#isSlow, isLoaded: list !== null, desk, mayEdit: this.mayEdit, mayRevive: list?.deleted.some(mayDispose) === true, mayDispose });
    this.#placeFocus();
    this.#history?.draw();
    this.#talks?.draw();
    this.#fetchLater();
  }

  /** History and discussions are fetched once there is a text. Without them one writes all the same; later drawings try again. */
  #fetchLater(): void {
    const missing = this.#history === null || this.#talks === null;
    if (!missing || this.desk?.view == null || Date.now() - this.#laterAskedAt < LATER_AGAIN_MS) return;
    this.#laterAskedAt = Date.now();
    const withHistory = ({ HistoryControl }: typeof import("./history/control")) => {
      if (!this.#closed) this.#history ??= new HistoryControl(this);
      this.redraw();
    };
    const withTalks = ({ Panel }: typeof import("./discussions/panel")) => {
      if (!this.#closed && this.#talks === null) this.#beginTalks(new Panel(this));
      this.redraw();
    };
    import("./history/control").then(withHistory, () => undefined);
    import("./discussions/panel").then(withTalks, () => undefined);
  }

  #beginTalks(talks: Panel): void {
    this.#talks = talks;
    for (const desk of this.#desks.values()) talks.meet(desk);
    if (this.#asked !== null) talks.reveal(this.#asked);
    this.#asked = null;
  }

  #drawDesk(desk: Desk, document: DocumentView): void {
    const { element } = this;
    const { status } = desk;
    drawStatus(part(element, "[data-part=status]"), status);
    drawMode(part(element, "[data-part=mode]"), modeOf(status, this.#writing(document), Date.now()));
    const { people, me } = this.shell.session;
    const here = status.phase === "deleted" ? [] : desk.company.people.filter((user) => user !== me);
    drawPeople(part(element, "[data-part=people]"), here.map((user) => people.get(user)), desk.company.following, (user) => desk.company.follow(user));
    const select = part<HTMLSelectElement>(element, "[data-part=language]");
    select.value = languageOf(document).id;
    select.disabled = !status.canEdit || status.phase === "offline";
    const follow = part(element, "[data-part=follow]");
    const followed = desk.company.following;
    follow.hidden = followed === null;
    if (followed !== null) part(follow, "[data-part=follow-text]").textContent = `Following ${people.name(followed)}`;
  }

  #showDrop(count: number): void {
    const drop = part(this.element, "[data-part=drop]");
    drop.hidden = count === 0;
    part(drop, "[data-part=drop-text]").textContent = count === 1 ? "Drop to add 1 document" : `Drop to add ${count} documents`;
  }

  // Acts

  #act(name: string, target: HTMLElement): void {
    const acts: Record<string, () => void> = {
      "new-document": () => this.create(),
      "open-menu": () => this.current !== null && this.#acts.openMenu(this.current, target),
      find: () => void this.#find(),
      unfollow: () => this.desk?.company.follow(null),
      retry: () => this.desk?.connection?.retryNow(),
      reload: () => void this.start(this.current),
      deleted: () => this.#acts.openDeleted(target),
      "save-copy": () => this.desk && this.#acts.saveCopy(this.desk),
      restore: () => void this.#acts.restore(),
      "show-late": () => this.#notices.showLate(),
      "discard-draft": () => void this.#notices.discardDraft(),
      "copy-draft": () => void this.#notices.copyDraft(),
      "put-draft": () => this.#notices.putDraft(),
      "toggle-draft": () => this.#notices.toggleDraft(),
    };
    acts[name]?.();
  }

  async #find(): Promise<void> {
    const { openSearchPanel } = await comforts();
    if (this.desk?.view) openSearchPanel(this.desk.view);
  }

  create(): void {
    if (!this.mayEdit) return;
    newDocument ??= new NewDocument();
    newDocument.open(this.documents, this.#request.roomLabel, (made) => this.openAndFocus(made.id));
  }

  openAndFocus(id: number): void {
    this.open(id);
    this.focus();
  }

  /** What a message that is written now is beside. */
  get beside(): BesideView | null {
    const { desk } = this;
    const seq = this.#history?.shown ?? desk?.replica?.version;
    return desk === null || seq === undefined ? null : { topic: documentTopic(desk.document.id), seq, start: null, end: null };
  }

  /** Opens a document at the lines that a message is about. */
  reveal(document: number, message: string): void {
    this.open(document);
    if (this.#talks === null) this.#asked = message;
    else this.#talks.reveal(message);
  }

  get room(): number {
    return this.#request.room;
  }

  toChat(): void {
    this.#request.toChat();
  }

  link(document: number): string {
    return this.#request.link(document);
  }

  leave(document: number, next: number | null): void {
    const desk = this.#desks.get(document);
    if (desk !== undefined) this.#talks?.part(desk);
    desk?.close();
    this.#desks.delete(document);
    if (this.current === document) this.current = null;
    if (next !== null) this.open(next);
    else this.#request.opened(null);
    this.redraw();
  }
}
