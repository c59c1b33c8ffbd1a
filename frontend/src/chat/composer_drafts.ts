// The draft of a composer on the server: saved 400 ms after the last key, shown here when another tab or device wrote
// on, cleared by sending. A part of every composer.
//
// A field with something newer than the server's is never overwritten. Its text then goes to the server as the draft,
// and what it did not know of becomes a copy there (chat/services/drafts.py): no version is lost.

import type { AnyEvent } from "../events";
import type { Extra } from "../outbox";
import { BODY_CHARS, type DraftView } from "../protocol";
import { quoteOf } from "../reducers/messages";
import { CommandError } from "../socket";
import type { ComposerPart, Desk } from "./composer_parts";
import { dropText, elsewhere } from "./keep";
import { draftOf, isNewer, readKept } from "./kept";

const SAVE_MS = 400;
/** What another tab has just typed it saves itself. */
const LEFT_MS = 5_000;
const KEPT_ASIDE = "Another version of this text was written elsewhere. It is kept under Drafts.";

export class DraftsPart implements ComposerPart {
  readonly name = "drafts";
  readonly #desk: Desk;
  readonly #stops: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left: ReturnType<typeof setTimeout> | undefined;
  /** What is on its way to the server. */
  #saving: { body: string; reply: string | null } | null = null;
  /** The text of a save that is on its way was sent as a message meanwhile. */
  #outrun = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    const { session } = desk.shell;
    this.#stops.push(session.home.subscribe((home) => draftOf(home, desk.room, desk.thread), () => this.#look()));
    this.#stops.push(session.connection.onState((state) => state === "online" && this.#online()));
    this.#stops.push(session.connection.onEvent((event) => this.#heard(event)));
    this.#online();
    void session.outbox.whenReady().then(() => this.#look());
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#left);
    for (const stop of this.#stops) stop();
    void this.#save();
  }

  typed(): void {
    this.#later(SAVE_MS);
  }

  adds(): Extra {
    return this.#onServer() ? { draft_rev: this.#desk.draft.rev } : {};
  }

  sent(): void {
    clearTimeout(this.#timer);
    this.#outrun = this.#saving !== null;
    this.#desk.draft.dirty = false;
  }

  get #connected(): boolean {
    return this.#desk.shell.session.connection.state === "online";
  }

  #stored(): DraftView | null {
    return draftOf(this.#desk.shell.session.home.get(), this.#desk.room, this.#desk.thread);
  }

  #onServer(): boolean {
    return this.#saving !== null || this.#stored() !== null;
  }

  // From here to the server

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(), ms);
  }

  #online(): void {
    if (!this.#connected) return;
    if (this.#desk.draft.dirty) this.#later(0);
    clearTimeout(this.#left);
    this.#left = setTimeout(() => void this.#bringLeft(), LEFT_MS);
  }

  async #save(): Promise<void> {
    const { draft, field, room, thread, shell, keep, problem } = this.#desk;
    const body = field.value.trim() === "" ? "" : field.value;
    const reply = this.#desk.quote()?.id ?? null;
    if (!draft.dirty || this.#saving !== null || !this.#connected || [...body].length > BODY_CHARS) return;
    // Nothing was there and nothing is.
    if (body === "" && this.#stored() === null) return;
    this.#saving = { body, reply };
    try {
      const saved = await shell.session.command("draft.save", { room, thread, body, reply_to: reply, rev: draft.rev });
      draft.rev = Math.max(draft.rev, saved.rev);
      if (this.#outrun) void this.#discard(saved.rev);
      else if (saved.kept) problem(KEPT_ASIDE);
      if (this.#isStill(body, reply)) draft.dirty = false;
      keep();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#saving = null;
      this.#outrun = false;
    }
    if (draft.dirty) this.#later(SAVE_MS);
    else this.#look();
  }

  #isStill(body: string, reply: string | null): boolean {
    const now = this.#desk.field.value;
    return (now === body || (body === "" && now.trim() === "")) && (this.#desk.quote()?.id ?? null) === reply;
  }

  /** What cannot be saved stays in the field and on the device; the next key tries again. */
  #failed(error: unknown): void {
    if (!(error instanceof CommandError)) throw error;
    if (error.retry_after !== null) this.#later(error.retry_after * 1000);
    else if (error.code === "too_large") this.#desk.problem(error.message);
  }

  async #discard(rev: number): Promise<void> {
    const { room, thread, shell } = this.#desk;
    // Without an answer it stands under Drafts, where one can throw it away.
    await shell.session.command("draft.discard", { room, thread, rev }).catch(() => undefined);
  }

  /** Texts of tabs that are gone: what the server does not have goes there as a copy. */
  async #bringLeft(): Promise<void> {
    const { keptName, room, thread, shell, field } = this.#desk;
    for (const place of elsewhere(keptName)) {
      const kept = readKept(place);
      const young = kept?.at !== undefined && Date.now() - kept.at < LEFT_MS;
      if (kept === null || young || !this.#connected) continue;
      if (isNewer(kept) && !field.value.startsWith(kept.text)) {
        const done = await shell.session.command("draft.keep", { room, thread, body: kept.text }).catch(() => null);
        if (done === null) continue;
      }
      if (readKept(place)?.at === kept.at) dropText(place);
    }
  }

  // From the server to here

  #heard(event: AnyEvent): void {
    if (event.type !== "draft.changed" || event.data.draft.body !== "") return;
    const { room, thread, rev } = event.data.draft;
    // Cleared: home does not hold it any more, so its rev is only known from here.
    if (room === this.#desk.room && thread === this.#desk.thread && !this.#desk.draft.dirty) this.#desk.draft.rev = rev;
  }

  #look(): void {
    const { draft, field, show, quote } = this.#desk;
    if (draft.dirty || this.#saving !== null) return;
    const stored = this.#stored();
    // Sent or discarded elsewhere. A quote without a text is not on the server: it is nobody's business but this tab's.
    if (stored === null || stored.body === "" || this.#isOnItsWay(stored)) return void (field.value !== "" && show("", null));
    if (stored.rev < draft.rev || (stored.body === field.value && (stored.reply_to ?? null) === (quote()?.id ?? null))) return;
    draft.rev = stored.rev;
    this.#showKeepingCaret(stored);
  }

  /** Sent here, and the server has not heard of it yet. */
  #isOnItsWay(stored: DraftView): boolean {
    const waiting = this.#desk.shell.session.outbox.of(this.#desk.room, this.#desk.thread);
    return waiting.some((item) => (item.extra?.draft_rev ?? -1) >= stored.rev);
  }

  #showKeepingCaret(stored: DraftView): void {
    const { field, quote, state, show } = this.#desk;
    const { selectionStart, selectionEnd, value } = field;
    const atEnd = selectionEnd === value.length;
    const quoted = state()?.messages.find((message) => message.id === stored.reply_to);
    const known = quote()?.id === stored.reply_to ? quote() : null;
    show(stored.body, quoted === undefined ? known : quoteOf(quoted));
    if (document.activeElement === field && !atEnd) field.setSelectionRange(selectionStart, selectionEnd);
  }
}
