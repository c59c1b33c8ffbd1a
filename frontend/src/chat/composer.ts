// Where one writes: the text field with its keys, quote, emoji, limit, slow mode; or the reason why one may not.
// One for the room and one for a thread. What is typed is kept on the device until the outbox has it.

import type { About } from "../beside";
import { clone, icon, insertText, onceAFrame, part } from "../dom";
import { firstName, roomLabel } from "../people";
import { BODY_CHARS, type BesideView, type MessageView, type QuoteView, type RoomSnapshot } from "../protocol";
import { quoteOf } from "../reducers/messages";
import type { Shell } from "../shell/contract";
import { withoutMarks } from "../words";
import type { Completion } from "./completion";
import { dropText, keepText, keptText } from "./keep";
import { slowSeconds, whyShut } from "./rights";
import type { Typing } from "./typing";

const COUNTER_FROM = 7_200;

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

interface Kept {
  text: string;
  quote: QuoteView | null;
  about?: About | null;
}

function besideOf(about: About | null): BesideView | null {
  return about === null ? null : { topic: about.topic, seq: about.seq, start: about.start, end: about.end };
}

export class Composer {
  readonly #options: Options;
  #form: HTMLFormElement | null = null;
  #quote: QuoteView | null = null;
  /** The lines of code that the message is about. */
  #about: About | null = null;
  #completion: Completion | null = null;
  #shut = "";
  /** Messages on their way into the outbox. */
  #handing = 0;
  #slow: ReturnType<typeof setInterval> | undefined;
  readonly #stops: (() => void)[] = [];

  constructor(options: Options) {
    this.#options = options;
    const { session } = options.shell;
    const draw = onceAFrame(() => this.#draw());
    this.#stops.push(session.room.subscribe((state) => state, draw), session.home.subscribe((home) => home.preferences, draw));
    const keep = () => this.#keep();
    window.addEventListener("pagehide", keep);
    this.#stops.push(() => window.removeEventListener("pagehide", keep));
    this.#draw();
  }

  dispose(): void {
    this.#keep();
    clearInterval(this.#slow);
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
    this.#drawQuote();
    this.#keep();
    this.focus();
  }

  setAbout(about: About | null): void {
    this.#about = about;
    this.#drawQuote();
    this.#keep();
    this.focus();
  }

  /** Esc: closes a completion, then drops the quote and the lines. */
  escape(): boolean {
    if (this.#completion?.close() === true) return true;
    if (this.#quote !== null) this.#dropQuote();
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
    const reason = whyShut(state);
    if (reason !== null) this.#drawShut(reason);
    else if (this.#form === null) this.#open();
    if (this.#form === null || this.#field === null) return;
    this.#field.placeholder = this.#options.placeholder(state);
    this.#drawHint(this.#form);
    if (this.#options.thread !== null) {
      part(this.#form, "[data-part=also-row]").hidden = false;
      part(this.#form, "[data-part=also-room]").textContent = roomLabel(state.room, this.#others(state));
    }
    this.#drawSlow();
  }

  #others(state: RoomSnapshot) {
    const summary = this.#options.shell.session.home.get().rooms.find((one) => one.room.id === state.room.id);
    return summary?.people ?? [];
  }

  #drawShut(reason: NonNullable<ReturnType<typeof whyShut>>): void {
    if (this.#shut === reason.text) return;
    this.#keep();
    this.#form = null;
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
    this.#completion = null;
    this.#options.place.replaceChildren(form);
    this.#restore(field);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    form.addEventListener("click", (event) => this.#clicked(event));
    field.addEventListener("input", () => this.#changed(field));
    field.addEventListener("keydown", (event) => this.#pressed(event, field));
    field.addEventListener("click", () => void this.#completion?.update());
    this.#changed(field, false);
  }

  #drawQuote(): void {
    if (this.#form === null) return;
    part(this.#form, "[data-part=about]").hidden = this.#about === null;
    part(this.#form, "[data-part=about-text]").textContent = this.#about?.label ?? "";
    const row = part(this.#form, "[data-part=quote]");
    row.hidden = this.#quote === null;
    if (this.#quote === null) return;
    const author = this.#options.shell.session.people.get(this.#quote.author);
    part(row, "[data-part=quote-name]").textContent = author === null ? "Somebody" : firstName(author);
    part(row, "[data-part=quote-text]").textContent = withoutMarks(this.#quote.excerpt);
  }

  #dropQuote(): void {
    this.#quote = null;
    this.#drawQuote();
    this.#keep();
    this.focus();
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
    const kept: Kept = { text: field.value, quote: this.#quote, about: this.#about };
    if (kept.text === "" && kept.quote === null && this.#about === null) dropText(this.#keptName);
    else keepText(this.#keptName, JSON.stringify(kept));
  }

  #restore(field: HTMLTextAreaElement): void {
    const kept = keptText(this.#keptName);
    if (kept === null) return;
    try {
      const { text, quote, about } = JSON.parse(kept) as Kept;
      field.value = text;
      this.#quote = quote;
      this.#about = about ?? null;
    } catch {
      field.value = kept;
    }
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
    this.#keep();
    this.#complete(field);
    if (field.value !== "") this.#options.typing.told();
  }

  /** Completion comes with the first key: before that it would only make the page larger. */
  #complete(field: HTMLTextAreaElement): void {
    const form = this.#form;
    if (form === null || this.#completion !== null) return void this.#completion?.update();
    const begin = ({ Completion }: typeof import("../later")) => {
      if (this.#form !== form) return;
      this.#completion ??= new Completion(form, field, this.#options.shell.session, () => this.#state);
      void this.#completion.update();
    };
    // Without it names are typed out, and the next key asks again.
    import("../later").then(begin).catch(() => undefined);
  }

  /** Browsers without field-sizing get the height from the content's. */
  #grow(field: HTMLTextAreaElement): void {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  #pressed(event: KeyboardEvent, field: HTMLTextAreaElement): void {
    if (event.isComposing || this.#completion?.key(event) === true) return;
    const control = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && !event.altKey) {
      const enterSends = this.#options.shell.session.home.get().preferences.enter_sends;
      if (!control && (event.shiftKey || !enterSends)) return;
      event.preventDefault();
      void this.#send();
    } else if (event.key === "ArrowUp" && field.value === "" && !event.shiftKey && !control && !event.altKey) {
      if (this.#options.editLast()) event.preventDefault();
    } else if (control && !event.shiftKey && !event.altKey && (event.key === "b" || event.key === "e")) {
      event.preventDefault();
      this.#wrap(event.key === "b" ? "**" : "`");
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Home" || event.key === "End") {
      setTimeout(() => void this.#completion?.update());
    }
  }

  #clicked(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]") : null;
    const name = button?.dataset["do"];
    if (button === null || name === undefined) return;
    if (name === "drop-quote") this.#dropQuote();
    else if (name === "drop-about") this.setAbout(null);
    else if (name === "wrap-bold") this.#wrap("**");
    else if (name === "wrap-code") this.#wrap("`");
    else if (name === "insert-mention") this.#mention();
    else if (name === "pick-emoji") this.#pickEmoji(button);
  }

  #pickEmoji(button: HTMLElement): void {
    const { shell } = this.#options;
    import("../later")
      .then(({ openPicker }) => openPicker({ opener: button, me: shell.session.me, choose: (emoji) => this.insert(emoji) }))
      .catch((error: unknown) => shell.fail("The emoji could not be loaded", error));
  }

  #mention(): void {
    const field = this.#field;
    if (field === null) return;
    const before = field.value.slice(0, field.selectionStart);
    insertText(field, before === "" || /\s$/.test(before) ? "@" : " @");
  }

  /** Puts marks around the selection, or takes them away; code over several lines becomes a block. */
  #wrap(mark: string): void {
    const field = this.#field;
    if (field === null) return;
    const { selectionStart: start, selectionEnd: end, value } = field;
    const chosen = value.slice(start, end);
    if (mark === "`" && chosen.includes("\n")) return insertText(field, `\`\`\`\n${chosen.replace(/\n$/, "")}\n\`\`\`\n`);
    const inside = value.slice(start - mark.length, start) === mark && value.slice(end, end + mark.length) === mark;
    if (inside) {
      field.setSelectionRange(start - mark.length, end + mark.length);
      insertText(field, chosen);
    } else insertText(field, mark + chosen + mark);
    const from = inside ? start - mark.length : start + mark.length;
    field.setSelectionRange(from, from + chosen.length);
  }

  // Sending

  /** Seconds until this person may send again. */
  #waitSeconds(): number {
    const state = this.#state;
    const pause = state === null ? 0 : slowSeconds(state);
    if (state === null || pause === 0) return 0;
    const { session } = this.#options.shell;
    const own = state.messages.filter((message) => message.author === session.me && message.kind === "user");
    const last = own[own.length - 1];
    if (last === undefined) return 0;
    // The server's clock wrote the time: a wrong clock here must not shut the field for longer than the pause.
    return Math.max(0, Math.min(pause, pause - (Date.now() - Date.parse(last.created_at)) / 1000));
  }

  #drawSlow(): void {
    if (this.#form === null) return;
    const wait = Math.ceil(this.#waitSeconds());
    const place = part(this.#form, "[data-part=wait]");
    place.hidden = wait === 0;
    place.textContent = `${wait} s`;
    part<HTMLButtonElement>(this.#form, "[data-part=send]").setAttribute("aria-disabled", String(wait > 0));
    if (wait > 0) this.#slow ??= setInterval(() => this.#drawSlow(), 1000);
    else {
      clearInterval(this.#slow);
      this.#slow = undefined;
    }
  }

  async #send(): Promise<void> {
    const [field, form, options] = [this.#field, this.#form, this.#options];
    if (field === null || form === null) return;
    // Blank lines around go; the indent of the first line of code stays.
    const body = field.value.replace(/^(?:\s*\n)+/, "").trimEnd();
    if (body.trim() === "") return field.focus();
    const length = [...body].length;
    const over = length - BODY_CHARS;
    if (over > 0) return this.#problem(`This is ${over} ${over === 1 ? "character" : "characters"} too long. Send it in two messages.`);
    const wait = Math.ceil(this.#waitSeconds());
    if (wait > 0) return this.#problem(`Slow mode is on: wait ${wait} s. Your text is kept.`);
    const also = part<HTMLInputElement>(form, "[data-part=also]");
    const beside = besideOf(this.#about) ?? options.shell.session.beside.of(options.room);
    const message = { room: options.room, body, thread: options.thread, reply_to: this.#quote, also_in_room: also.checked, beside };
    field.value = "";
    also.checked = false;
    this.#quote = this.#about = null;
    this.#drawQuote();
    this.#completion?.close();
    this.#grow(field);
    part(form, "[data-part=counter]").hidden = true;
    options.typing.rest();
    const kept = options.shell.session.outbox.add(message);
    options.sent();
    this.#handing += 1;
    // Only then the device has it as a message: a reload in between finds it as text.
    await kept;
    this.#handing -= 1;
    this.#keep();
  }
}
