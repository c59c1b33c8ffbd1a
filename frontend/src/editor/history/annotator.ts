// Keeps the column of authors up to date: asks the server when the text has come to rest, on demand only.
// Made by the history's control. Whether it is on is kept for each person on this device.

import type { EditorView } from "@codemirror/view";
import * as api from "../../api";
import { clone, closest, part } from "../../dom";
import { colourClass, letters } from "../../people";
import type { Blame, BlameLines, History, SaidView } from "../../protocol";
import { wantsNewTab } from "../../shell/actions";
import type { Shell } from "../../shell/contract";
import { clock, dayLabel, shortTime } from "../../time";
import { withoutMarks } from "../../words";
import { addExtra, extrasOf } from "../extras";
import type { Desk } from "../desk";
import { blameAt, blameColumn, blocksOf, showBlame, type BlameBlock, type BlameWords } from "./blame";
import { stretchAt } from "./chronicle";
import { KeptSwitch } from "./kept_switch";
import { SaidBook } from "./said";
import { FORMER, when } from "./words";

/** What the annotator asks of the history's control. */
export interface AnnotatorHooks {
  /** The version of a line was chosen. */
  chosen(version: number): void;
  history(): History | null;
  changed(): void;
  /** A message was chosen that was written at the time of a line. */
  said(message: string): void;
}

/** So long nothing is typed before the server is asked. */
const REST_MS = 1_200;

export class Annotator {
  readonly button = clone("t-code-blame");
  readonly line = clone("t-code-blame-line");
  readonly #shell: Shell;
  readonly #hooks: AnnotatorHooks;
  readonly #said: SaidBook;
  readonly #kept: KeptSwitch;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #desk: Desk | null = null;
  #asked = "";
  #shown = "";
  /** What was shown before the history was here, which says where one stretch ends and the next begins. */
  #early: Blame | null = null;

  /** The cell under the pointer, which says what was said as soon as that is known. */
  #looked: { block: BlameBlock; cell: HTMLElement } | null = null;

  constructor(shell: Shell, hooks: AnnotatorHooks) {
    this.#shell = shell;
    this.#hooks = hooks;
    this.#said = new SaidBook(shell.session, () => this.#learned());
    this.#kept = new KeptSwitch(`collab-editor-blame-${shell.session.me}`);
    extra.make = () => this.column();
    this.button.addEventListener("click", () => this.#toggle());
    this.line.addEventListener("click", (event) => this.#clicked(event));
  }

  close(): void {
    clearTimeout(this.#timer);
    extra.make = () => [];
    this.#said.close();
    this.button.remove();
    this.line.remove();
  }

  get isOn(): boolean {
    return this.#kept.isOn;
  }

  #toggle(): void {
    this.#kept.set(!this.isOn);
    this.#dress();
    this.#hooks.changed();
  }

  /** The column for an editor, or nothing while it is off. */
  column() {
    return this.isOn ? blameColumn(this.#hooks.chosen, (block, cell) => this.#look({ block, cell })) : [];
  }

  #dress(): void {
    const desk = this.#desk;
    this.#shown = this.#asked = "";
    if (desk?.view == null) return;
    desk.view.dispatch({ effects: desk.switches.extras.reconfigure(extrasOf(desk.document.id)) });
  }

  // The living text

  /** The pane has drawn: perhaps another document or another text. */
  draw(desk: Desk | null): void {
    this.button.setAttribute("aria-pressed", String(this.isOn));
    if (desk !== this.#desk) {
      this.#desk = desk;
      this.#dress();
    }
    this.#drawLine();
    if (!this.isOn || desk?.view == null) return;
    const wanted = `${desk.document.id} ${desk.status.version} ${desk.view.state.doc.length}`;
    if (wanted === this.#shown && this.#early !== null && this.#hooks.history() !== null) this.show(desk.view, this.#early);
    if (wanted === this.#shown || wanted === this.#asked) return;
    this.#asked = wanted;
    clearTimeout(this.#timer);
    // At once for a document that shows none yet.
    this.#timer = setTimeout(() => void this.#ask(desk), this.#shown === "" ? 0 : REST_MS);
  }

  async #ask(desk: Desk): Promise<void> {
    const about = this.#asked;
    const later = () => (this.#asked = "");
    // One's own edits on top would shift the lines.
    if (!desk.isSettled) return void later();
    try {
      const blame = await api.get<Blame>(`/api/documents/${desk.document.id}/blame/`);
      if (desk !== this.#desk || desk.view === null || this.#asked !== about) return;
      if (blame.version !== desk.status.version || !desk.isSettled) return void later();
      this.show(desk.view, blame);
      this.#shown = about;
    } catch {
      // Without an answer the column stays as it is; the next edit asks again.
    }
  }

  // Any text

  /** Shows what the server said of a version in the editor that shows that version. */
  show(view: EditorView, blame: Blame): void {
    this.#shell.session.people.add(...blame.people);
    const history = this.#hooks.history();
    this.#early = history === null ? blame : null;
    const stretchOf = (version: number) => (history === null ? version : (stretchAt(history, version)?.first ?? version));
    showBlame(view, blocksOf(blame.blocks, stretchOf, (line) => this.#words(line)));
  }

  #words({ author, at, version, suggested_by }: BlameLines): BlameWords {
    if (at === null) return { who: "", when: "", title: "Older than what is looked through", colour: "" };
    const person = this.#shell.session.people.get(author);
    const isToday = dayLabel(at) === "Today";
    const name = person?.display_name ?? FORMER;
    return {
      who: person === null ? "–" : person.kind === "assistant" ? "AI" : letters(name),
      when: isToday ? clock(at) : shortTime(at),
      title: `${name}, ${when(at)}, version ${version}${suggested_by === null ? "" : `, suggested by ${this.#shell.session.people.name(suggested_by)}`}`,
      colour: person?.kind === "assistant" ? "c-ai" : author === null ? "c-none" : colourClass(author),
    };
  }

  /** Whose line the caret is in: what the pointer is told by hovering. */
  #drawLine(): void {
    if (!this.isOn && this.line.hidden) return;
    const view = this.#desk?.view ?? null;
    const block = view === null || !this.isOn ? null : blameAt(view.state, view.state.selection.main.head);
    this.line.hidden = block === null;
    if (view === null || block === null) return;
    const number = view.state.doc.lineAt(view.state.selection.main.head).number;
    part(this.line, "[data-part=text]").textContent = `Line ${number}: ${block.title}`;
    this.#drawSaid(this.#saidAt(block));
  }

  // What was said then

  #saidAt(block: BlameBlock): SaidView | null {
    return this.#desk === null || block.who === "" ? null : this.#said.of(this.#desk.document.id, block.version);
  }

  #drawSaid(said: SaidView | null): void {
    const link = part<HTMLAnchorElement>(this.line, "[data-part=said]");
    const room = this.#shell.session.room.get()?.room;
    link.hidden = said === null || room === undefined;
    if (said === null || room === undefined) return;
    link.href = `${room.url}m/${said.message}/`;
    link.dataset["message"] = said.message;
    link.textContent = excerptOf(said);
    link.setAttribute("aria-label", `Written then: ${excerptOf(said)}. Show in the chat`);
  }

  #look(looked: { block: BlameBlock; cell: HTMLElement }): void {
    this.#looked = looked;
    const said = this.#saidAt(looked.block);
    const { title } = looked.block;
    looked.cell.title = said === null ? title : `${title}\nWritten then: ${excerptOf(said)}`;
  }

  #learned(): void {
    if (this.#looked?.cell.isConnected === true) this.#look(this.#looked);
    this.#drawLine();
  }

  #clicked(event: MouseEvent): void {
    const message = closest(event, "[data-message]")?.dataset["message"];
    if (message === undefined || wantsNewTab(event)) return;
    event.preventDefault();
    this.#hooks.said(message);
  }
}

/** Without the marks of Markdown: it stands in quotation marks. */
function excerptOf(said: SaidView): string {
  return `“${withoutMarks(said.excerpt)}”`;
}

/** One entry in the list of extras, whichever pane is open. */
const extra: { make(): ReturnType<Annotator["column"]> } = { make: () => [] };
addExtra(() => extra.make());

