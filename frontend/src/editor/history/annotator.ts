// Keeps the column of authors up to date: asks the server when the text has come to rest, on demand only.
// Made by the history's control. Whether it is on is kept for each person on this device.

import type { EditorView } from "@codemirror/view";
import * as api from "../../api";
import { clone, part } from "../../dom";
import { colourClass, letters } from "../../people";
import type { Blame, BlameLines, History } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { clock, dayLabel, shortTime } from "../../time";
import { addExtra, extrasOf } from "../extras";
import type { Desk } from "../desk";
import { blameAt, blameColumn, blocksOf, showBlame, type BlameWords } from "./blame";
import { stretchAt } from "./chronicle";
import { KeptSwitch } from "./kept_switch";
import { FORMER, when } from "./words";

/** So long nothing is typed before the server is asked. */
const REST_MS = 1_200;

export class Annotator {
  readonly button = clone("t-code-blame");
  readonly line = clone("t-code-blame-line");
  readonly #shell: Shell;
  readonly #chosen: (version: number) => void;
  readonly #history: () => History | null;
  readonly #changed: () => void;
  readonly #kept: KeptSwitch;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #desk: Desk | null = null;
  #asked = "";
  #shown = "";
  /** What was shown before the history was here, which says where one stretch ends and the next begins. */
  #early: Blame | null = null;

  constructor(shell: Shell, chosen: (version: number) => void, history: () => History | null, changed: () => void) {
    this.#shell = shell;
    this.#chosen = chosen;
    this.#history = history;
    this.#changed = changed;
    this.#kept = new KeptSwitch(`collab-editor-blame-${shell.session.me}`);
    extra.make = () => this.column();
    this.button.addEventListener("click", () => this.#toggle());
  }

  close(): void {
    clearTimeout(this.#timer);
    extra.make = () => [];
    this.button.remove();
    this.line.remove();
  }

  get isOn(): boolean {
    return this.#kept.isOn;
  }

  #toggle(): void {
    this.#kept.set(!this.isOn);
    this.#dress();
    this.#changed();
  }

  /** The column for an editor, or nothing while it is off. */
  column() {
    return this.isOn ? blameColumn(this.#chosen) : [];
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
    if (wanted === this.#shown && this.#early !== null && this.#history() !== null) this.show(desk.view, this.#early);
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
    const history = this.#history();
    this.#early = history === null ? blame : null;
    const stretchOf = (version: number) => (history === null ? version : (stretchAt(history, version)?.first ?? version));
    showBlame(view, blocksOf(blame.blocks, stretchOf, (line) => this.#words(line)));
  }

  #words({ author, at, version }: BlameLines): BlameWords {
    if (at === null) return { who: "", when: "", title: "Older than what is looked through", colour: "" };
    const person = this.#shell.session.people.get(author);
    const isToday = dayLabel(at) === "Today";
    const name = person?.display_name ?? FORMER;
    return {
      who: person === null ? "–" : person.kind === "assistant" ? "AI" : letters(name),
      when: isToday ? clock(at) : shortTime(at),
      title: `${name}, ${when(at)}, version ${version}`,
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
  }
}

/** One entry in the list of extras, whichever pane is open. */
const extra: { make(): ReturnType<Annotator["column"]> } = { make: () => [] };
addExtra(() => extra.make());

