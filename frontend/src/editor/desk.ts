// One document that is open in this tab: its copy, its socket, its editor, and what is kept of it on the device.
// Made by the pane, which shows its element and its status. It never loses an edit: what cannot be stored is a draft.

import type { Extension, Transaction } from "@codemirror/state";
import { EditorView, type ViewUpdate } from "@codemirror/view";
import type { Shell } from "../shell/contract";
import type { DocumentSnapshot, DocumentView, Joined } from "../protocol";
import type { CommandError } from "../socket";
import { el } from "../dom";
import { documentSocket, documentTopic } from "./addresses";
import { carets } from "./carets";
import { Company } from "./company";
import { comforts, type Rich } from "./comforts";
import { countEdits } from "./edits";
import { draftOf } from "./drafts";
import { extrasOf } from "./extras";
import { guards } from "./guards";
import { Identity } from "./identity";
import { Keeper } from "./keeper";
import { languageOf } from "./languages";
import { Line } from "./line";
import { dispatchInPieces } from "./long";
import { mergeKept } from "./merger";
import type { Settings } from "./settings";
import { Replica, startState, textOf, type Taken, type Unsent } from "./replica";
import { readingSetup, Switches, wording, writingSetup } from "./setup";
import type { Draft, Shelf } from "./shelf";
import type { Status } from "./status";

export interface DeskContext {
  shell: Shell;
  shelf: Shelf;
  settings: Settings;
  /** The id of the element that tells how the editor is left. */
  hint: string;
  /** The status, the people or the drafts of this desk are different now. */
  changed(desk: Desk): void;
  /** The document itself is told to be different. */
  document(document: DocumentView): void;
}

/** Before this nothing is drawn in the place of what loads. */
export const LOADING_MS = 300;
const SLOW_MS = 800;
const RESTART_MS = 2_000;
/** A deleted document says when it is back; this is for the case that nobody heard it. */
const GONE_MS = 60_000;

export class Desk {
  readonly element = el("div", "cm-host");
  readonly company: Company;
  readonly switches = new Switches();
  readonly #context: DeskContext;
  readonly #identity: Identity;
  /** Who hears of each new copy, and of edits that came. */
  readonly watchers = new Set<{ begun(): void; taken(taken: readonly Taken[]): void }>();
  drafts: Draft[] = [];
  view: EditorView | null = null;

  /** The copy of now, with what is not stored yet; null before the text is here. */
  replica: Replica | null = null;
  #keeper: Keeper | null = null;
  #line: Line | null = null;
  #loadedLanguage = "";
  #rich: Rich | null = null;
  #isRich = false;
  #offlineSince: number | null = null;
  #merging = false;
  #hurriedAt = 0;
  #awake = false;
  #closed = false;
  readonly #madeAt = Date.now();

  constructor(
    context: DeskContext,
    public document: DocumentView,
  ) {
    this.#context = context;
    this.#identity = new Identity(context.shell.session.me);
    this.company = new Company(
      {
        me: this.#context.shell.session.me,
        view: () => this.view,
        replica: () => this.replica,
        person: (user) => this.#context.shell.session.people.get(user),
        changed: () => this.#changed(),
        greet: () => this.#line?.touchCursor(200 + Math.random() * 1_000),
        announce: (text) => this.#context.shell.announce(text),
      },
      () => this.document.name,
    );
    this.element.hidden = true;
  }

  // Life

  /** Opens the document, with the edits that were not sent when the page was left. */
  async open(): Promise<void> {
    this.#awake = true;
    const { shelf, shell } = this.#context;
    const [kept, drafts] = await Promise.all([shelf.unsentOf(this.document.id), shelf.draftsOf(this.document.id)]);
    if (this.#closed) return;
    this.drafts = drafts;
    const mine = await this.#identity.adopt(kept);
    if (this.#closed) return this.#identity.drop();
    if (mine !== null) this.#begin({ version: mine.version, text: mine.base }, mine);
    this.#merging = mine !== null;
    this.#connect();
    comforts().then((rich) => this.#comfort((this.#rich = rich)), (error: unknown) => shell.fail("Parts of the editor could not be loaded", error));
    const others = kept.filter((one) => one !== mine);
    void mergeKept(others, shelf, this.document.name).then((made) => this.#foundDrafts(made));
    shell.session.people.add(shell.session.home.get().me);
    this.#changed();
  }

  /** Another document is shown: without a need for it the socket rests. */
  sleep(): void {
    this.#awake = false;
    this.element.hidden = true;
    this.company.follow(null);
    if (this.replica?.isSettled !== false) this.#rest();
  }

  wake(): void {
    this.element.hidden = false;
    if (this.#awake) return;
    this.#awake = true;
    if (this.#line?.isRunning === false) this.#line.start();
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#awake = false;
    void this.#keeper?.save();
    this.#stop();
    this.view?.destroy();
    this.element.remove();
  }

  /** The text has been on its way for longer than a moment. */
  get isSlow(): boolean {
    return Date.now() - this.#madeAt >= LOADING_MS;
  }

  /** Everything that was typed here is stored, as far as this tab knows. */
  get isSettled(): boolean {
    return this.replica?.isSettled !== false;
  }

  #rest(): void {
    if (this.#line?.isRunning !== true) return;
    this.#line.stop();
    this.company.clear();
  }

  #stop(): void {
    this.#rest();
    this.#line = null;
    this.#keeper?.close();
    this.#identity.drop();
  }

  #connect(): void {
    const { document } = this;
    this.#line = new Line(documentSocket(document.id), documentTopic(document.id), this.#identity.clientId, {
      replica: () => this.replica,
      snapshot: (snapshot) => this.#startFrom(snapshot),
      joined: (joined) => this.#joined(joined),
      taken: (taken) => {
        this.company.taken(taken);
        this.#keeper?.touch();
        for (const watcher of this.watchers) watcher.taken(taken);
      },
      changed: () => this.#changed(),
      refused: (error) => this.#refused(error),
      ranges: () => this.#ranges(),
      moved: (cursor) => this.company.moved(cursor),
      document: (told) => this.#context.document(told),
    });
    this.#line.start();
  }

  // The copy

  #begin(start: { version: number; text: string }, unsent: Unsent | null): void {
    const state = startState({ clientId: this.#identity.clientId, ...start }, this.#extensions(), unsent);
    const [scroll, caret] = [this.view?.scrollDOM.scrollTop ?? 0, this.view?.state.selection.main.head ?? 0];
    if (this.view === null) this.view = new EditorView({ state, parent: this.element, dispatchTransactions: dispatchInPieces });
    else this.view.setState(state);
    const view = this.view;
    if (caret > 0) view.dispatch({ selection: { anchor: Math.min(caret, state.doc.length) } });
    view.scrollDOM.scrollTop = scroll;
    const host = { get state() { return view.state; }, dispatch: (transactions: readonly Transaction[]) => view.dispatch(transactions) };
    this.replica = new Replica(host, this.#identity.clientId, textOf(start.text));
    this.#keeper?.close();
    this.#keeper = new Keeper(this.#context.shelf, this.document.id, this.replica, unsent !== null);
    this.#loadedLanguage = "";
    this.#isRich = false;
    this.redress();
    for (const watcher of this.watchers) watcher.begun();
  }

  /** Keys, history and colours, once for each copy, and the indentation of now. */
  #comfort(rich: Rich): void {
    const { view, switches } = this;
    if (view === null) return;
    const indent = switches.indent.reconfigure(rich.indentation(this.#context.settings.indentOf(languageOf(this.document))));
    view.dispatch({ effects: this.#isRich ? [indent] : [indent, switches.rich.reconfigure(rich.writingComforts())] });
    this.#isRich = true;
  }

  #startFrom(snapshot: DocumentSnapshot): void {
    // The stored text went on too far for these edits to follow.
    if (this.replica !== null && !this.replica.isSettled) return this.#recover("The document has changed too much meanwhile.");
    this.#context.shell.session.people.add(...snapshot.people.map((caret) => caret.person));
    this.#begin(snapshot, null);
  }

  #extensions(): Extension {
    const { switches } = this;
    return [
      switches.extras.of(extrasOf(this.document.id)),
      switches.writing.of(wording(this.#words(), !this.canEdit)),
      switches.language.of([]),
      switches.wrap.of(this.#context.settings.wrap ? EditorView.lineWrapping : []),
      guards((why) => this.#context.shell.toast({ kind: "error", title: "This was not taken", text: why })),
      writingSetup(),
      readingSetup(),
      switches.indent.of([]),
      switches.rich.of([]),
      carets,
      EditorView.updateListener.of((update) => this.#updated(update)),
    ];
  }

  #words() {
    return { label: `${this.document.name}, shared editor`, describedBy: this.#context.hint };
  }

  #updated(update: ViewUpdate): void {
    if (update.docChanged) {
      this.#line?.touch();
      this.#keeper?.touch();
      this.#changed();
    }
    if (update.selectionSet || update.focusChanged || update.docChanged) this.#line?.touchCursor();
  }

  /** One's carets, main one first. */
  #ranges(): [number, number][] | null {
    if (this.view === null || !this.#awake) return null;
    const { main, ranges } = this.view.state.selection;
    return [main, ...ranges.filter((range) => range !== main)].slice(0, 32).map(({ anchor, head }) => [anchor, head]);
  }

  /** Brings name, language, rights and settings of now into the editor. */
  redress(): void {
    const { view, switches, document } = this;
    if (view === null) return;
    const language = languageOf(document);
    view.dispatch({
      effects: [
        switches.writing.reconfigure(wording(this.#words(), !this.canEdit)),
        switches.wrap.reconfigure(this.#context.settings.wrap ? EditorView.lineWrapping : []),
      ],
    });
    if (this.#rich !== null) this.#comfort(this.#rich);
    if (this.#loadedLanguage === language.id) return;
    this.#loadedLanguage = language.id;
    // A language that cannot be fetched leaves the text plain; the next opening tries again.
    const learn = (extension: Extension) => this.#loadedLanguage === language.id && this.view?.dispatch({ effects: switches.language.reconfigure(extension) });
    language.load().then(learn, () => (this.#loadedLanguage = ""));
  }

  // Rights and status

  get canEdit(): boolean {
    if (this.document.deleted_at !== null || this.#finalState !== "") return false;
    return this.#line?.joined?.can_edit ?? this.replica !== null;
  }

  get #finalState(): string {
    const state = this.#line?.connection.state ?? "";
    return ["stopped", "banned", "signed_out"].includes(state) ? state : "";
  }

  get status(): Status {
    const { replica } = this;
    const waiting = replica === null ? 0 : countEdits(replica.edits);
    const slow = waiting > 0 && this.#hurriedAt > 0 && Date.now() - this.#hurriedAt > SLOW_MS;
    const common = { version: replica?.version ?? this.document.version, waiting, slow, canEdit: this.canEdit, offlineSince: this.#offlineSince, reason: this.#line?.connection.reason ?? "" };
    return { phase: this.#phase(), ...common };
  }

  #phase(): Status["phase"] {
    if (this.document.deleted_at !== null) return "deleted";
    if (this.#finalState !== "") return "closed";
    if (this.#offlineSince !== null) return "offline";
    if (this.replica === null) return "loading";
    return this.#merging ? "merging" : "live";
  }

  #changed(): void {
    const settled = this.isSettled;
    if (this.#line?.ready === true) {
      this.#offlineSince = null;
      if (settled) this.#merged();
    } else if (this.#awake && this.#line?.connection.state === "offline") {
      this.#offlineSince ??= Date.now();
      this.#merging = true;
      this.company.people.length > 0 && this.company.clear();
    }
    if (settled) this.#hurriedAt = 0;
    else if (this.#hurriedAt === 0) {
      this.#hurriedAt = Date.now();
      setTimeout(() => this.#context.changed(this), SLOW_MS + 50);
    }
    if (settled && !this.#awake && !this.#closed) this.#rest();
    this.#context.changed(this);
  }

  #merged(): void {
    if (this.#merging && this.#hurriedAt > 0) this.#context.shell.announce(`Your edits in ${this.document.name} are stored`);
    this.#merging = false;
  }

  #joined(joined: Joined): void {
    this.#context.shell.session.people.add(...joined.people.map((caret) => caret.person));
    this.#context.document(joined.document);
    this.company.meet(joined.people, this.#identity.clientId);
    this.redress();
    this.#changed();
  }

  /** The room or the person's rights changed: ask what holds now. */
  askRights(): void {
    this.#line?.rejoin();
  }

  get connection(): Line["connection"] | null {
    return this.#line?.connection ?? null;
  }

  async setLanguage(language: string): Promise<void> {
    await this.#line?.setLanguage(language);
  }

  /** The document is told to be different: another name, other rights, deleted or brought back. */
  tell(document: DocumentView): void {
    const back = this.document.deleted_at !== null && document.deleted_at === null;
    const rights = this.document.read_only !== document.read_only;
    this.document = document;
    if (back) this.#restart();
    else if (rights) this.askRights();
    this.redress();
    this.#changed();
  }

  // What cannot be stored

  #refused(error: CommandError): void {
    if (this.replica !== null && !this.replica.isSettled) this.#recover(error.message);
    else setTimeout(() => this.#closed || this.#restart(), error.code === "gone" ? GONE_MS : RESTART_MS);
  }

  /** Keeps the person's text as a draft and starts over from the stored one. */
  #recover(why: string): void {
    const { replica } = this;
    if (replica === null) return;
    const draft = draftOf(replica, this.document, why);
    const { shelf } = this.#context;
    // First the draft, then the edits it holds: a crash between the two leaves both, never none.
    void shelf.keepDraft(draft).then((kept) => (kept ? shelf.dropUnsent(replica.clientId) : undefined));
    this.#foundDrafts([draft]);
    this.#restart();
  }

  #foundDrafts(drafts: readonly Draft[]): void {
    if (drafts.length === 0 || this.#closed) return;
    this.drafts = [...this.drafts, ...drafts];
    this.#changed();
  }

  /** A new copy with an id of its own: what was on its way under the old one can never be mistaken for its edits. */
  #restart(): void {
    this.#stop();
    this.replica = null;
    this.#identity.renew();
    if (this.view !== null) this.view.dispatch({ effects: this.switches.writing.reconfigure(wording(this.#words(), true)) });
    this.#connect();
    this.#changed();
  }

  dropDraft(draft: Draft): void {
    this.drafts = this.drafts.filter((one) => one !== draft);
    void this.#context.shelf.dropDraft(draft.id);
    this.#changed();
  }
}
