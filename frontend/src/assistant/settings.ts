// The section "Assistant" of a room's settings: whether it answers, who and how, and whether one wants to see it oneself.
// Put into the settings by shell/settings_view.ts. Each switch is saved at once, the prompt with its button.

import { clone, el, maybe, part } from "../dom";
import type { AssistantView } from "../protocol";
import { errorText } from "../shell/dialogs";
import type { Shell } from "../shell/contract";
import { choicesOf, type Choices, type Wish } from "./choice";

const PROMPT_CHARS = 4_000;
const SWITCHES = ["enabled", "may_edit", "answers_bridged"] as const;

export class AssistantSettings {
  readonly element = clone("t-assistant-settings");
  readonly #shell: Shell;
  readonly #room: number;
  readonly #choices: Choices;
  readonly #stop: () => void;
  readonly #prompt = part<HTMLTextAreaElement>(this.element, "[data-part=prompt]");
  /** The prompt as it is saved: what one has typed over it stays through every drawing. */
  #saved = "";

  constructor(shell: Shell, room: number) {
    this.#shell = shell;
    this.#room = room;
    this.#choices = choicesOf(shell.session);
    this.#stop = this.#choices.subscribe((changed) => changed === room && this.#draw());
    for (const name of SWITCHES) this.#switchOf(name).addEventListener("click", () => this.#flip(name));
    this.#switchOf("hidden").addEventListener("click", () => void this.#hide());
    for (const name of ["agent", "model"] as const) {
      const select = part<HTMLSelectElement>(this.element, `[data-part=${name}]`);
      select.addEventListener("change", () => void this.#save(name === "agent" ? { agent: Number(select.value) } : { model: select.value }));
    }
    part(this.element, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save({ prompt: this.#prompt.value });
    });
    this.#prompt.addEventListener("input", () => this.#drawPrompt());
    void this.#choices.load(room).then((view) => view === null && this.#failed());
  }

  close(): void {
    this.#stop();
  }

  #switchOf(name: string): HTMLButtonElement {
    return part<HTMLButtonElement>(this.element, `[data-part=${name}]`);
  }

  #failed(): void {
    part(this.element, "[data-part=state]").textContent = "What this room chose could not be loaded.";
  }

  // Drawing

  #draw(): void {
    const view = this.#choices.of(this.#room);
    if (view === null) return;
    part(this.element, "[data-part=body]").hidden = false;
    part(this.element, "[data-part=state]").textContent = this.#stateWords(view);
    const problem = part(this.element, "[data-part=problem]");
    problem.hidden = view.ready;
    part(problem, "[data-part=problem-text]").textContent = view.problem;
    for (const name of [...SWITCHES, "hidden"] as const) this.#switchOf(name).setAttribute("aria-checked", String(view[name]));
    for (const name of SWITCHES) this.#switchOf(name).disabled = !view.may_choose;
    this.#drawChoice("agent", view.agents.map((agent) => [String(agent.id), agent.display_name]), String(view.agent?.id ?? ""));
    const [own = "", ...others] = view.models;
    this.#drawChoice("model", [["", own], ...others.map((name): [string, string] => [name, name])], view.chosen_model);
    if (this.#prompt.value === this.#saved) this.#prompt.value = view.prompt;
    this.#saved = view.prompt;
    this.#prompt.readOnly = !view.may_choose;
    this.#drawPrompt();
  }

  #stateWords(view: AssistantView): string {
    if (view.agent === null) return "Nobody can be asked on this site.";
    if (!view.enabled) return "Switched off in this room.";
    const model = view.model === "" ? "" : ` with ${view.model}${view.demo ? ", a small demo model" : ""}`;
    return `Call @${view.agent.name} in a message. It answers${model}.`;
  }

  #drawChoice(name: "agent" | "model", options: readonly (readonly [string, string])[], chosen: string): void {
    const select = part<HTMLSelectElement>(this.element, `[data-part=${name}]`);
    part(this.element, `[data-part=${name}-row]`).hidden = options.length < 2;
    select.replaceChildren(...options.map(([value, text]) => el("option", "", text, { value })));
    select.value = chosen;
  }

  #drawPrompt(): void {
    const length = [...this.#prompt.value].length;
    const over = length > PROMPT_CHARS;
    const may = !this.#prompt.readOnly;
    part(this.element, "[data-part=prompt-buttons]").hidden = !may;
    part<HTMLButtonElement>(this.element, "[data-part=save]").disabled = over || this.#prompt.value === this.#saved;
    const count = part(this.element, "[data-part=count]");
    count.textContent = over ? `${length - PROMPT_CHARS} too many` : length > PROMPT_CHARS * 0.9 ? `${PROMPT_CHARS - length} left` : "";
    count.classList.toggle("over", over);
  }

  // Saving

  #flip(name: (typeof SWITCHES)[number]): void {
    const wish: Wish = {};
    wish[name] = this.#switchOf(name).getAttribute("aria-checked") !== "true";
    void this.#save(wish);
  }

  async #save(wish: Wish): Promise<void> {
    const error = part(this.element, "[data-part=error]");
    try {
      const view = await this.#choices.choose(this.#room, wish);
      error.hidden = true;
      if (wish.prompt !== undefined) {
        this.#prompt.value = this.#saved = view.prompt;
        this.#drawPrompt();
        this.#shell.toast({ kind: "info", title: "Saved" });
      } else this.#shell.announce("Saved");
    } catch (problem) {
      error.hidden = false;
      error.textContent = errorText(problem);
      this.#draw();
    }
  }

  async #hide(): Promise<void> {
    const hidden = this.#switchOf("hidden").getAttribute("aria-checked") !== "true";
    try {
      await this.#choices.chooseForMe({ hidden });
      this.#shell.announce(hidden ? "The assistant is hidden" : "The assistant is shown");
    } catch (error) {
      this.#shell.fail("That was not saved", error);
    }
  }
}

/** Puts the section before the last one. */
export function addSettings(page: HTMLElement, shell: Shell, room: number): () => void {
  const settings = new AssistantSettings(shell, room);
  const place = maybe(page, "[data-part=close]");
  place?.before(settings.element);
  return () => settings.close();
}
