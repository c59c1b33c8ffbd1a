// Where one writes: the text field with its keys, quote, emoji, limit, slow mode; or the reason why one may not.
// One for the room and one for a thread. What is typed is kept on the device until the outbox has it.
// All that one can begin to write without stands in parts (composer_parts.ts), which come after the first load.

import type { About } from "../beside";
import { clone, icon, insertText, onceAFrame, part } from "../dom";
import { roomLabel } from "../people";
import { BODY_CHARS, type MessageView, type QuoteView, type RoomSnapshot } from "../protocol";
import { quoteOf } from "../reducers/messages";
import type { Shell } from "../shell/contract";
import { withoutMarks } from "../words";
import { Parts, type Desk, type DraftState } from "./composer_parts";
import { besideOf, isCommand, whyNot, withLiteralSlash, withoutBlankLines } from "./composer_text";
import { dropText, hereOf, keepText } from "./keep";
import { draftOf, firstOf, type Kept } from "./kept";
import { whyShut } from "./rights";
import { SlowMode } from "./slow";
import type { Typing } from "./typing";

const COUNTER_FROM = 7_200;
/** Parts come after the first drawing, or with the first sign that somebody wants to write. */
const PARTS_MS = 400;

interface Options {
  place: HTMLElement;
  shell: Shell;
  room: number;
  /** The root's id, in a thread. */
  thread: string | null;
  placeholder(state: RoomSnapshot): string;
  typing: Typing;
  /** Up in an empty field. */
  editLast(): boolean;
  sent(): void;
}

export class Composer {
  readonly #options: Options;
  #form: HTMLFormElement | null = null;
  #quote: QuoteView | null = null;
  /** The lines of code that the message is about. */
  #about: About | null = null;
  #parts = new Parts();
  #desk: Desk | null = null;
  readonly #draft: DraftState = { rev: 0, dirty: false };
  /** Send was pressed while a part had to wait. */
  #wanted = false;
  #shut = "";
  /** Messages on their way into the outbox. */
  #handing = 0;
  readonly #slow: SlowMode;
  readonly #stops: (() => void)[] = [];

  constructor(options: Options) {
    this.#options = options;
    const { session } = options.shell;
    this.#slow = new SlowMode(session.me, () => this.#state, () => this.#form);
    const draw = onceAFrame(() => this.#draw());
    this.#stops.push(session.room.subscribe((state) => state, draw), session.home.subscribe((home) => home.preferences, draw));
    this.#stops.push(session.home.subscribe((home) => home.mutes, draw));
    const keep = () => this.#keep();
    window.addEventListener("pagehide", keep);
    this.#stops.push(() => window.removeEventListener("pagehide", keep));
    this.#draw();
  }

  dispose(): void {
    this.#keep();
    this.#parts.dispose();
    this.#slow.stop();
    for (const stop of this.#stops) stop();
  }

  get #state(): RoomSnapshot | null {
    const state = this.#options.shell.session.room.get();
    return state?.room.id === this.#options.room ? state : null;
  }

  get #field(): HTMLTextAreaElement | null {
    return this.#form === null ? null : part<HTMLTextAreaElement>(this.#form, "[data-part=text]");
  }

  get #keptName(): string {
    const { shell, room, thread } = this.#options;
    return `${shell.session.me}-${room}${thread === null ? "" : `-${thread}`}`;
  }

  // For the room

  focus(): void {
    (this.#field ?? this.#options.place.querySelector<HTMLElement>("button:not([hidden])"))?.focus({ preventScroll: true });
  }

  insert(text: string): void {
    if (this.#field !== null) insertText(this.#field, text);
  }

  setQuote(message: MessageView): void {
    this.#quote = quoteOf(message);
    this.#quoteChanged();
    this.focus();
  }

  setAbout(about: About | null): void {
    this.#about = about;
    this.#drawQuote();
    this.#keep();
    this.focus();
  }

  /** Esc: closes what a part has open, then drops the quote and the lines. */
  escape(): boolean {
    if (this.#parts.some((one) => one.escape?.())) return true;
    if (this.#wanted) {
      this.#wanted = false;
      this.#problem("");
    } else if (this.#quote !== null) this.#dropQuote();
    else if (this.#about !== null) this.setAbout(null);
    else return false;
    return true;
  }

  // Drawing

  /** What stands in the empty field may have become known only now. */
  refresh(): void {
    this.#draw();
  }

  #draw(): void {
    const state = this.#state;
    if (state === null) return;
    const reason = whyShut(state, this.#options.shell.session.home.get().mutes);
    if (reason !== null) this.#drawShut(reason);
    else if (this.#form === null) this.#open();
    if (this.#form === null || this.#field === null) return;
    this.#field.placeholder = this.#options.placeholder(state);
    this.#drawHint(this.#form);
    if (this.#options.thread !== null) {
      part(this.#form, "[data-part=also-row]").hidden = false;
      part(this.#form, "[data-part=also-room]").textContent = roomLabel(state.room, this.#others(state));
    }
    this.#slow.draw();
  }

  #others(state: RoomSnapshot) {
    const summary = this.#options.shell.session.home.get().rooms.find((one) => one.room.id === state.room.id);
    return summary?.people ?? [];
  }

  #drawShut(reason: NonNullable<ReturnType<typeof whyShut>>): void {
    if (this.#shut === reason.text) return;
    this.#keep();
    this.#parts.dispose();
    this.#form = this.#desk = null;
    this.#shut = reason.text;
    const box = clone("t-composer-shut");
    part(box, "[data-part=icon]").replaceChildren(icon(reason.icon));
    part(box, "[data-part=text]").textContent = reason.text;
    part(box, "[data-part=join]").hidden = !reason.join;
    this.#options.place.replaceChildren(box);
  }

  #drawHint(form: HTMLFormElement): void {
    const keys = this.#options.shell.session.home.get().preferences.enter_sends ? ["Enter"] : ["Ctrl", "Enter"];
    const hint = part(form, "[data-part=hint]");
    hint.replaceChildren(
      ...keys.map((key) => {
        const drawn = document.createElement("kbd");
        drawn.textContent = key;
        return drawn;
      }),
      " send",
    );
  }

  #open(): void {
    this.#shut = "";
    const form = clone<HTMLFormElement>("t-composer");
    this.#form = form;
    const field = part<HTMLTextAreaElement>(form, "[data-part=text]");
    if (this.#options.thread !== null) {
      form.setAttribute("aria-label", "Reply in thread");
      field.setAttribute("aria-label", "Reply");
    }
    this.#parts = new Parts();
    this.#wanted = false;
    this.#desk = this.#makeDesk(form, field);
    this.#options.place.replaceChildren(form);
    this.#restore(field);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    form.addEventListener("click", (event) => this.#clicked(event));
    field.addEventListener("input", () => this.#changed(field));
    field.addEventListener("keydown", (event) => this.#pressed(event, field));
    field.addEventListener("click", () => this.#parts.each((one) => one.moved?.()));
    form.addEventListener("focusin", () => void this.#load(), { once: true });
    setTimeout(() => void this.#load(), PARTS_MS);
    this.#changed(field, false);
  }

  #makeDesk(form: HTMLFormElement, field: HTMLTextAreaElement): Desk {
    const { shell, room, thread } = this.#options;
    const here = (run: () => unknown) => () => void (this.#form === form && run());
    return {
      shell,
      room,
      thread,
      form,
      field,
      state: () => this.#state,
      quote: () => this.#quote,
      draft: this.#draft,
      keptName: this.#keptName,
      show: (text, quote) => this.#form === form && this.#show(field, text, quote),
      clear: here(() => {
        this.#clear(form, field);
        this.#quoteChanged();
      }),
      problem: (text) => this.#form === form && this.#problem(text),
      keep: here(() => this.#keep()),
      resume: here(() => this.#wanted && this.#parts.waits() === "" && this.#send()),
    };
  }

  async #load(): Promise<void> {
    if (this.#desk !== null) await this.#parts.load(this.#desk);
  }

  #show(field: HTMLTextAreaElement, text: string, quote: QuoteView | null): void {
    field.value = text;
    this.#quote = quote;
    this.#drawQuote();
    this.#changed(field, false);
    this.#keep();
  }

  #drawQuote(): void {
    if (this.#form === null) return;
    part(this.#form, "[data-part=about]").hidden = this.#about === null;
    part(this.#form, "[data-part=about-text]").textContent = this.#about?.label ?? "";
    const row = part(this.#form, "[data-part=quote]");
    row.hidden = this.#quote === null;
    if (this.#quote === null) return;
    part(row, "[data-part=quote-name]").textContent = this.#options.shell.session.people.author(this.#quote, true);
    part(row, "[data-part=quote-text]").textContent = withoutMarks(this.#quote.excerpt) || "a file";
  }

  #dropQuote(): void {
    this.#quote = null;
    this.#quoteChanged();
    this.focus();
  }

  #quoteChanged(): void {
    this.#draft.dirty = true;
    this.#drawQuote();
    this.#keep();
    this.#parts.each((one) => one.typed?.());
  }

  #problem(text: string): void {
    if (this.#form === null) return;
    const place = part(this.#form, "[data-part=problem]");
    place.hidden = text === "";
    place.textContent = text;
  }

  // Keeping

  #keep(): void {
    const field = this.#field;
    // An empty field right after sending: the text stays kept until the outbox has it.
    if (field === null || (this.#handing > 0 && field.value === "")) return;
    const parts = this.#parts.keeps();
    const kept: Kept = { text: field.value, quote: this.#quote, about: this.#about, parts, ...this.#draft, at: Date.now() };
    const place = hereOf(this.#keptName);
    if (kept.text === "" && kept.quote === null && this.#about === null && Object.keys(parts).length === 0) dropText(place);
    else keepText(place, JSON.stringify(kept));
  }

  #restore(field: HTMLTextAreaElement): void {
    const { room, thread, shell } = this.#options;
    const kept = firstOf(this.#keptName, draftOf(shell.session.home.get(), room, thread));
    if (kept === null) return;
    field.value = kept.text;
    this.#quote = kept.quote;
    this.#about = kept.about ?? null;
    this.#draft.rev = kept.rev ?? 0;
    this.#draft.dirty = kept.dirty !== false && kept.text !== "";
    this.#parts.restore(kept.parts ?? {});
    this.#drawQuote();
  }

  // Typing

  #changed(field: HTMLTextAreaElement, typed = true): void {
    this.#grow(field);
    this.#problem("");
    const counter = part(this.#form as HTMLElement, "[data-part=counter]");
    const length = field.value.length > COUNTER_FROM / 2 ? [...field.value].length : field.value.length;
    counter.hidden = length < COUNTER_FROM;
    counter.textContent = length > BODY_CHARS ? `${length - BODY_CHARS} too many` : `${BODY_CHARS - length} left`;
    counter.classList.toggle("over", length > BODY_CHARS);
    if (!typed) return;
    this.#draft.dirty = true;
    this.#keep();
    this.#parts.each((one) => one.typed?.());
    if (field.value !== "") this.#options.typing.told();
  }

  /** Browsers without field-sizing get the height from the content's. */
  #grow(field: HTMLTextAreaElement): void {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  #pressed(event: KeyboardEvent, field: HTMLTextAreaElement): void {
    if (event.isComposing || this.#parts.some((one) => one.key?.(event))) return;
    const control = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && !event.altKey) {
      const enterSends = this.#options.shell.session.home.get().preferences.enter_sends;
      if (!control && (event.shiftKey || !enterSends)) return;
      event.preventDefault();
      void this.#send();
    } else if (event.key === "ArrowUp" && field.value === "" && !event.shiftKey && !control && !event.altKey) {
      if (this.#options.editLast()) event.preventDefault();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Home" || event.key === "End") {
      setTimeout(() => this.#parts.each((one) => one.moved?.()));
    }
  }

  #clicked(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]") : null;
    const name = button?.dataset["do"];
    if (button === null || name === undefined) return;
    if (name === "drop-quote") this.#dropQuote();
    else if (name === "drop-about") this.setAbout(null);
    else void this.#pressedButton(name, button);
  }

  async #pressedButton(name: string, button: HTMLElement): Promise<void> {
    await this.#load();
    this.#parts.some((one) => one.clicked?.(name, button));
  }

  // Sending

  async #send(): Promise<void> {
    // Before they are here nobody knows what belongs to the message.
    if (!this.#parts.ready) await this.#load();
    const [field, form] = [this.#field, this.#form];
    if (field === null || form === null) return;
    const body = withoutBlankLines(field.value);
    if (body.trim() === "" && !this.#parts.some((one) => one.holds?.())) return field.focus();
    const why = whyNot(body, this.#slow.seconds());
    if (why !== "") return this.#problem(why);
    const waits = this.#parts.waits();
    this.#wanted = waits !== "";
    if (this.#wanted) return this.#problem(waits);
    if (!this.#parts.ready && isCommand(body)) return this.#problem("Commands need a part of the page that could not be loaded.");
    if (this.#parts.some((one) => one.takes?.(body))) return;
    await this.#hand(form, field, body);
  }

  /** The outbox takes it from here. */
  async #hand(form: HTMLFormElement, field: HTMLTextAreaElement, text: string): Promise<void> {
    const { room, thread, shell, typing, sent } = this.#options;
    const body = withLiteralSlash(text);
    const also = part<HTMLInputElement>(form, "[data-part=also]");
    const beside = besideOf(this.#about) ?? shell.session.beside.of(room);
    const message = { room, body, thread, reply_to: this.#quote, also_in_room: also.checked, beside, extra: this.#parts.adds() };
    also.checked = false;
    this.#handing += 1;
    this.#clear(form, field);
    this.#parts.each((one) => one.sent?.(body));
    typing.rest();
    const kept = shell.session.outbox.add(message);
    sent();
    // Only then the device has it as a message: a reload in between finds it as text.
    await kept;
    this.#handing -= 1;
    this.#keep();
  }

  #clear(form: HTMLFormElement, field: HTMLTextAreaElement): void {
    field.value = "";
    this.#quote = this.#about = null;
    this.#drawQuote();
    this.#problem("");
    this.#parts.some((one) => one.escape?.());
    this.#grow(field);
    part(form, "[data-part=counter]").hidden = true;
    this.#keep();
  }
}
