// A log on the page: keeps its rows equal to a list of entries, in order, without moving what one reads.
// Used by the room and by the thread. It knows rows and scrolling; what may be done with a message is in actions.ts.

import { clone, part } from "../dom";
import type { Entry } from "./entries";
import { sameEntry } from "./entries";
import { createRow, type RowContext, updateRow } from "./row";
import { Scroll } from "./scroll";

interface Row {
  entry: Entry;
  element: HTMLElement;
}

const LIT_MS = 2_000;
/** What Tab reaches inside a message, while that message is the log's tab stop. */
const INNER = "a[href], button, textarea, summary";

export class Log {
  readonly scroll: Scroll;
  #rows = new Map<string, Row>();
  #tools: HTMLElement | null = null;
  /** The log is one tab stop: this message, or the log itself while none has been chosen. */
  #current: HTMLElement | null = null;
  #context: RowContext | null = null;
  #unlight: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly element: HTMLElement,
    moved: () => void,
  ) {
    this.scroll = new Scroll(element, moved);
    element.addEventListener("pointerover", this.#hovered);
    element.addEventListener("pointerleave", this.#left);
    element.addEventListener("focusin", this.#focused);
    element.addEventListener("keydown", this.#pressed);
  }

  dispose(): void {
    clearTimeout(this.#unlight);
    this.scroll.dispose();
    this.element.removeEventListener("pointerover", this.#hovered);
    this.element.removeEventListener("pointerleave", this.#left);
    this.element.removeEventListener("focusin", this.#focused);
    this.element.removeEventListener("keydown", this.#pressed);
  }

  /** Makes the log show these entries. `all` draws every row again (names, rights or the open pane changed). */
  draw(entries: readonly Entry[], context: RowContext, all = false): void {
    this.#context = context;
    const wanted = new Set(entries.map((entry) => entry.key));
    const hadFocus = this.element.contains(document.activeElement);
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    const fresh: HTMLElement[] = [];
    // A line that another part of the page puts between the rows is left where it is.
    const skip = (at: Element | null) => (at?.matches(".then, .catchup") === true ? at.nextElementSibling : at);
    let cursor = skip(this.element.firstElementChild);
    for (const entry of entries) {
      const before = this.#rows.get(entry.key)?.element;
      const element = this.#rowOf(entry, context, all, fresh);
      if (before !== undefined && before === cursor) cursor = element;
      if (element === cursor) cursor = skip(cursor.nextElementSibling);
      else this.element.insertBefore(element, cursor);
    }
    while (cursor !== null) {
      const surplus = cursor;
      cursor = cursor.nextElementSibling;
      surplus.remove();
    }
    if (hadFocus && !this.element.contains(document.activeElement)) this.element.focus({ preventScroll: true });
    if (this.#current?.isConnected !== true) this.#setCurrent(null);
    this.scroll.restore();
    this.#settle(fresh);
  }

  #rowOf(entry: Entry, context: RowContext, all: boolean, fresh: HTMLElement[]): HTMLElement {
    const known = this.#rows.get(entry.key);
    const pending = entry.kind === "message" && entry.pending !== null;
    if (known !== undefined && known.entry.kind === entry.kind) {
      const same = !all && !pending && sameEntry(known.entry, entry);
      if (same) return known.element;
      if (updateRow(known.element, entry, context)) {
        known.entry = entry;
        this.#setStop(known.element, known.element === this.#current);
        return known.element;
      }
    }
    const element = createRow(entry, context);
    if (known !== undefined && known.element === this.#current) this.#current = element;
    this.#setStop(element, element === this.#current);
    known?.element.replaceWith(element);
    this.#rows.set(entry.key, { entry, element });
    fresh.push(element);
    return element;
  }

  /** Something was drawn in these places of rows that are here already: what is in view stays there. */
  grown(places: Iterable<HTMLElement>): void {
    const rows = [...places].map((place) => place.closest<HTMLElement>(".msg")).filter((row) => row !== null);
    for (const row of rows) row.classList.remove("settled");
    this.scroll.restore();
    this.#settle(rows);
  }

  /**
   * Rows may be skipped by the browser while out of view once it has measured them: before, the scroll bar would jump.
   * It measures once a frame, so a row that grew since the last one is not measured yet.
   */
  #settle(rows: readonly HTMLElement[]): void {
    if (rows.length === 0) return;
    requestAnimationFrame(() => {
      const heights = rows.map((row) => row.offsetHeight);
      requestAnimationFrame(() => {
        const steady = rows.map((row, index) => row.offsetHeight === heights[index]);
        rows.forEach((row, index) => row.classList.toggle("settled", steady[index]));
        this.#settle(rows.filter((row, index) => row.isConnected && !steady[index]));
      });
    });
  }

  // Finding

  entryOf(element: Element | null): Extract<Entry, { kind: "message" }> | null {
    const row = element?.closest<HTMLElement>(".msg") ?? null;
    if (row === null) return null;
    for (const known of this.#rows.values()) {
      if (known.element === row) return known.entry.kind === "message" ? known.entry : null;
    }
    return null;
  }

  rowOfMessage(id: string): HTMLElement | null {
    return this.element.querySelector<HTMLElement>(`.msg[data-id="${CSS.escape(id)}"]`);
  }

  /** The newest message that passes, as an entry. */
  lastWhere(test: (entry: Extract<Entry, { kind: "message" }>) => boolean): Extract<Entry, { kind: "message" }> | null {
    let found: Extract<Entry, { kind: "message" }> | null = null;
    for (const { entry } of this.#rows.values()) {
      if (entry.kind !== "message" || !test(entry)) continue;
      if (found === null || entry.message.seq >= found.message.seq) found = entry;
    }
    return found;
  }

  // Showing

  /** Scrolls a message to the middle and lights it for 2 s; false when it is not here. */
  reveal(id: string, focus: boolean): boolean {
    const row = this.rowOfMessage(id);
    if (row === null) return false;
    const offset = Math.max(24, (this.element.clientHeight - row.offsetHeight) / 2);
    this.scroll.goTo({ id, offset });
    // Rows above get their real heights only now that they are in view.
    requestAnimationFrame(() => this.scroll.goTo({ id, offset }));
    for (const lit of this.element.querySelectorAll(".lit")) lit.classList.remove("lit");
    row.classList.add("lit");
    clearTimeout(this.#unlight);
    this.#unlight = setTimeout(() => row.classList.remove("lit"), LIT_MS);
    if (focus) this.activate(row);
    return true;
  }

  /** Scrolls the "New" line below the top; false when there is none, or when it is in view or above it already. */
  goToNew(): boolean {
    const line = this.element.querySelector<HTMLElement>(".new-mark");
    if (line === null) return false;
    const distance = line.getBoundingClientRect().top - this.element.getBoundingClientRect().top;
    if (distance >= 0 && distance < this.element.clientHeight) return false;
    this.element.scrollTop += distance - 48;
    this.scroll.note();
    return true;
  }

  // Moving between messages

  #messages(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>(".msg")];
  }

  /** Makes one row the log's tab stop and focuses it. */
  activate(row: HTMLElement): void {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    this.scroll.note();
  }

  focusLast(): void {
    const rows = this.#messages();
    const last = rows[rows.length - 1];
    if (last !== undefined) this.activate(last);
  }

  readonly #focused = (event: FocusEvent) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>(".msg") : null;
    if (row === null) return;
    this.#setCurrent(row);
    this.#showTools(row);
  };

  #setCurrent(row: HTMLElement | null): void {
    if (row === this.#current && row !== null) return;
    if (this.#current !== null) this.#setStop(this.#current, false);
    this.#current = row;
    if (row !== null) this.#setStop(row, true);
    this.element.tabIndex = row === null ? 0 : -1;
  }

  #setStop(row: HTMLElement, stop: boolean): void {
    if (!row.matches(".msg")) return;
    for (const one of [row, ...row.querySelectorAll<HTMLElement>(INNER)]) one.tabIndex = stop ? 0 : -1;
  }

  readonly #pressed = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (target !== this.element && !target.matches(".msg")) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const rows = this.#messages();
    const at = rows.indexOf(target);
    const steps: Record<string, number> = { ArrowUp: at < 0 ? rows.length - 1 : at - 1, ArrowDown: at < 0 ? rows.length - 1 : at + 1, Home: 0 };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
    if (row !== undefined) this.activate(row);
  };

  // The toolbar of the message under the pointer or with the focus

  readonly #hovered = (event: PointerEvent) => {
    if (event.pointerType === "touch") return;
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>(".msg") : null;
    if (row !== null) this.#showTools(row);
  };

  readonly #left = () => {
    if (this.#tools !== null && !this.#tools.contains(document.activeElement)) this.#tools.remove();
  };

  #showTools(row: HTMLElement): void {
    const entry = this.entryOf(row);
    this.#tools ??= clone("t-tools");
    if (entry === null || entry.pending !== null || entry.message.deleted_at !== null || row.classList.contains("editing")) return this.#tools.remove();
    if (this.#tools.parentElement === row) return;
    if (this.#tools.querySelector("[aria-expanded='true']")) return;
    const context = this.#context;
    part(this.#tools, "[data-do=pick-reaction]").hidden = context?.canReact !== true;
    part(this.#tools, "[data-do=quote-message]").hidden = context?.canPost !== true;
    part(this.#tools, "[data-part=thread]").hidden = context?.chips !== true || (context.canPost !== true && entry.message.thread === null);
    part(this.#tools, "[data-part=edit]").hidden = entry.message.author !== context?.me || context.canPost !== true;
    row.append(this.#tools);
    this.#setStop(row, row === this.#current);
  }
}
