// The chat while one looks at an old version: a line at the moment of that version, later messages dimmed, and under each
// message the version that its author had open. Made by the history's control; on a narrow screen, where code and chat take
// turns, it outlives the control until one comes back to live. It only adds to the rows that the chat draws.

import * as api from "../../api";
import { thenUrl } from "../../beside";
import { clone, maybe, part } from "../../dom";
import type { MessageView, RoomView, SaidThen } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { isCovered, saidBefore, versionOf, type CutMoment } from "./cut";
import { shortWhen } from "./words";

/** The room's log, and that of an open thread. */
const LOGS = "[data-part=chat] [data-part=log], [data-part=second] [role=log][data-top]";
const LATER = "Written later than the code shown";
const END_PX = 48;
/** So long a version is shown before the chat follows. */
const REST_MS = 300;

/** Where a log stood before one looked back; null is its end. */
interface Stand {
  id: string;
  offset: number;
}

export class ChatCut {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #lines = new Map<HTMLElement, HTMLElement>();
  readonly #watching = new MutationObserver(() => this.#draw());
  readonly #stops: (() => void)[];
  #moment: CutMoment | null = null;
  #key = "";
  #stand: Stand | null = null;
  #moved = false;
  #asked = "";
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** The version that rests and whose line is not in view yet: its moment may come later, with its text. */
  #due: number | null = null;
  /** Code and chat take turns here: the line leads back to the code. */
  #isAway = false;

  constructor(shell: Shell, room: number) {
    this.#shell = shell;
    this.#room = room;
    const later = () => {
      if (this.#moment === null) return;
      // With the room the line goes.
      if (shell.session.room.get()?.room.id !== room) this.close();
      else
        requestAnimationFrame(() => {
          this.#draw();
          this.#rest();
        });
    };
    this.#stops = [shell.session.room.subscribe((state) => state, later), shell.session.thread.subscribe((state) => state, later)];
  }

  /** Shows the moment of a version; null takes everything away again. */
  show(moment: CutMoment | null): void {
    const key = moment === null ? "" : JSON.stringify(moment);
    if (key === this.#key) return;
    if (this.#key === "") this.#begin();
    this.#key = key;
    this.#moment = moment;
    if (moment === null) return this.#end();
    this.#draw();
    this.#rest();
  }

  /** Messages of the room's log that are dimmed. */
  get later(): number {
    return document.querySelectorAll("[data-part=chat] [data-part=log] > .then ~ .msg").length;
  }

  /** A version was chosen: when one rests there, its line comes into view, with the messages around it if they are not here. */
  rest(version: number): void {
    clearTimeout(this.#resting);
    this.#due = null;
    const rested = () => {
      this.#due = version;
      this.#rest();
    };
    this.#resting = setTimeout(rested, REST_MS);
  }

  #rest(): void {
    const state = this.#shell.session.room.get();
    const moment = this.#moment;
    if (moment === null || moment.version !== this.#due || state?.room.id !== this.#room) return;
    this.#due = null;
    if (isCovered(saidBefore(state.messages, moment), state)) this.#bring();
    else void this.#fetch(moment);
  }

  /** The pane is closed. Where the chat is on another screen the line stays, and leads back. */
  leave(stays: boolean): void {
    if (!stays || this.#moment === null) return this.close();
    this.#isAway = true;
    this.#draw();
    this.rest(this.#moment.version);
  }

  close(): void {
    clearTimeout(this.#resting);
    this.#due = null;
    this.show(null);
    for (const stop of this.#stops) stop();
    this.#watching.disconnect();
  }

  // What is around the line

  async #fetch({ document, version }: CutMoment): Promise<void> {
    const key = `${document} ${version}`;
    // When the next version was made may become known meanwhile.
    const isShown = () => this.#moment?.document === document && this.#moment.version === version;
    if (this.#asked === key) return;
    this.#asked = key;
    try {
      const { newest } = await api.get<SaidThen>(`/api/documents/${document}/said/`, { v: version });
      if (newest === null || !isShown()) return;
      this.#moved = true;
      await this.#shell.session.openRoom(this.#room, newest);
      // The chat draws its rows with the next frame.
      requestAnimationFrame(() => requestAnimationFrame(() => isShown() && this.#bring()));
    } catch {
      // The messages that are here stay; the next version asks again.
      this.#asked = "";
    }
  }

  #begin(): void {
    const log = this.#logs[0];
    this.#moved = false;
    this.#asked = "";
    this.#stand = log === undefined || isAtEnd(log) ? null : standOf(log);
  }

  #end(): void {
    const log = this.#logs[0];
    for (const one of [...this.#lines.keys()]) this.#clear(one);
    this.#watching.disconnect();
    if (log === undefined || log.clientHeight === 0) return;
    const back = () => {
      if (this.#key !== "") return;
      if (this.#stand === null) log.scrollTop = log.scrollHeight;
      else putBack(log, this.#stand);
    };
    const { session } = this.#shell;
    if (!this.#moved || session.room.get()?.room.id !== this.#room) return back();
    const loaded = this.#stand === null ? session.loadLatest() : session.openRoom(this.#room, this.#stand.id);
    loaded.then(() => requestAnimationFrame(() => requestAnimationFrame(back)), () => undefined);
  }

  #bring(): void {
    const log = this.#logs[0];
    const line = log === undefined ? undefined : this.#lines.get(log);
    if (log === undefined || line === undefined || log.clientHeight === 0) return;
    const top = line.getBoundingClientRect().top - log.getBoundingClientRect().top;
    if (top >= 0 && top + line.offsetHeight <= log.clientHeight) return;
    log.scrollTop += top - log.clientHeight / 2;
    // What the chat draws before the browser tells it would put it back to where it was.
    log.dispatchEvent(new Event("scroll"));
  }

  // Drawing

  get #logs(): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>(LOGS)];
  }

  #messages(): Map<string, MessageView> {
    const { session } = this.#shell;
    const thread = session.thread.get();
    const all = [...(session.room.get()?.messages ?? []), ...(thread === null ? [] : [thread.root, ...thread.replies])];
    return new Map(all.map((message) => [message.id, message]));
  }

  #draw(): void {
    const moment = this.#moment;
    const state = this.#shell.session.room.get();
    if (moment === null || state?.room.id !== this.#room) return;
    const messages = this.#messages();
    const logs = this.#logs;
    for (const log of this.#lines.keys()) if (!logs.includes(log)) this.#lines.delete(log);
    for (const log of logs) keeping(log, () => this.#drawLog(log, moment, messages, state.room));
    this.#watching.disconnect();
    for (const log of logs) this.#watching.observe(log, { childList: true });
  }

  #drawLog(log: HTMLElement, moment: CutMoment, messages: ReadonlyMap<string, MessageView>, room: RoomView): void {
    const rows = [...log.querySelectorAll<HTMLElement>(":scope > [data-id]")];
    // What is on its way has no time yet: it is later than everything.
    const known = rows.flatMap((row) => messages.get(row.dataset["id"] ?? "") ?? []);
    const before = saidBefore(known, moment);
    const last = before === 0 ? -1 : rows.findIndex((row) => row.dataset["id"] === known[before - 1]?.id);
    const first = rows[last + 1] ?? null;
    this.#place(log, first, moment, room);
    let isLater = false;
    for (const row of rows) {
      isLater ||= row === first;
      if (isLater) row.setAttribute("aria-description", LATER);
      else row.removeAttribute("aria-description");
      drawWritten(row, messages.get(row.dataset["id"] ?? ""), moment.document, room);
    }
  }

  /** The line stands before the day or the "New" line that the first later message begins. */
  #place(log: HTMLElement, first: HTMLElement | null, moment: CutMoment, room: RoomView): void {
    const line = this.#lines.get(log) ?? this.#makeLine();
    this.#lines.set(log, line);
    const words = this.#isAway ? "the code you looked at" : log.dataset["top"] === undefined ? "the code on the right" : "the code you look at";
    this.#fill(line, moment, room, words);
    let next: Element | null = first;
    const before = () => (next?.previousElementSibling === line ? line.previousElementSibling : (next?.previousElementSibling ?? null));
    while (next !== null && before()?.matches(".day, .new-mark, .count") === true) next = before();
    if (line.parentElement !== log || line.nextElementSibling !== next) log.insertBefore(line, next);
  }

  #makeLine(): HTMLElement {
    const line = clone("t-code-then");
    part(line, "[data-part=live]").addEventListener("click", () => this.close());
    return line;
  }

  #fill(line: HTMLElement, { document, version, at }: CutMoment, room: RoomView, what: string): void {
    const words = `Version ${version}, ${shortWhen(at)}: ${what}`;
    const text = part(line, "[data-part=text]");
    if (text.textContent !== words) text.textContent = words;
    const code = part<HTMLAnchorElement>(line, "[data-part=code]");
    code.href = thenUrl(room, { topic: `document:${document}`, seq: version, start: null, end: null }) ?? "";
    code.hidden = part(line, "[data-part=live]").hidden = !this.#isAway;
  }

  #clear(log: HTMLElement): void {
    keeping(log, () => {
      this.#lines.get(log)?.remove();
      for (const row of log.querySelectorAll("[aria-description]")) row.removeAttribute("aria-description");
      for (const link of log.querySelectorAll(".written")) link.remove();
    });
    this.#lines.delete(log);
  }
}

/** "Written at version 366", which opens it. A message about lines says so in its card. */
function drawWritten(row: HTMLElement, message: MessageView | undefined, document: number, room: RoomView): void {
  const known = maybe<HTMLAnchorElement>(row, ".written");
  const version = message === undefined || message.deleted_at !== null || message.beside?.start != null ? null : versionOf(message, document);
  if (message === undefined || version === null) return known?.remove();
  const link = known ?? clone<HTMLAnchorElement>("t-code-written");
  const words = `Written at version ${version}`;
  const text = part(link, "[data-part=text]");
  if (text.textContent !== words) text.textContent = words;
  link.href = thenUrl(room, message.beside) ?? "";
  if (known !== null) return;
  link.tabIndex = row.tabIndex;
  maybe(row, "[data-part=about]")?.after(link);
}

// Where a log is scrolled

function isAtEnd(log: HTMLElement): boolean {
  return log.scrollHeight - log.scrollTop - log.clientHeight < END_PX;
}

/** The first row in view and how far below the log's top it begins. */
function standOf(log: HTMLElement): Stand | null {
  const top = log.getBoundingClientRect().top;
  const row = [...log.querySelectorAll<HTMLElement>(":scope > [data-id]")].find((one) => one.getBoundingClientRect().bottom > top);
  return row === undefined ? null : { id: row.dataset["id"] ?? "", offset: row.getBoundingClientRect().top - top };
}

function putBack(log: HTMLElement, { id, offset }: Stand): void {
  const row = log.querySelector<HTMLElement>(`:scope > [data-id="${CSS.escape(id)}"]`);
  const moved = row === null ? 0 : row.getBoundingClientRect().top - log.getBoundingClientRect().top - offset;
  if (Math.abs(moved) >= 1) log.scrollTop += moved;
}

/** What is in view stays where it is while something above it changes; the end stays the end. */
function keeping(log: HTMLElement, change: () => void): void {
  const stand = log.clientHeight === 0 || isAtEnd(log) ? null : standOf(log);
  const end = log.clientHeight > 0 && isAtEnd(log);
  change();
  if (stand !== null) putBack(log, stand);
  else if (end && !isAtEnd(log)) log.scrollTop = log.scrollHeight;
}
