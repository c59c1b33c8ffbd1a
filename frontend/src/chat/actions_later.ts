// What one does with a message of a room, until that part of the page is here: keeps clicks and keys, and hands them on.
// Made by room.ts for its log. It decides nothing: what a click or a key means stands in actions.ts.

import { closest } from "../dom";
import type { MessageView } from "../protocol";
import type { Shell } from "../shell/contract";
import { OnceMade } from "../shell/once_made";
import type { ActionHooks, Actions } from "./actions";
import type { Log } from "./log";

/** What does something in a row; a click on anything else is not worth a word when the rest cannot be loaded. */
const LIVE = "[data-do], .at[data-user], [data-part=avatar], [data-part=author]";
const KEYS = /^(Enter|Delete|[a-z+])$/i;

/** A link, a picture or selected text have a menu of the browser's own that is of more use. */
export function hasOwnMenu(event: MouseEvent): boolean {
  return closest(event, "a[href], img, textarea") !== null || getSelection()?.isCollapsed !== true;
}

export class ActionsLater {
  readonly #shell: Shell;
  readonly #later: OnceMade<Actions>;
  readonly #abort = new AbortController();
  #actions: Actions | null = null;

  constructor(log: Log, shell: Shell, hooks: ActionHooks) {
    this.#shell = shell;
    const { signal } = this.#abort;
    this.#later = new OnceMade(async () => {
      const { Actions } = await import("../later");
      this.#actions = new Actions(log, shell, hooks);
      if (signal.aborted) this.#actions.dispose();
      return this.#actions;
    });
    // What fails here is asked for again, and told, when the person wants it.
    this.#later.get().catch(() => undefined);
    const { element } = log;
    element.addEventListener("click", (event) => closest(event, LIVE) !== null && this.#keep(event), { signal });
    element.addEventListener("keydown", (event) => KEYS.test(event.key) && closest(event, ".msg") === event.target && this.#keep(event), { signal });
    element.addEventListener("contextmenu", (event) => this.#rightClicked(event), { signal });
  }

  dispose(): void {
    this.#abort.abort();
    this.#actions?.dispose();
  }

  /** Edits the newest message that passes; false when it is known that there is none. */
  editLast(test: (message: MessageView) => boolean): boolean {
    if (this.#actions !== null) return this.#actions.editLast(test);
    this.#use((actions) => actions.editLast(test));
    return true;
  }

  /** Ends an edit; false when there was none. */
  cancelEdit(): boolean {
    return this.#actions?.cancelEdit() === true;
  }

  #rightClicked(event: MouseEvent): void {
    if (this.#actions !== null || hasOwnMenu(event) || closest(event, ".msg") === null) return;
    event.preventDefault();
    this.#keep(event);
  }

  /** Once made, the actions hear the log themselves. */
  #keep(event: MouseEvent | KeyboardEvent): void {
    if (this.#actions === null) this.#use((actions) => actions.hear(event));
  }

  #use(act: (actions: Actions) => unknown): void {
    const run = (actions: Actions) => this.#abort.signal.aborted || act(actions);
    this.#later.use(run).catch((error: unknown) => this.#shell.fail("This part of the page could not be loaded", error));
  }
}
