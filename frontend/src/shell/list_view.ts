// A page that lists messages of many rooms: loads pages as one scrolls, with skeleton, empty and error states.
// The base of inbox_view.ts and saved_view.ts; it never knows what it lists.

import { clone, part } from "../dom";
import { errorText } from "./dialogs";
import { focusHeading, stand, type ShellContext, type View } from "./view";

const SKELETON_MS = 300;
const NEAR_PX = 400;

export interface Loaded {
  rows: HTMLElement[];
  more: boolean;
}

export interface Nothing {
  title: string;
  text: string;
}

export abstract class ListView implements View {
  readonly name = "page";
  protected readonly context: ShellContext;
  protected readonly element: HTMLElement;
  protected readonly list: HTMLElement;
  readonly #stops: (() => void)[] = [];
  #turn = 0;
  #more = false;
  #loading = false;

  constructor(context: ShellContext, template: string) {
    this.context = context;
    this.element = clone(template);
    this.list = part(this.element, "[data-part=list]");
    stand(this.element);
    context.actions.add({ "list-again": () => void this.load() });
    this.list.addEventListener("scroll", () => this.#near(), { passive: true });
  }

  protected abstract fetch(first: boolean): Promise<Loaded>;

  protected abstract nothing(): Nothing;

  protected onClose(stop: () => void): void {
    this.#stops.push(stop);
  }

  focus(): void {
    focusHeading(this.element);
  }

  close(): void {
    this.#turn += 1;
    for (const stop of this.#stops) stop();
  }

  /** Loads the first page; what stands there stays until it has come. */
  async load(): Promise<void> {
    const turn = (this.#turn += 1);
    const slow = setTimeout(() => this.list.childElementCount === 0 && this.list.replaceChildren(clone("t-skeleton")), SKELETON_MS);
    this.#loading = true;
    try {
      const { rows, more } = await this.fetch(true);
      if (turn !== this.#turn) return;
      this.#more = more;
      this.#fill(rows);
    } catch (error) {
      if (turn === this.#turn) this.#none({ title: "This could not be loaded", text: errorText(error) }, "Try again");
    } finally {
      clearTimeout(slow);
      if (turn === this.#turn) this.#loading = false;
    }
    this.#near();
  }

  #fill(rows: readonly HTMLElement[]): void {
    const focused = document.activeElement instanceof HTMLElement && this.list.contains(document.activeElement) ? document.activeElement.closest<HTMLElement>("[data-message]")?.dataset["message"] : undefined;
    const { scrollTop } = this.list;
    this.list.replaceChildren(...rows);
    this.list.scrollTop = scrollTop;
    if (focused !== undefined) (this.list.querySelector<HTMLElement>(`[data-message="${focused}"] a[href]`) ?? this.list).focus({ preventScroll: true });
    if (rows.length === 0) return this.#none(this.nothing(), "");
    this.list.hidden = false;
    part(this.element, "[data-part=none]").hidden = true;
  }

  #near(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (this.#more && !this.#loading && scrollHeight - scrollTop - clientHeight < NEAR_PX) void this.#loadMore();
  }

  async #loadMore(): Promise<void> {
    const turn = this.#turn;
    this.#loading = true;
    try {
      const { rows, more } = await this.fetch(false);
      if (turn !== this.#turn) return;
      this.#more = more;
      this.list.append(...rows);
    } catch (error) {
      this.#more = false;
      if (turn === this.#turn) this.context.shell.fail("More could not be loaded", error);
    } finally {
      if (turn === this.#turn) this.#loading = false;
    }
    if (turn === this.#turn) this.#near();
  }

  #none({ title, text }: Nothing, again: string): void {
    this.list.hidden = true;
    const place = part(this.element, "[data-part=none]");
    const none = clone("t-empty-list");
    part(none, "[data-part=title]").textContent = title;
    part(none, "[data-part=text]").textContent = text;
    const button = part(none, "[data-part=again]");
    button.hidden = again === "";
    button.textContent = again;
    place.replaceChildren(none);
    place.hidden = false;
  }
}
