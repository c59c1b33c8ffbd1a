// The chat of one open room: log, typing line, pill, composer, thread. Mounted by the shell for each room it opens.
// It reads the session's stores and answers every change with one drawing a frame; it never keeps state of its own.

import * as api from "../api";
import { onceAFrame, part, textOf } from "../dom";
import type { AnyEvent } from "../events";
import { roomLabel } from "../people";
import type { MessageView, PersonView, RoomSnapshot } from "../protocol";
import { excerpt, shownInRoom } from "../reducers/messages";
import type { MountRequest, RoomPane, Shell } from "../shell/contract";
import { ActionsLater } from "./actions_later";
import { Composer } from "./composer";
import { emptyRoom } from "./empty";
import { entriesOf } from "./entries";
import { Log } from "./log";
import { Pages } from "./pages";
import { PartsLater } from "./parts_later";
import { keptPosition, keepPosition } from "./position";
import { canPost, canReact } from "./rights";
import { plural, type RowContext } from "./row";
import type { ThreadPane } from "./thread";
import { Typing } from "./typing";
import { ReadMarker } from "./unread";
import { takeWantedThread } from "./wanted";

/** Threads near the place of a reply that are looked through for it. */
const ROOTS_TRIED = 8;

export function mountRoom(request: MountRequest): RoomPane {
  return new Room(request);
}

class Room implements RoomPane {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #chat: HTMLElement;
  readonly #log: Log;
  readonly #pages: Pages;
  readonly #actions: ActionsLater;
  readonly #parts: PartsLater;
  readonly #composer: Composer;
  readonly #typing: Typing;
  readonly #reads: ReadMarker;
  readonly #redraw = onceAFrame(() => this.#draw());
  readonly #abort = new AbortController();
  readonly #stops: (() => void)[] = [];
  #thread: ThreadPane | null = null;
  /** The message whose thread or history stands open. */
  #open: string | null = null;
  #drawn: { permissions: unknown; open: string | null; room: unknown; people: number } | null = null;
  #gone = false;

  constructor({ view, shell, room, message }: MountRequest) {
    this.#shell = shell;
    this.#room = room;
    this.#chat = part(view, "[data-part=chat]");
    this.#log = new Log(part(this.#chat, "[data-part=log]"), () => this.#scrolled());
    this.#pages = new Pages(this.#log, this.#chat, shell, () => this.#state);
    this.#typing = new Typing(shell.session, part(this.#chat, "[data-part=typing]"), room, null);
    this.#composer = this.#makeComposer();
    this.#actions = this.#makeActions();
    this.#parts = new PartsLater({ shell, log: this.#log, state: () => this.#state }, () => this.#drawAll());
    this.#reads = new ReadMarker(shell.session, () => this.#state, () => this.#log.scroll.atEnd);
    shell.session.beside.talks.set(room, { ask: (about, words = "") => (this.#composer.setAbout(about), this.#composer.insert(words)), reveal: (id, focus) => void this.#show(id, focus) });
    this.#listen();
    this.#draw();
    this.#placeFirst(message);
    const thread = takeWantedThread(room);
    if (thread !== null) this.#openThread(thread, null);
  }

  #makeComposer(): Composer {
    return new Composer({
      place: part(this.#chat, "[data-part=composer]"),
      shell: this.#shell,
      room: this.#room,
      thread: null,
      typing: this.#typing,
      placeholder: (state) => `Message ${roomLabel(state.room, this.#others)}${this.#chat.dataset["orAsk"] ?? ""}`,
      editLast: () => this.#editLast(),
      sent: () => this.#sent(),
    });
  }

  #makeActions(): ActionsLater {
    return new ActionsLater(this.#log, this.#shell, {
      state: () => this.#state,
      quote: (message) => this.#composer.setQuote(message),
      openThread: (root, opener) => this.#openThread(root, opener),
      showQuoted: (id) => void this.reveal(id),
      opened: (id) => this.#setOpen(id),
      focusComposer: () => this.#composer.focus(),
    });
  }

  #listen(): void {
    const { session } = this.#shell;
    this.#stops.push(session.room.subscribe((state) => state, this.#redraw));
    this.#stops.push(session.outbox.subscribe(this.#redraw), session.connection.onState(this.#redraw));
    this.#stops.push(session.connection.onEvent((event) => this.#announce(event)));
    const { signal } = this.#abort;
    window.addEventListener("pagehide", () => this.#leavePage(), { signal });
    window.addEventListener("focus", () => session.lookAgain(), { signal });
    part(this.#chat, "[data-part=pill]").addEventListener("click", () => this.#jump(), { signal });
    this.#log.element.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.#log.element.addEventListener("click", (event) => this.#clicked(event), { signal });
    // Midnight: "Today" becomes "Yesterday".
    const hourly = setInterval(this.#redraw, 60_000);
    this.#stops.push(() => clearInterval(hourly));
  }

  // RoomPane

  reveal(message: string): void {
    void this.#show(message, true);
  }

  focus(): void {
    this.#composer.focus();
  }

  insert(text: string): void {
    this.#composer.insert(text);
  }

  escape(): boolean {
    if (this.#thread?.escape() === true) return true;
    return this.#actions.cancelEdit() || this.#composer.escape();
  }

  markRead(): void {
    this.#reads.all();
  }

  unmount(): void {
    if (this.#gone) return;
    this.#keepPosition();
    this.#gone = true;
    this.#abort.abort();
    for (const stop of this.#stops) stop();
    this.#typing.dispose();
    this.#reads.dispose();
    this.#composer.dispose();
    this.#actions.dispose();
    this.#parts.dispose();
    this.#shell.session.beside.talks.delete(this.#room);
    this.#log.dispose();
  }

  // Drawing

  get #state(): RoomSnapshot | null {
    const state = this.#shell.session.room.get();
    return state?.room.id === this.#room ? state : null;
  }

  get #others(): PersonView[] {
    const home = this.#shell.session.home.get();
    return home.rooms.find((summary) => summary.room.id === this.#room)?.people ?? [];
  }

  #context(state: RoomSnapshot): RowContext {
    const { session } = this.#shell;
    return {
      me: session.me,
      people: session.people,
      room: state.room,
      canReact: canReact(state),
      canPost: canPost(state),
      chips: true,
      open: this.#open,
      online: session.connection.state === "online",
      about: (place, message) => this.#parts.about(place, message),
      files: (place, message) => this.#parts.files(place, message),
      run: (row, message) => this.#parts.run(row, message),
      card: (row, message) => this.#parts.card(row, message),
    };
  }

  #drawAll(): void {
    this.#drawn = null;
    this.#draw();
  }

  #draw(): void {
    const state = this.#state;
    if (state === null || this.#gone) return;
    this.#reads.check();
    const { session } = this.#shell;
    const pending = state.has_after ? [] : session.outbox.of(this.#room);
    const entries = entriesOf({ messages: state.messages, pending, me: session.me, newAfter: this.#reads.newAfter, fromStart: !state.has_before });
    const drawn = this.#drawn;
    const now = { permissions: state.permissions, open: this.#open, room: state.room, people: session.people.changes };
    this.#drawn = now;
    const rights = drawn?.permissions !== now.permissions || drawn.open !== now.open;
    const all = rights || drawn.room !== now.room || drawn.people !== now.people;
    // That somebody made the room is no talk yet.
    const quiet = !state.has_before && state.messages.length <= 1 && state.messages.every((message) => message.kind === "system");
    const empty = quiet && pending.length === 0;
    this.#log.element.setAttribute("aria-label", `Messages in ${roomLabel(state.room, this.#others)}`);
    this.#log.draw(empty ? [] : entries, this.#context(state), all);
    if (empty) this.#log.element.replaceChildren(emptyRoom(state, this.#others));
    this.#drawPill(state);
    this.#pages.check();
  }

  #drawPill(state: RoomSnapshot): void {
    const pill = part(this.#chat, "[data-part=pill]");
    const away = this.#log.scroll.below() > this.#log.element.clientHeight || state.has_after;
    pill.hidden = !away || (state.unread === 0 && !state.has_after);
    if (pill.hidden) return;
    const count = state.unread >= 100 ? "99+ new messages" : plural(state.unread, "new message", "new messages");
    part(pill, "[data-part=pill-text]").textContent = state.unread > 0 ? count : "Newest messages";
  }

  // Where the log stands

  #placeFirst(message: string | null): void {
    if (message !== null) return void this.#show(message, false);
    const kept = keptPosition(this.#room);
    if (kept !== null) return void this.#backTo(kept.id, kept.offset);
    this.#log.scroll.toEnd();
    // A long way behind: begin to read where one stopped.
    const line = this.#log.element.querySelector<HTMLElement>(".new-mark");
    if (line !== null && this.#log.element.scrollHeight - line.offsetTop > this.#log.element.clientHeight) this.#log.goToNew();
    this.#scrolled();
  }

  async #backTo(id: string, offset: number): Promise<void> {
    if (!this.#log.scroll.goTo({ id, offset })) {
      try {
        await this.#shell.session.openRoom(this.#room, id);
      } catch {
        return this.#log.scroll.toEnd();
      }
      if (this.#gone) return;
      this.#draw();
      if (!this.#log.scroll.goTo({ id, offset })) this.#log.scroll.toEnd();
    }
    this.#scrolled();
  }

  async #show(message: string, focus: boolean): Promise<void> {
    if (this.#log.reveal(message, focus)) return;
    try {
      await this.#shell.session.openRoom(this.#room, message);
    } catch (error) {
      if (!this.#gone) this.#shell.fail("That message cannot be shown", error);
      return;
    }
    if (this.#gone) return;
    this.#draw();
    if (!this.#log.reveal(message, focus)) await this.#showReply(message);
  }

  /** A reply that stands only in its thread: the page has the root in its middle. */
  async #showReply(message: string): Promise<void> {
    const messages = this.#state?.messages ?? [];
    const middle = messages.length / 2;
    const roots = messages.map((one, index) => ({ one, far: Math.abs(index - middle) })).filter(({ one }) => one.thread !== null);
    for (const { one } of roots.sort((a, b) => a.far - b.far).slice(0, ROOTS_TRIED)) {
      const thread = await api.thread(this.#room, one.id).catch(() => null);
      if (this.#gone) return;
      if (thread?.replies.some((reply) => reply.id === message) !== true) continue;
      this.#log.reveal(one.id, false);
      return this.#openThread(one.id, null, message);
    }
    this.#shell.toast({ kind: "info", title: "That message cannot be shown", text: "It is not here any more." });
  }

  /** A font that came late may have moved the rows since the last scroll. */
  #leavePage(): void {
    if (this.#log.element.clientHeight > 0) this.#log.scroll.note();
    this.#keepPosition();
  }

  #keepPosition(): void {
    if (!this.#gone) keepPosition(this.#room, this.#log.scroll.position());
  }

  #scrolled(): void {
    const state = this.#state;
    if (state === null || this.#gone) return;
    this.#reads.check();
    this.#drawPill(state);
    this.#pages.check();
  }

  /** The pill: first to the "New" line, then to the end. */
  #jump(): void {
    const state = this.#state;
    if (state === null) return;
    if (state.has_after) return void this.#toNewest();
    if (!this.#log.goToNew()) this.#log.scroll.toEnd();
    this.#scrolled();
    this.#composer.focus();
  }

  async #toNewest(): Promise<void> {
    if (this.#state?.has_after === true) {
      try {
        await this.#shell.session.loadLatest();
      } catch (error) {
        return this.#shell.fail("The newest messages could not be loaded", error);
      }
      this.#draw();
    }
    this.#log.scroll.toEnd();
    this.#scrolled();
  }

  #sent(): void {
    if (this.#state?.has_after === true) void this.#toNewest();
    else this.#log.scroll.toEnd();
  }

  // Keys and clicks

  #pressed(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target !== this.#log.element && !target.matches(".msg")) return;
    if (event.key !== "End" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    void this.#toNewest().then(() => this.#log.focusLast());
  }

  #clicked(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do=say-hello]") : null;
    if (button === null) return;
    this.#composer.focus();
    this.#composer.insert("Hello! 👋");
  }

  #editLast(): boolean {
    const { me } = this.#shell.session;
    const own = (message: MessageView) => message.author === me && message.kind === "user" && message.deleted_at === null;
    return this.#actions.editLast(own);
  }

  // Threads and history beside the log

  #setOpen(id: string | null): void {
    this.#open = id;
    this.#redraw();
  }

  #openThread(root: string, opener: HTMLElement | null, reply: string | null = null): void {
    if (this.#open === root && this.#thread !== null) return this.#shell.closePane();
    import("../later")
      .then((module) => this.#gone || this.#showThread(module, root, opener, reply))
      .catch((error: unknown) => this.#shell.fail("The thread could not be opened", error));
  }

  #showThread(module: typeof import("../later"), root: string, opener: HTMLElement | null, reply: string | null): void {
    const pane: ThreadPane = new module.ThreadPane({
      shell: this.#shell,
      room: this.#room,
      root,
      opener,
      reply,
      reads: this.#reads,
      state: () => this.#state,
      showQuoted: (id) => this.reveal(id),
      closed: () => {
        if (this.#thread !== pane) return;
        this.#thread = null;
        this.#setOpen(null);
      },
    });
    this.#thread = pane;
    this.#setOpen(root);
  }

  #announce(event: AnyEvent): void {
    if (event.topic !== `room:${this.#room}` || event.type !== "message.created") return;
    const { message } = event.data;
    if (message.author === this.#shell.session.me || message.run !== null || !shownInRoom(message)) return;
    if (message.card !== null) return void import("../dashboard/cards/parts").then(({ announceCard }) => announceCard(this.#shell, message), () => undefined);
    this.#shell.announceMessage(this.#shell.session.people.author(message), excerpt(textOf(message.html)));
  }
}
