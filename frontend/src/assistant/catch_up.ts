// "While you were away": a card over the new messages with what was said, asked and changed in the code since.
// Begun with each room. It never moves what is being read: it stands there as one comes in, or is offered as a button.

import * as api from "../api";
import { clone, closest, el, icon, part, setHTML, uuid4 } from "../dom";
import { avatar, roomLabel } from "../people";
import type { CatchUpView, ChangedFile, OpenQuestion, RoomSnapshot, SummaryChanged } from "../protocol";
import type { Shell } from "../shell/contract";
import { errorText } from "../shell/dialogs";
import { clock, dayLabel } from "../time";
import { choicesOf, isOffered } from "./choice";

const AWAY_MS = 30 * 60_000;
const MANY = 8;
/** So long a card may be on its way; after that the room is being read. */
const PATIENCE_MS = 2_000;

export interface CatchUpOptions {
  shell: Shell;
  view: HTMLElement;
  /** The room as it was when one came in. */
  entered: RoomSnapshot;
  /** One came for a message, or for an old version of the code: that is what is being read. */
  led: boolean;
}

let current: CatchUp | null = null;

export function beginCatchUp(options: CatchUpOptions): CatchUp {
  current = new CatchUp(options);
  void current.begin();
  return current;
}

/** Shows the card of the open room and has it summarised. */
export async function summariseUnread(): Promise<void> {
  await current?.summarise();
}

function plural(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

/** When somebody was in a room last: on this device, else before the first message that they have not read. */
export function lastSeen({ messages, last_read_seq }: RoomSnapshot, leftAt: number | null): number | null {
  const unread = messages.find((message) => message.seq > last_read_seq);
  const came = unread === undefined ? null : Date.parse(unread.created_at);
  return leftAt ?? came;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #room: number;
  readonly #since: number;
  readonly #log: HTMLElement;
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  #view: CatchUpView | null = null;
  #card: HTMLElement | null = null;
  /** The person reads or writes already: nothing may move any more. */
  #busy: boolean;
  #summary: { run: string; html: string; problem: string; state: string } | null = null;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#room = options.entered.room.id;
    this.#since = options.entered.last_read_seq;
    this.#busy = options.led;
    this.#log = part(options.view, "[data-part=log]");
    const { signal } = this.#abort;
    for (const name of ["wheel", "touchstart", "keydown", "pointerdown"]) options.view.addEventListener(name, () => (this.#busy = true), { signal, passive: true, once: true });
    this.#log.addEventListener("click", (event) => this.#clicked(event), { signal });
    window.addEventListener("pagehide", () => this.#left(), { signal });
    this.#stop = options.shell.session.connection.onEvent((event) => event.type === "summary.changed" && this.#summarised(event.data));
  }

  close(): void {
    this.#left();
    this.#abort.abort();
    this.#stop();
    this.#card?.remove();
    this.#button()?.remove();
    if (current === this) current = null;
  }

  // When one was here last

  get #key(): string {
    return `collab-left-${this.#options.shell.session.me}-${this.#room}`;
  }

  #left(): void {
    try {
      localStorage.setItem(this.#key, String(Date.now()));
    } catch {
      // Without a place to keep it the messages say how long it was.
    }
  }

  #leftAt(): number | null {
    try {
      const at = Number(localStorage.getItem(this.#key));
      return at > 0 ? at : null;
    } catch {
      return null;
    }
  }

  async begin(): Promise<void> {
    const { shell, entered } = this.#options;
    const seen = lastSeen(entered, this.#leftAt());
    if (entered.role === "" || seen === null || Date.now() - seen < AWAY_MS) return;
    const many = entered.unread >= MANY;
    const choice = await choicesOf(shell.session).get(this.#room);
    if (this.#abort.signal.aborted || choice?.hidden === true || choice?.direct_room === this.#room) return;
    if (many && !this.#busy) this.#stand(clone("t-catch-up-wait"));
    const late = setTimeout(() => this.#view === null && this.#takeAway(), PATIENCE_MS);
    const began = Date.now();
    const view = await this.#load().catch(() => null);
    clearTimeout(late);
    if (view === null) return this.#takeAway();
    if (this.#abort.signal.aborted || (view.messages < MANY && view.files.length === 0)) return this.#takeAway();
    // What stands there already only fills; what would come anew must not push away what is being read.
    if (this.#card === null && (this.#busy || Date.now() - began > PATIENCE_MS)) return this.#offer(view);
    this.#draw();
    // It is higher than what stood for it.
    if (!this.#busy) this.#show();
  }

  async #load(): Promise<CatchUpView> {
    const view = await api.get<CatchUpView>(`/api/rooms/${this.#room}/catch-up/`, { since: this.#since });
    this.#options.shell.session.people.add(...view.people);
    if (view.run !== null) this.#summary = { run: view.run, html: view.html, problem: "", state: "done" };
    this.#view = view;
    return view;
  }

  // The card

  /** Puts a card over the "New" line, or at the end where nothing is new. */
  #stand(card: HTMLElement): void {
    const before = this.#card;
    this.#card = card;
    if (before?.isConnected === true) return before.replaceWith(card);
    this.#log.insertBefore(card, this.#log.querySelector(".new-mark"));
    this.#show();
  }

  #show(): void {
    if (this.#card === null) return;
    const distance = this.#card.getBoundingClientRect().top - this.#log.getBoundingClientRect().top;
    this.#scrollBy(distance - 8);
  }

  /** The log notes at once where it stands, so that no drawing in between puts it back. */
  #scrollBy(pixels: number): void {
    this.#log.scrollTop += pixels;
    this.#log.dispatchEvent(new Event("scroll"));
  }

  #takeAway(): void {
    this.#card?.remove();
    this.#card = null;
  }

  #draw(): void {
    const view = this.#view;
    if (view === null) return;
    const card = clone("t-catch-up");
    const { session } = this.#options.shell;
    const choice = choicesOf(session).of(this.#room);
    part(card, "[data-part=about]").textContent = this.#about(view);
    this.#drawSaid(card, view);
    const files = part(card, "[data-part=files]");
    files.hidden = view.files.length === 0;
    part(files, "ul").append(...view.files.map((file) => this.#file(file)));
    const questions = part(card, "[data-part=questions]");
    questions.hidden = view.questions.length === 0;
    part(questions, "ul").append(...view.questions.map((one) => this.#line(one)));
    const asks = isOffered(choice) && choice?.ready === true && view.messages > 0;
    part(card, "[data-catch=summarise]").hidden = !asks || (this.#summary !== null && this.#summary.problem === "");
    part(card, "[data-part=by]").textContent = this.#summary?.state === "done" ? "Written by the assistant from what you may read" : "";
    part(card, "[data-catch=first]").hidden = this.#log.querySelector(".new-mark") === null;
    const focused = this.#card?.contains(document.activeElement) === true;
    this.#stand(card);
    if (focused) part(card, "h2").focus({ preventScroll: true });
  }

  #about(view: CatchUpView): string {
    const read = this.#options.entered.messages.filter((message) => message.seq <= this.#since).at(-1);
    const words = [plural(view.messages, "message"), ...(view.files.length > 0 ? [plural(view.files.length, "changed file")] : [])];
    if (read === undefined) return words.join(", ");
    const label = dayLabel(read.created_at);
    const day = label === "Today" || label === "Yesterday" ? label.toLowerCase() : label;
    return [`since ${label === "Today" ? "" : `${day} `}${clock(read.created_at)}`, ...words].join(", ");
  }

  #drawSaid(card: HTMLElement, view: CatchUpView): void {
    const said = part(card, "[data-part=said]");
    const place = part(said, "[data-part=text]");
    said.hidden = view.messages === 0;
    if (this.#summary?.state === "done") return setHTML(place, this.#summary.html);
    const list = el("ul");
    const names = this.#writers();
    const who = names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${plural(names.length - 3, "other")}` : names.join(", ").replace(/, ([^,]*)$/, " and $1");
    list.append(el("li", "", who === "" ? `${plural(view.messages, "new message")}.` : `${who} wrote ${plural(view.messages, "message")}.`, { dir: "auto" }));
    const asked = new Set(view.questions.map(({ message }) => message));
    list.append(...view.mentions.filter(({ message }) => !asked.has(message)).map((one) => this.#line(one)));
    place.replaceChildren(list);
    if (this.#summary === null) return;
    if (this.#summary.problem === "") place.append(clone("t-catch-up-busy"));
    else {
      const failed = el("p", "fail");
      failed.setAttribute("role", "alert");
      failed.append(icon("circle-alert"), el("span", "", this.#summary.problem));
      place.append(failed);
    }
  }

  /** Who wrote what is new, as far as the page has it. */
  #writers(): string[] {
    const { session } = this.#options.shell;
    const messages = session.room.get()?.messages ?? [];
    const others = messages.filter(({ seq, author, kind }) => seq > this.#since && author !== session.me && (author !== null ? kind !== "system" : kind === "alert"));
    return [...new Set(others.map((message) => session.people.author(message)))];
  }

  /** "Ines: may the slider replay the whole log? 09:16" */
  #line(one: OpenQuestion): HTMLElement {
    const { session } = this.#options.shell;
    const line = el("li", "", null, { dir: "auto" });
    const who = session.people.author(one);
    line.append(`${who}: ${one.excerpt} `, el("a", "", "Show", { href: one.url, "aria-label": `Show the message of ${who}` }));
    return line;
  }

  #file(file: ChangedFile): HTMLElement {
    const { session } = this.#options.shell;
    const row = clone("t-catch-up-file");
    part(row, "[data-part=name]").textContent = file.name;
    part(row, "[data-part=people]").replaceChildren(...file.people.slice(0, 4).map((id) => avatar(session.people.get(id), "xs")));
    part(row, "[data-part=who]").textContent = `changed by ${file.people.map((id) => session.people.name(id)).join(", ")}`;
    part(row, "[data-part=added]").textContent = `+${file.added}`;
    part(row, "[data-part=removed]").textContent = `−${file.removed}`;
    const link = part<HTMLAnchorElement>(row, "a");
    link.href = file.url;
    link.setAttribute("aria-label", `Difference of ${file.name}`);
    return row;
  }

  // Later

  #button(): HTMLElement | null {
    return this.#options.view.querySelector<HTMLElement>("[data-ai=catch-up]");
  }

  /** It came too late to stand there: one can have it all the same. */
  #offer(view: CatchUpView): void {
    const button = clone("t-catch-up-button");
    button.dataset["ai"] = "catch-up";
    part(button, "[data-part=text]").textContent = `Catch up, ${plural(view.messages, "message")}`;
    button.addEventListener("click", () => {
      button.remove();
      this.#draw();
      this.#show();
      if (this.#card !== null) part(this.#card, "h2").focus({ preventScroll: true });
    });
    part(this.#options.view, ".chat .below [data-part=composer]").before(button);
  }

  // What is done

  #clicked(event: MouseEvent): void {
    const button = closest<HTMLButtonElement>(event, "[data-catch]");
    if (button === null || this.#card?.contains(button) !== true) return;
    const acts: Record<string, () => unknown> = {
      close: () => this.#dismiss(),
      summarise: () => this.summarise(),
      read: () => this.#markRead(),
      first: () => this.#firstUnread(),
    };
    void acts[button.dataset["catch"] ?? ""]?.();
  }

  #dismiss(): void {
    this.#takeAway();
    this.#options.view.querySelector<HTMLTextAreaElement>(".chat .composer textarea")?.focus();
  }

  async #markRead(): Promise<void> {
    const { shell } = this.#options;
    try {
      await shell.session.command("read.set", { seq: this.#view?.head_seq ?? this.#since }, this.#room);
      this.#dismiss();
      shell.announce("Marked as read");
    } catch (error) {
      shell.fail("The room could not be marked read", error);
    }
  }

  #firstUnread(): void {
    const line = this.#log.querySelector(".new-mark");
    if (line === null) return;
    this.#scrollBy(line.getBoundingClientRect().top - this.#log.getBoundingClientRect().top - 8);
    const row = line.nextElementSibling;
    if (row instanceof HTMLElement && row.matches(".msg")) row.focus({ preventScroll: true });
  }

  /** Asks for a summary; its sentences take the place of the counts. */
  async summarise(): Promise<void> {
    const { shell, entered } = this.#options;
    if (this.#summary !== null && this.#summary.problem === "") return this.#show();
    try {
      if (this.#view === null) await this.#load();
      if (this.#view?.messages === 0) return shell.toast({ kind: "info", title: "There is nothing new to summarise" });
      if (this.#summary === null || this.#summary.problem !== "") {
        const { run } = await shell.session.command("summary.ask", { cid: uuid4(), since: this.#since }, this.#room);
        this.#summary ??= { run, html: "", problem: "", state: "waiting" };
        if (this.#summary.run !== run) this.#summary = { run, html: "", problem: "", state: "waiting" };
      }
      shell.announce(`Summarising ${roomLabel(entered.room, [])}`);
    } catch (error) {
      this.#summary = { run: "", html: "", problem: errorText(error), state: "failed" };
    }
    this.#button()?.remove();
    this.#draw();
    this.#show();
  }

  #summarised(data: SummaryChanged): void {
    const { run, room, html, problem, state } = data;
    if (room !== this.#room || (this.#summary !== null && this.#summary.run !== "" && this.#summary.run !== run)) return;
    if (state === "waiting" || state === "streaming") return;
    this.#summary = { run, html, state, problem: state === "done" ? "" : problem || "The summary was stopped." };
    if (this.#card === null) return;
    this.#draw();
    if (state === "done") this.#options.shell.announce("The summary is ready");
  }
}
