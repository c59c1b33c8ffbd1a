// The tabs of a room's documents: choosing, renaming in place, reordering, and what does not fit.
// Made by the pane, which does what is chosen. It never talks to the server.

import { clone, closest, maybe, part } from "../dom";
import { colourClass } from "../people";
import type { DocumentView } from "../protocol";
import { ApiError } from "../api";
import { errorText } from "../shell/dialogs";
import { dragByTouch } from "./tab_touch";

export interface TabHooks {
  choose(id: number): void;
  /** Rejects with the server's words. */
  rename(id: number, name: string): Promise<unknown>;
  /** Puts a document at a place among the others. */
  move(id: number, index: number): void;
  openMenu(id: number, anchor: HTMLElement, at?: { x: number; y: number }): void;
  /** Documents that have no room in the row. */
  openMore(ids: readonly number[], anchor: HTMLElement): void;
  mayEdit(): boolean;
}

export class Tabs {
  readonly #hooks: TabHooks;
  readonly #row: HTMLElement;
  readonly #more: HTMLElement;
  readonly #field: HTMLInputElement;
  readonly #problem: HTMLElement;
  #documents: readonly DocumentView[] = [];
  #current: number | null = null;
  #hidden: number[] = [];
  #dragged: number | null = null;
  #renaming: number | null = null;
  readonly #watching: ResizeObserver;

  constructor(pane: HTMLElement, hooks: TabHooks) {
    this.#hooks = hooks;
    this.#row = part(pane, "[data-part=tabs]");
    this.#more = part(pane, "[data-part=more]");
    this.#field = part<HTMLInputElement>(pane, "[data-part=rename]");
    this.#problem = part(pane, "[data-part=rename-problem]");
    this.#watching = new ResizeObserver(() => this.#fit());
    this.#watching.observe(part(pane, "[data-part=files]"));
    this.#row.addEventListener("click", (event) => this.#clicked(event));
    this.#row.addEventListener("dblclick", (event) => this.rename(this.#idOf(event)));
    this.#row.addEventListener("keydown", (event) => this.#key(event));
    this.#row.addEventListener("contextmenu", (event) => this.#menu(event));
    this.#more.addEventListener("click", () => this.#hooks.openMore(this.#hidden, this.#more));
    this.#field.addEventListener("keydown", (event) => this.#fieldKey(event));
    this.#field.addEventListener("blur", () => void this.#keep());
    this.#dragging();
  }

  close(): void {
    this.#watching.disconnect();
  }

  draw(documents: readonly DocumentView[], current: number | null): void {
    this.#documents = documents;
    this.#current = current;
    const known = new Map([...this.#row.children].map((tab) => [Number((tab as HTMLElement).dataset["id"]), tab as HTMLElement]));
    const focused = this.#row.contains(document.activeElement) ? Number((document.activeElement as HTMLElement).dataset["id"]) : null;
    const tabs = documents.map((one) => this.#drawTab(known.get(one.id) ?? clone("t-code-tab"), one));
    if (tabs.length !== this.#row.children.length || tabs.some((tab, index) => this.#row.children[index] !== tab)) this.#row.replaceChildren(...tabs);
    if (focused !== null && this.#renaming === null) this.#tab(focused)?.focus({ preventScroll: true });
    this.#fit();
  }

  focus(): void {
    this.#tab(this.#current)?.focus({ preventScroll: true });
  }

  #drawTab(tab: HTMLElement, { id, name }: DocumentView): HTMLElement {
    const selected = id === this.#current;
    tab.dataset["id"] = String(id);
    tab.id = `code-tab-${id}`;
    tab.title = name;
    tab.setAttribute("aria-selected", String(selected));
    tab.setAttribute("aria-controls", "code-panel");
    tab.tabIndex = selected || (this.#current === null && id === this.#documents[0]?.id) ? 0 : -1;
    part(tab, "[data-part=name]").textContent = name;
    part(tab, "[data-part=dot]").className = `dotc ${colourClass(id)}`;
    return tab;
  }

  #tab(id: number | null): HTMLElement | null {
    return id === null ? null : maybe(this.#row, `[data-id="${id}"]`);
  }

  #idOf(event: Event): number | null {
    const tab = closest(event, "[role=tab]");
    return tab === null ? null : Number(tab.dataset["id"]);
  }

  /** Hides from the end what has no room, but never the open one. */
  #fit(): void {
    const tabs = [...this.#row.children] as HTMLElement[];
    for (const tab of tabs) tab.hidden = false;
    this.#more.hidden = true;
    this.#hidden = [];
    if (this.#row.scrollWidth > this.#row.clientWidth + 1) {
      this.#more.hidden = false;
      for (const tab of [...tabs].reverse()) {
        if (this.#row.scrollWidth <= this.#row.clientWidth + 1) break;
        if (Number(tab.dataset["id"]) === this.#current) continue;
        tab.hidden = true;
        this.#hidden.unshift(Number(tab.dataset["id"]));
      }
    }
    part(this.#more, "[data-part=more-text]").textContent = `${this.#hidden.length} more`;
    this.#more.hidden = this.#hidden.length === 0;
  }

  #clicked(event: MouseEvent): void {
    const id = this.#idOf(event);
    if (id !== null && event.detail < 2) this.#hooks.choose(id);
  }

  #menu(event: MouseEvent): void {
    const tab = closest(event, "[role=tab]");
    const id = this.#idOf(event);
    if (tab === null || id === null) return;
    event.preventDefault();
    const byPointer = event.clientX !== 0 || event.clientY !== 0;
    this.#hooks.openMenu(id, tab, byPointer ? { x: event.clientX, y: event.clientY } : undefined);
  }

  #key(event: KeyboardEvent): void {
    const id = this.#idOf(event);
    if (id === null || event.ctrlKey || event.metaKey) return;
    const shown = this.#documents.filter((one) => !this.#hidden.includes(one.id)).map((one) => one.id);
    const at = shown.indexOf(id);
    const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: shown.length - 1 };
    const next = steps[event.key];
    if (event.key === "F2") this.rename(id);
    else if (next === undefined) return;
    else if (event.altKey && event.shiftKey) this.#shift(id, event.key === "ArrowLeft" ? -1 : 1);
    else if (event.altKey) return;
    else this.#tab(shown[(next + shown.length) % shown.length] ?? null)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  #shift(id: number, by: number): void {
    const at = this.#documents.findIndex((one) => one.id === id) + by;
    if (at >= 0 && at < this.#documents.length && this.#hooks.mayEdit()) this.#hooks.move(id, at);
  }

  // Renaming

  rename(id: number | null): void {
    const tab = this.#tab(id);
    const found = this.#documents.find((one) => one.id === id);
    if (tab === null || found === undefined || !this.#hooks.mayEdit()) return;
    this.#renaming = found.id;
    const field = this.#field;
    field.value = found.name;
    field.hidden = false;
    field.setAttribute("aria-label", `New name for ${found.name}`);
    field.style.left = `${Math.max(4, tab.offsetLeft - this.#row.scrollLeft)}px`;
    this.#problem.style.left = field.style.left;
    field.focus();
    const stem = found.name.lastIndexOf(".");
    field.setSelectionRange(0, stem > 0 ? stem : found.name.length);
  }

  #fieldKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") void this.#keep();
    else this.#stopRenaming();
  }

  async #keep(): Promise<void> {
    const id = this.#renaming;
    if (id === null) return;
    const name = this.#field.value.trim();
    const before = this.#documents.find((one) => one.id === id)?.name;
    if (name === "" || name === before) return this.#stopRenaming();
    this.#renaming = null;
    try {
      await this.#hooks.rename(id, name);
      this.#renaming = id;
      this.#stopRenaming();
    } catch (error) {
      this.#renaming = id;
      this.#problem.textContent = error instanceof ApiError ? error.message : errorText(error);
      this.#problem.hidden = false;
      this.#field.setAttribute("aria-invalid", "true");
      this.#field.focus();
    }
  }

  #stopRenaming(): void {
    const id = this.#renaming;
    const had = this.#field === document.activeElement || document.activeElement === document.body;
    this.#renaming = null;
    this.#field.hidden = this.#problem.hidden = true;
    this.#field.removeAttribute("aria-invalid");
    if (had) this.#tab(id)?.focus({ preventScroll: true });
  }

  // Dragging

  #dragging(): void {
    dragByTouch(this.#row, {
      mayDrag: () => this.#hooks.mayEdit() && this.#renaming === null,
      over: (tab) => this.#mark(tab),
      drop: (tab, onto) => this.#drop(Number(tab.dataset["id"]), Number(onto.dataset["id"])),
    });
    this.#row.addEventListener("dragstart", (event) => {
      this.#dragged = this.#hooks.mayEdit() ? this.#idOf(event) : null;
      if (this.#dragged === null || event.dataTransfer === null) return event.preventDefault();
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/x-collab-tab", String(this.#dragged));
    });
    this.#row.addEventListener("dragover", (event) => {
      if (this.#dragged === null) return;
      event.preventDefault();
      this.#mark(closest(event, "[role=tab]"));
    });
    this.#row.addEventListener("drop", (event) => {
      if (this.#dragged === null) return;
      event.preventDefault();
      this.#drop(this.#dragged, this.#idOf(event));
    });
    this.#row.addEventListener("dragend", () => {
      this.#dragged = null;
      this.#mark(null);
    });
  }

  #drop(dragged: number, target: number | null): void {
    const at = this.#documents.findIndex((one) => one.id === target);
    if (at >= 0 && target !== dragged) this.#hooks.move(dragged, at);
  }

  #mark(over: HTMLElement | null): void {
    for (const tab of this.#row.children) tab.classList.toggle("over", tab === over);
  }
}
