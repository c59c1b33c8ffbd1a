// What one does with a message: react, reply, edit, delete, copy its link, try again; by click, key, menu or long press.
// One for each log, in a room made by actions_later.ts. It draws nothing itself and asks the server for everything; the
// answer comes as an event.

import { choicesOf, isOffered } from "../assistant/choice";
import { beginQuestion } from "../assistant/room";
import { closest, isTextField } from "../dom";
import { thenUrl } from "../beside";
import type { MessageView, RoomSnapshot } from "../protocol";
import { excerpt } from "../reducers/messages";
import type { MenuItem, Question, Shell } from "../shell/contract";
import { revertEdits } from "../shell/person";
import { withoutMarks } from "../words";
import { hasOwnMenu } from "./actions_later";
import { Editing } from "./edit";
import { rememberEmoji } from "./emoji";
import { emojiName, QUICK } from "./emoji_names";
import { openHistory } from "./history";
import { keepItems } from "./keep_items";
import type { Log } from "./log";
import { openPicker } from "./picker";
import { blockFiles, mayBlock, mayReport, maySanction, reportMessage, sanctionPerson } from "./report";
import { canDelete, canEdit, canPost, canReact } from "./rights";
import { permalink } from "./row";

const LONG_PRESS_MS = 500;
const PRESS_SLACK_PX = 10;

export interface ActionHooks {
  state(): RoomSnapshot | null;
  quote(message: MessageView): void;
  /** Absent inside a thread. */
  openThread?(root: string, opener: HTMLElement | null): void;
  showQuoted(id: string): unknown;
  /** The history of a message stands open beside the log (null: no more). */
  opened(id: string | null): void;
  focusComposer(): void;
}

interface Target {
  message: MessageView;
  row: HTMLElement;
  state: RoomSnapshot;
}

/** A finger on a message. */
interface Press {
  target: Target;
  /** It has been there long enough. */
  long: boolean;
  x: number;
  y: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

function deletion(message: MessageView): Question {
  const text = "It is gone for everybody. You cannot undo this.";
  return { title: "Delete this message?", text, quote: withoutMarks(excerpt(message.body)), go: "Delete", danger: true };
}

export class Actions {
  readonly #log: Log;
  readonly #shell: Shell;
  readonly #hooks: ActionHooks;
  #editing: Editing | null = null;
  #press: Press | null = null;
  readonly #abort = new AbortController();

  constructor(log: Log, shell: Shell, hooks: ActionHooks) {
    this.#log = log;
    this.#shell = shell;
    this.#hooks = hooks;
    const { element } = log;
    const { signal } = this.#abort;
    for (const name of ["click", "keydown", "contextmenu"] as const) element.addEventListener(name, (event) => this.hear(event), { signal });
    element.addEventListener("pointerdown", (event) => this.#pressStart(event), { signal });
    element.addEventListener("scroll", () => this.#pressDrop(), { signal, passive: true });
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => this.#pressEnd(), { signal });
    element.addEventListener("pointermove", (event) => this.#pressMoved(event), { signal });
  }

  dispose(): void {
    this.#pressDrop();
    this.#abort.abort();
  }

  /** Takes a click of either button or a key in the log; also one that came before this was made. */
  hear(event: MouseEvent | KeyboardEvent): void {
    if (event instanceof KeyboardEvent) this.#pressed(event);
    else if (event.type === "contextmenu") this.#rightClicked(event);
    else this.#clicked(event);
  }

  // Editing

  /** Puts a box in the place of a message's text. */
  edit(row: HTMLElement, message: MessageView): void {
    this.#editing ??= new Editing(this.#shell.session, this.#shell, {
      closed: (row) => (row?.isConnected ? this.#log.activate(row) : this.#hooks.focusComposer()),
      emptied: (message) => void this.#remove(message, false),
    });
    this.#editing.start(row, message);
  }

  /** Edits the newest message that passes; false when there is none. */
  editLast(test: (message: MessageView) => boolean): boolean {
    const last = this.#log.lastWhere(({ message, pending }) => pending === null && test(message));
    const row = last === null ? null : this.#log.rowOfMessage(last.message.id);
    if (last === null || row === null) return false;
    this.edit(row, last.message);
    return true;
  }

  /** Ends an edit; false when there was none. */
  cancelEdit(): boolean {
    if (this.#editing?.active !== true) return false;
    this.#editing.cancel();
    return true;
  }

  #target(element: Element | null): Target | null {
    const entry = this.#log.entryOf(element);
    const state = this.#hooks.state();
    const row = element?.closest<HTMLElement>(".msg") ?? null;
    if (entry === null || state === null || row === null) return null;
    return entry.pending === null && entry.message.deleted_at === null ? { message: entry.message, row, state } : null;
  }

  // Ways in

  #clicked(event: MouseEvent): void {
    const button = closest(event, "[data-do]");
    if (button === null) return this.#clickedText(event);
    const entry = this.#log.entryOf(button);
    const name = button.dataset["do"] ?? "";
    if (entry !== null && (name === "retry-send" || name === "discard-send")) {
      event.stopPropagation();
      const { cid } = entry.message;
      if (cid !== null) void (name === "retry-send" ? this.#shell.session.outbox.retry(cid) : this.#shell.session.outbox.discard(cid));
      return;
    }
    if (entry !== null && name === "open-thread") this.#hooks.openThread?.(entry.message.id, button);
    const target = this.#target(button);
    if (target !== null) this.#run(name, target, button);
  }

  #clickedText(event: MouseEvent): void {
    const at = closest(event, ".at[data-user]");
    const face = closest(event, "[data-part=avatar], [data-part=author]");
    const author = face === null ? null : (this.#log.entryOf(face)?.message.author ?? null);
    if (at !== null) this.#shell.openPerson(Number(at.dataset["user"]), at);
    else if (face !== null && author !== null) this.#shell.openPerson(author, face);
  }

  #run(name: string, target: Target, button: HTMLElement): void {
    const { message, row } = target;
    if (name === "toggle-reaction") this.#react(message, button.dataset["emoji"] ?? "");
    else if (name === "pick-reaction") this.#pick(message, button);
    else if (name === "quote-message") this.#hooks.quote(message);
    else if (name === "edit-message") this.edit(row, message);
    else if (name === "open-menu") this.#menu(target, button);
    else if (name === "open-history") this.#history(message, button);
    else if (name === "show-quoted") this.#hooks.showQuoted(button.dataset["quoted"] ?? "");
  }

  #pressed(event: KeyboardEvent): void {
    const row = event.target instanceof HTMLElement && event.target.matches(".msg") ? event.target : null;
    if (row === null || isTextField(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = this.#target(row);
    if (target === null) return;
    if (event.key === "Enter") this.#menu(target, row);
    else if (event.key === "Delete") void this.#remove(target.message, event.shiftKey);
    else if (!this.#letter(event.key, target)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Letters act only where the person has not switched them off. */
  #letter(key: string, { message, row, state }: Target): boolean {
    const { session } = this.#shell;
    if (!session.home.get().preferences.letter_shortcuts) return false;
    const actions: Record<string, () => void> = {
      "+": () => canReact(state) && this.#pick(message, row),
      r: () => canPost(state) && this.#hooks.quote(message),
      t: () => this.#hooks.openThread?.(message.id, row),
      e: () => canEdit(state, message, session.me) && this.edit(row, message),
      l: () => void this.#copyLink(message, state),
    };
    const action = actions[key.toLowerCase()];
    action?.();
    return action !== undefined;
  }

  #rightClicked(event: MouseEvent): void {
    if (hasOwnMenu(event)) return;
    const target = this.#target(event.target as Element);
    if (target === null) return;
    event.preventDefault();
    // A finger: the press itself opens the menu when it is lifted.
    if (this.#press !== null) return;
    const keyboard = event.clientX === 0 && event.clientY === 0;
    this.#menu(target, target.row, keyboard ? undefined : { x: event.clientX, y: event.clientY });
  }

  #pressStart(event: PointerEvent): void {
    this.#pressDrop();
    if (event.pointerType !== "touch" || closest(event, "a[href], button, textarea") !== null) return;
    const target = this.#target(event.target as Element);
    if (target === null) return;
    const press: Press = { target, long: false, x: event.clientX, y: event.clientY, timer: undefined };
    press.timer = setTimeout(() => {
      press.long = true;
      target.row.classList.add("hot");
    }, LONG_PRESS_MS);
    this.#press = press;
  }

  #pressMoved(event: PointerEvent): void {
    const press = this.#press;
    if (press !== null && Math.hypot(event.clientX - press.x, event.clientY - press.y) > PRESS_SLACK_PX) this.#pressDrop();
  }

  #pressDrop(): void {
    if (this.#press === null) return;
    clearTimeout(this.#press.timer);
    this.#press.target.row.classList.remove("hot");
    this.#press = null;
  }

  /** Opens the menu only now: the end of the press would close a popover that was opened during it. */
  #pressEnd(): void {
    const press = this.#press;
    this.#pressDrop();
    if (press?.long === true) setTimeout(() => this.#menu(press.target, press.target.row));
  }

  // The menu

  #menu(target: Target, anchor: HTMLElement, at?: { x: number; y: number }): void {
    const { message, row, state } = target;
    const quick = {
      emoji: QUICK.map((emoji) => ({ emoji, name: emojiName(emoji) })),
      pick: (emoji: string) => this.#react(message, emoji),
      more: () => this.#pick(message, row),
    };
    this.#shell.openMenu({
      label: "Message actions",
      anchor,
      items: this.#items(target),
      ...(at === undefined ? {} : { at }),
      ...(canReact(state) ? { quick } : {}),
    });
  }

  /** What this person may do with this message; the rest is absent, not grey. */
  #items({ message, row, state }: Target): MenuItem[] {
    const { session } = this.#shell;
    const { openThread } = this.#hooks;
    const then = thenUrl(state.room, message.beside);
    const asked = choicesOf(session).of(message.room);
    const author = message.author === null || message.kind === "system" ? null : session.people.get(message.author);
    const items: (MenuItem | false)[] = [
      openThread !== undefined && (canPost(state) || message.thread !== null) && { text: "Reply in thread", icon: "message-square-text", key: "T", run: () => openThread(message.id, row) },
      canPost(state) && { text: "Quote reply", icon: "quote", key: "R", run: () => this.#hooks.quote(message) },
      canPost(state) && isOffered(asked) && { text: "Ask the assistant", icon: "sparkles", run: () => this.#ask(message) },
      canEdit(state, message, session.me) && { text: "Edit", icon: "pencil-line", key: "E", run: () => this.edit(row, message) },
      then !== null && { text: "Code at that time", icon: "history", run: () => this.#shell.navigate(then) },
      ...keepItems(this.#shell, message, state),
      { text: "Copy link", icon: "link", key: "L", run: () => void this.#copyLink(message, state) },
      { text: "Copy text", icon: "copy", run: () => void this.#copy(message.body, "Text copied") },
      mayReport(message, session.me) && { text: "Report…", icon: "flag", line: true, run: () => void reportMessage(this.#shell, message) },
      mayBlock(state, message) && { text: "Block files…", icon: "file-x", danger: true, run: () => void blockFiles(this.#shell, message) },
      author !== null && maySanction(state, author.id, session.me) && { text: "Mute, remove or ban…", icon: "gavel", danger: true, run: () => void sanctionPerson(this.#shell, state, author) },
      author !== null && author.id !== session.me && state.permissions.includes("moderate") && { text: "Revert code edits…", icon: "undo-2", danger: true, run: () => void revertEdits(this.#shell, state.room.id, author.id) },
      canDelete(state, message, session.me) && { text: "Delete", icon: "trash-2", key: "Del", danger: true, line: true, run: (event) => void this.#remove(message, event.shiftKey) },
    ];
    return items.filter((item): item is MenuItem => item !== false);
  }

  // What is done

  /** Quotes the message in a question, which one goes on to write. */
  #ask(message: MessageView): void {
    this.#hooks.quote(message);
    beginQuestion(choicesOf(this.#shell.session).of(message.room));
  }

  #pick(message: MessageView, opener: HTMLElement): void {
    const { me } = this.#shell.session;
    openPicker({ opener, me, choose: (emoji) => this.#react(message, emoji) });
  }

  #react(message: MessageView, emoji: string): void {
    const { session } = this.#shell;
    const now = this.#log.entryOf(this.#log.rowOfMessage(message.id))?.message ?? message;
    const mine = now.reactions.some((one) => one.emoji === emoji && one.users.includes(session.me));
    if (!mine) rememberEmoji(session.me, emoji);
    session
      .command(mine ? "reaction.remove" : "reaction.add", { message: message.id, emoji }, message.room)
      .catch((error: unknown) => this.#shell.fail("The reaction was not saved", error));
  }

  async #remove(message: MessageView, sure: boolean): Promise<void> {
    const { session } = this.#shell;
    const state = this.#hooks.state();
    if (state === null || !canDelete(state, message, session.me)) return;
    const doIt = () => session.command("message.delete", { id: message.id }, message.room);
    try {
      if (sure) await doIt();
      else if ((await this.#shell.confirm(deletion(message), doIt)) === null) return;
      this.#editing?.cancel();
    } catch (error) {
      this.#shell.fail("The message was not deleted", error);
    }
  }

  #history(message: MessageView, button: HTMLElement): void {
    const closed = () => {
      button.setAttribute("aria-expanded", "false");
      this.#hooks.opened(null);
    };
    button.setAttribute("aria-expanded", "true");
    openHistory(this.#shell, message, button, closed);
    this.#hooks.opened(message.id);
  }

  #copyLink(message: MessageView, state: RoomSnapshot): Promise<void> {
    return this.#copy(new URL(permalink(state.room, message.id), location.href).href, "Link copied");
  }

  async #copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#shell.toast({ kind: "info", title: done });
    } catch {
      this.#shell.toast({ kind: "error", title: "The browser did not allow copying", text });
    }
  }
}
