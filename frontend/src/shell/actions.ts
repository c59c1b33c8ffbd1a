// One listener for every button and link with data-do: looks its name up in a table and runs it.
// Filled by app.ts and the views. A name that is not in the table belongs to the chat, which listens for itself.

import { closest } from "../dom";

export type Act = (target: HTMLElement, event: MouseEvent) => void;

/** Ctrl, Shift or the middle button on a link: the browser opens it in another tab. */
export function wantsNewTab(event: MouseEvent): boolean {
  return event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
}

export class Actions {
  readonly #table = new Map<string, Act>();

  add(acts: Record<string, Act>): void {
    for (const [name, act] of Object.entries(acts)) this.#table.set(name, act);
  }

  start(): void {
    document.addEventListener("click", (event) => {
      const target = closest(event, "[data-do]");
      const act = this.#table.get(target?.dataset["do"] ?? "");
      if (target === null || act === undefined || event.defaultPrevented) return;
      if (target instanceof HTMLAnchorElement && wantsNewTab(event)) return;
      event.preventDefault();
      if (target.getAttribute("aria-disabled") !== "true") act(target, event);
    });
  }
}
