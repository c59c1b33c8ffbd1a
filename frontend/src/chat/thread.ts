// A thread beside its room: the root, its replies, and a composer of its own.
// Opened by room.ts through shell.showPane. It reads the session's thread store and sends through the outbox.

import { attentionOf } from "../attention";
import { clone, onceAFrame, part } from "../dom";
import { firstName, roomLabel } from "../people";
import type { MessageView, RoomSnapshot, ThreadSnapshot } from "../protocol";
import type { Shell } from "../shell/contract";
import { Actions } from "./actions";
import { Cards } from "./cards";
import { Composer } from "./composer";
import { threadEntries } from "./entries";
import { Log } from "./log";
import { drawFiles } from "./media/files";
import { answersLater, cardsLater } from "./parts_later";
import { canPost, canReact } from "./rights";
import { plural, type RowContext } from "./row";
import { Typing } from "./typing";
import type { ReadMarker } from "./unread";

interface Options {
  shell: Shell;
  room: number;
  root: string;
  opener: HTMLElement | null;
  /** A reply to show and light first. */
  reply: string | null;
  reads: ReadMarker;
  state(): RoomSnapshot | null;
  showQuoted(id: string): void;
  closed(): void;
}

export class ThreadPane {
  readonly #options: Options;
  readonly #pane = clone("t-thread");
  readonly #log: Log;
  readonly #actions: Actions;
  readonly #composer: Composer;
  readonly #typing: Typing;
  readonly #cards: Cards;
  readonly #stops: (() => void)[] = [];
  readonly #answers: ReturnType<typeof answersLater>;
  readonly #carried: ReturnType<typeof cardsLater>;
  #shown = false;
  #drawnState: RoomSnapshot | null = null;
  #drawnPeople = 0;
  #readKnown = 0;
  #readTold = 0;

  constructor(options: Options) {
    this.#options = options;
    const { shell, room, root } = options;
    const { session } = shell;
    this.#log = new Log(part(this.#pane, "[data-part=log]"), () => this.#looked());
    this.#typing = new Typing(session, part(this.#pane, "[data-part=typing]"), room, root);
    this.#composer = new Composer({
      place: part(this.#pane, "[data-part=composer]"),
      shell,
      room,
      thread: root,
      typing: this.#typing,
      placeholder: () => this.#placeholder(),
      editLast: () => this.#editLast(),
      sent: () => this.#log.scroll.toEnd(),
    });
    this.#cards = new Cards(shell, () => options.state()?.room ?? null, (places) => this.#log.grown(places));
    this.#actions = new Actions(this.#log, shell, {
      state: options.state,
      quote: (message) => this.#composer.setQuote(message),
      showQuoted: (id) => this.#log.reveal(id, true) || options.showQuoted(id),
      opened: () => undefined,
      focusComposer: () => this.#composer.focus(),
    });
    const draw = onceAFrame(() => this.#draw());
    const redraw = () => {
      this.#drawnState = null;
      draw();
    };
    this.#answers = answersLater({ shell, log: this.#log, state: options.state }, redraw);
    this.#carried = cardsLater({ shell, log: this.#log, state: options.state }, redraw);
    this.#stops.push(session.thread.subscribe((state) => state, draw));
    this.#stops.push(session.room.subscribe((state) => state, draw));
    this.#stops.push(session.outbox.subscribe(draw), session.connection.onState(draw));
    this.#stops.push(attentionOf(session).store.subscribe((state) => state, draw));
    for (const name of ["focus", "visibilitychange"]) {
      addEventListener(name, draw, true);
      this.#stops.push(() => removeEventListener(name, draw, true));
    }
    shell.showPane(this.#pane, { opener: options.opener, onClose: () => this.#dispose() });
    session.openThread(room, root).catch((error: unknown) => {
      shell.closePane();
      shell.fail("The thread could not be opened", error);
    });
  }

  /** Esc inside the pane: an edit or a quote first. */
  escape(): boolean {
    if (!this.#pane.contains(document.activeElement)) return false;
    return this.#actions.cancelEdit() || this.#composer.escape();
  }

  #dispose(): void {
    this.#answers.dispose();
    this.#carried.dispose();
    for (const stop of this.#stops) stop();
    this.#typing.dispose();
    this.#composer.dispose();
    this.#actions.dispose();
    this.#cards.dispose();
    this.#log.dispose();
    this.#options.shell.session.closeThread();
    this.#options.closed();
  }

  get #thread(): ThreadSnapshot | null {
    const thread = this.#options.shell.session.thread.get();
    return thread?.root.id === this.#options.root ? thread : null;
  }

  #placeholder(): string {
    const author = this.#options.shell.session.people.get(this.#thread?.root.author ?? null);
    return author === null ? "Reply" : `Reply to ${firstName(author)}`;
  }

  #editLast(): boolean {
    return this.#actions.editLast((message) => this.#isOwn(message));
  }

  #isOwn(message: MessageView): boolean {
    return message.author === this.#options.shell.session.me && message.deleted_at === null && message.kind === "user" && message.id !== this.#options.root;
  }

  #context(state: RoomSnapshot): RowContext {
    const { session } = this.#options.shell;
    return {
      me: session.me,
      people: session.people,
      room: state.room,
      canReact: canReact(state),
      canPost: canPost(state),
      chips: false,
      open: null,
      online: session.connection.state === "online",
      about: (place, message) => this.#cards.draw(place, message),
      files: (place, message) => drawFiles(place, { shell: this.#options.shell, room: state.room, message }),
      run: (row, message) => this.#answers.draw(row, message),
      card: (row, message) => this.#carried.draw(row, message),
    };
  }

  #draw(): void {
    const thread = this.#thread;
    const options = this.#options;
    const state = this.#options.state();
    if (thread === null || state === null) return;
    const { session } = this.#options.shell;
    const pending = session.outbox.of(this.#options.room, this.#options.root).filter((item) => item.thread === this.#options.root);
    const all = this.#drawnState?.permissions !== state.permissions || this.#drawnPeople !== session.people.changes;
    this.#drawnState = state;
    this.#drawnPeople = session.people.changes;
    const first = !this.#shown;
    if (first) this.#log.scroll.atEnd = thread.replies.length > 0;
    this.#log.draw(threadEntries(thread.root, thread.replies, pending, session.me), this.#context(state), all);
    this.#shown = true;
    this.#log.rowOfMessage(thread.root.id)?.classList.add("root");
    const people = new Set([thread.root.author, ...thread.replies.map((reply) => reply.author)]);
    part(this.#pane, "[data-part=people]").textContent = `${plural(people.size, "person", "people")} in ${roomLabel(state.room, this.#others())}`;
    if (first && options.reply !== null) this.#log.reveal(options.reply, false);
    if (first) {
      this.#composer.refresh();
      this.#composer.focus();
    }
    this.#looked();
  }

  #others() {
    const home = this.#options.shell.session.home.get();
    return home.rooms.find((summary) => summary.room.id === this.#options.room)?.people ?? [];
  }

  /** A thread that one follows is read where it is looked at; one that was marked unread stays so until one comes back. */
  #read(seq: number): void {
    const { session } = this.#options.shell;
    const mark = attentionOf(session).thread(this.#options.root);
    if (mark === null) return;
    if (mark.last_read_seq < this.#readKnown) this.#readTold = Infinity;
    this.#readKnown = mark.last_read_seq;
    if (seq <= Math.max(mark.last_read_seq, this.#readTold)) return;
    this.#readTold = seq;
    session.command("thread.set_read", { root: this.#options.root, seq }, this.#options.room).catch(() => (this.#readTold = 0));
  }

  #looked(): void {
    const thread = this.#thread;
    if (thread === null || !this.#log.scroll.atEnd) return;
    const last = thread.replies[thread.replies.length - 1];
    this.#options.reads.seen(last);
    if (last !== undefined && !document.hidden && document.hasFocus()) this.#read(last.seq);
  }
}
