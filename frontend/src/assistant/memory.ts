// What the assistant remembers of a person, in their own session: notes to read and to have forgotten. A pane.
// Nobody else sees any of it. What is forgotten is gone from the server before it goes from the page.

import * as api from "../api";
import { clone, el, icon, part } from "../dom";
import type { MemoryView, NoteView } from "../protocol";
import type { Shell } from "../shell/contract";
import { errorText } from "../shell/dialogs";
import { dayLabel } from "../time";
import { choicesOf, type OwnWish } from "./choice";

interface Options {
  shell: Shell;
  view: HTMLElement;
  room: number;
}

/** Puts a button into the bar of one's own session; answers how to take it away. */
export function offerMemory({ shell, view, room }: Options): () => void {
  const summary = shell.session.home.get().rooms.find((one) => one.room.id === room);
  if (summary?.room.kind !== "direct" || summary.people[0]?.kind !== "assistant") return () => undefined;
  const button = clone("t-memory-button");
  button.addEventListener("click", () => toggle(shell, button));
  part(view, "[data-do=open-members]").before(button);
  return () => button.remove();
}

function toggle(shell: Shell, button: HTMLElement): void {
  if (button.getAttribute("aria-pressed") === "true") return shell.closePane();
  const pane = new MemoryPane(shell);
  const closed = () => {
    button.setAttribute("aria-pressed", "false");
    button.removeAttribute("aria-expanded");
  };
  shell.showPane(pane.element, { opener: button, onClose: closed });
  button.setAttribute("aria-pressed", "true");
  button.removeAttribute("aria-expanded");
}

class MemoryPane {
  readonly element = clone("t-memory");
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
    part(this.element, "[data-part=remembers]").addEventListener("click", () => void this.#switch());
    part(this.element, "[data-part=forget]").addEventListener("click", () => void this.#forgetAll());
    part(this.element, "[data-part=again]").addEventListener("click", () => void this.#load());
    void this.#load();
  }

  async #load(): Promise<void> {
    const problem = part(this.element, "[data-part=problem]");
    try {
      this.#draw(await api.get<MemoryView>("/api/assistant/memory/"));
      problem.hidden = true;
    } catch (error) {
      problem.hidden = false;
      part(problem, "[data-part=problem-text]").textContent = errorText(error);
    }
  }

  #draw({ remembers, notes, forgotten_at }: MemoryView): void {
    const had = part(this.element, "[data-part=list]").contains(document.activeElement);
    part(this.element, "[data-part=body]").hidden = false;
    part(this.element, "[data-part=remembers]").setAttribute("aria-checked", String(remembers));
    part(this.element, "[data-part=list]").replaceChildren(...notes.map((note) => this.#note(note)));
    const none = part(this.element, "[data-part=none]");
    none.hidden = notes.length > 0;
    const forgotten = forgotten_at === null ? "" : ` What was said before ${dayLabel(forgotten_at).toLowerCase()} is not given to it any more.`;
    none.textContent = `${remembers ? "It has noted nothing yet. Tell it what to remember." : "It notes nothing."}${forgotten}`;
    if (had) part(this.element, "h2").focus({ preventScroll: true });
  }

  #note(note: NoteView): HTMLElement {
    const row = el("li");
    const text = el("span", "grow", note.text, { dir: "auto" });
    text.append(el("small", "", dayLabel(note.created_at)));
    const drop = el("button", "btn quiet small icon-only", null, { type: "button", "aria-label": `Forget “${note.text}”`, title: "Forget" });
    drop.append(icon("trash-2"));
    drop.addEventListener("click", () => void this.#forget(note, drop));
    row.append(text, drop);
    return row;
  }

  async #forget(note: NoteView, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      await api.send("DELETE", `/api/assistant/memory/${note.id}/`);
      this.#shell.announce("Forgotten");
      await this.#load();
    } catch (error) {
      button.disabled = false;
      this.#shell.fail("The note could not be forgotten", error);
    }
  }

  async #forgetAll(): Promise<void> {
    const text = "All notes go, and nothing that was said here before is given to it any more. The messages stay where they are.";
    const run = () => api.post("/api/assistant/forget/", {});
    if ((await this.#shell.confirm({ title: "Forget everything?", text, go: "Forget", danger: true }, run)) === null) return;
    this.#shell.announce("Forgotten");
    await this.#load();
  }

  async #switch(): Promise<void> {
    const toggle = part(this.element, "[data-part=remembers]");
    const wish: OwnWish = { remembers: toggle.getAttribute("aria-checked") !== "true" };
    try {
      await choicesOf(this.#shell.session).chooseForMe(wish);
      await this.#load();
    } catch (error) {
      this.#shell.fail("That was not saved", error);
    }
  }
}
