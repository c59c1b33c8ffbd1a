// The page behind /search/: what one types becomes tokens and words, and what is found follows 250 ms after the last key.
// Shown by the stage. The state stands in the address, so that a link or a reload shows the same.

import * as api from "../api";
import { clone, el, part } from "../dom";
import type { SearchAnswer } from "../protocol";
import { dialog, errorText, openDialog } from "./dialogs";
import { Facets, type Order } from "./search_facets";
import { Hits } from "./search_hits";
import { countSentence, endsFilter, filterText, parseQuery, queryText, settled, type Filter, type Query } from "./search_query";
import { focusHeading, stand, type ShellContext, type View } from "./view";

const WAIT_MS = 250;
const SKELETON_MS = 300;
const KINDS = ["messages", "files", "documents"] as const;
type Kind = (typeof KINDS)[number];

export class SearchView implements View {
  readonly name = "page";
  readonly #context: ShellContext;
  readonly #element = clone("t-view-search");
  readonly #input = part<HTMLInputElement>(this.#element, "[data-part=query]");
  readonly #hits = part(this.#element, "[data-part=hits]");
  readonly #names: Hits;
  readonly #facets: Facets;
  #filters: Filter[] = [];
  #kind: Kind = "messages";
  #order: Order = "newest";
  #answer: SearchAnswer | null = null;
  #shown = "";
  /** What was asked last. */
  #wanted = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | null = null;

  constructor(context: ShellContext) {
    this.#context = context;
    this.#names = new Hits(context.shell.session);
    this.#facets = new Facets(this.#element, { filters: () => this.#filters, change: (filters) => this.#change(filters) });
    stand(this.#element);
    this.#read();
    context.actions.add({
      "search-kind": (button) => this.#chooseKind(button.dataset["kind"] as Kind),
      "search-order": (button) => this.#chooseOrder(button.dataset["order"] as Order),
      "search-clear": () => this.#clear(),
      "clear-search": () => this.#clear(),
      "search-again": () => void this.#load(),
      "search-more": () => void this.#more(),
      "search-filters": () => this.#facets.openSheet(),
      "search-help": () => openDialog(dialog("d-search-help")),
      "drop-token": (button) => this.#drop(button),
    });
    this.#listen();
    this.#drawTokens();
    if (this.#query() === "") this.#drawHint();
    else void this.#load();
  }

  focus(): void {
    if (matchMedia("(max-width: 720px)").matches && this.#query() !== "") return focusHeading(this.#element);
    this.#input.focus({ preventScroll: true });
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#facets.close();
  }

  // The state: in the bar, in the side column, in the address

  #state(): Query {
    return { filters: this.#filters, text: this.#input.value };
  }

  #query(): string {
    return queryText(this.#state());
  }

  #read(): void {
    const address = new URLSearchParams(location.search);
    const { filters, text } = parseQuery(address.get("q") ?? "");
    this.#filters = filters;
    this.#input.value = text;
    const kind = address.get("kind") as Kind;
    this.#kind = KINDS.includes(kind) ? kind : "messages";
    this.#order = address.get("order") === "best" ? "best" : "newest";
  }

  #write(): void {
    const address = new URLSearchParams();
    const query = this.#query();
    if (query !== "") address.set("q", query);
    if (this.#kind !== "messages") address.set("kind", this.#kind);
    if (this.#order !== "newest") address.set("order", this.#order);
    const text = address.toString();
    history.replaceState(history.state, "", text === "" ? location.pathname : `${location.pathname}?${text}`);
  }

  #listen(): void {
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#keyInBar(event));
    this.#hits.addEventListener("keydown", (event) => this.#keyInHits(event));
    const finish = () => {
      this.#take(parseQuery(this.#input.value));
      void this.#load();
    };
    // Whoever leaves the field has typed out what stands in it; what was asked already keeps its hits, and the focus in them.
    this.#input.addEventListener("change", () => this.#query() !== this.#wanted && finish());
    part<HTMLFormElement>(this.#element, "[data-part=form]").addEventListener("submit", (event) => {
      event.preventDefault();
      finish();
    });
  }

  #typed(): void {
    const beforeCaret = () => this.#input.value.slice(0, this.#input.selectionStart ?? 0);
    const before = beforeCaret();
    if (endsFilter(before)) {
      this.#take(parseQuery(this.#input.value));
      const caret = parseQuery(before).text.length;
      this.#input.setSelectionRange(caret, caret);
    }
    this.#drawTokens();
    clearTimeout(this.#timer);
    const begun = beforeCaret();
    const kept = settled(begun);
    const text = kept === begun ? this.#input.value : `${kept} ${this.#input.value.slice(begun.length)}`;
    this.#timer = setTimeout(() => void this.#load(queryText({ filters: this.#filters, text })), WAIT_MS);
  }

  /** Filters that were typed become tokens. */
  #take({ filters, text }: Query): void {
    if (filters.length === 0) return;
    this.#filters = parseQuery(queryText({ filters: [...this.#filters, ...filters], text: "" })).filters;
    this.#input.value = text;
    this.#drawTokens();
  }

  #change(filters: Filter[]): void {
    this.#filters = filters;
    this.#drawTokens();
    void this.#load();
  }

  #clear(): void {
    this.#input.value = "";
    this.#filters = [];
    this.#drawTokens();
    void this.#load();
    this.#input.focus();
  }

  #drop(button: HTMLElement): void {
    const index = Number(button.dataset["index"]);
    this.#change(this.#filters.filter((_, at) => at !== index));
    this.#input.focus();
  }

  #chooseKind(kind: Kind): void {
    this.#kind = kind;
    void this.#load();
  }

  #chooseOrder(order: Order): void {
    this.#order = order;
    void this.#load();
  }

  #keyInBar(event: KeyboardEvent): void {
    const { selectionStart, selectionEnd } = this.#input;
    if (event.key === "Backspace" && selectionStart === 0 && selectionEnd === 0 && this.#filters.length > 0) {
      event.preventDefault();
      const last = this.#filters[this.#filters.length - 1] as Filter;
      this.#filters = this.#filters.slice(0, -1);
      const text = filterText(last);
      this.#input.value = text + this.#input.value;
      this.#input.setSelectionRange(text.length, text.length);
      return this.#typed();
    }
    if (event.key === "ArrowDown" && this.#links().length > 0) {
      event.preventDefault();
      this.#links()[0]?.focus();
    }
  }

  #links(): HTMLElement[] {
    return [...this.#hits.querySelectorAll<HTMLElement>(".hit [data-part=open], [data-do=search-more]")];
  }

  #keyInHits(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    const links = this.#links();
    const at = links.findIndex((link) => link === document.activeElement || link.closest(".hit")?.contains(document.activeElement) === true);
    if (step === undefined || at === -1) return;
    event.preventDefault();
    if (at + step < 0 && event.key === "ArrowUp") return this.#input.focus();
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
    next?.focus();
    next?.closest(".hit")?.scrollIntoView({ block: "nearest" });
  }

  // Asking

  async #load(query = this.#query()): Promise<void> {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#write();
    this.#facets.draw(this.#order);
    this.#drawKinds();
    this.#wanted = query;
    if (query === "") return this.#drawHint();
    const { signal } = (this.#asked = new AbortController());
    this.#hits.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => this.#hits.childElementCount === 0 && this.#hits.replaceChildren(clone("t-skeleton")), SKELETON_MS);
    try {
      const answer = await this.#ask("", signal);
      if (!signal.aborted) this.#draw(answer, query);
    } catch (error) {
      if (!signal.aborted) this.#drawNone("The search did not work", errorText(error), "Try again");
    } finally {
      clearTimeout(slow);
      if (!signal.aborted) this.#hits.removeAttribute("aria-busy");
    }
  }

  #ask(more: string, signal: AbortSignal): Promise<SearchAnswer> {
    const tz = this.#context.shell.session.home.get().preferences.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
    return api.get<SearchAnswer>("/api/search/", { q: this.#wanted, kind: this.#kind, order: this.#order, tz, more: more || null }, signal);
  }

  async #more(): Promise<void> {
    const { signal } = this.#asked ?? new AbortController();
    const button = this.#hits.querySelector<HTMLElement>("[data-do=search-more]");
    if (button === null || this.#answer?.more == null) return;
    button.setAttribute("aria-disabled", "true");
    try {
      const answer = await this.#ask(this.#answer.more, signal);
      if (signal.aborted) return;
      const drawn = this.#names.draw(answer);
      this.#answer = { ...this.#answer, more: answer.more };
      button.replaceWith(...drawn, ...this.#moreButton(answer));
      drawn[0]?.querySelector<HTMLElement>("[data-part=open]")?.focus();
    } catch (error) {
      button.removeAttribute("aria-disabled");
      if (!signal.aborted) this.#context.shell.fail("No more could be loaded", error);
    }
  }

  // Drawing

  #draw(answer: SearchAnswer, query: string): void {
    this.#answer = answer;
    this.#drawProblems(answer);
    this.#names.know(answer);
    this.#facets.show(answer, this.#names);
    this.#drawKinds();
    const { most } = answer.counts;
    const sentence = countSentence(this.#kind, answer.counts[this.#kind], most);
    this.#hits.setAttribute("aria-label", `${sentence}, ${this.#order === "best" ? "best match" : "newest"} first`);
    part(dialog("d-search-filters"), "[data-part=show]").textContent = `Show ${sentence.toLowerCase()}`;
    // Once for what is shown, not again for what is loaded anew.
    const shown = `${this.#kind} ${query}`;
    if (shown !== this.#shown) this.#context.announcer.say(answer.problems.length > 0 ? "" : sentence);
    this.#shown = shown;
    if (answer.problems.length > 0) return this.#hits.replaceChildren();
    if (answer.counts[this.#kind] === 0) return this.#drawNothing(answer, query);
    this.#hits.replaceChildren(...this.#names.draw(answer), ...this.#moreButton(answer));
  }

  #moreButton(answer: SearchAnswer): HTMLElement[] {
    if (answer.more === null) return [];
    return [el("button", "btn fit", "Show more", { type: "button", "data-do": "search-more" })];
  }

  #drawProblems({ problems }: SearchAnswer): void {
    const place = part(this.#element, "[data-part=problems]");
    place.hidden = problems.length === 0;
    place.replaceChildren(...problems.map((one) => {
      const line = el("p");
      line.append(el("code", "", one.text), ` ${one.message}`);
      return line;
    }));
  }

  #drawKinds(): void {
    for (const button of this.#element.querySelectorAll<HTMLElement>("[data-kind]")) {
      const kind = button.dataset["kind"] as Kind;
      if (kind === this.#kind) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      const counts = this.#answer?.counts;
      const count = counts?.[kind] ?? 0;
      part(button, "[data-part=count]").textContent = counts === undefined ? "" : count >= counts.most ? `${counts.most}+` : String(count);
    }
  }

  #drawTokens(): void {
    const place = part(this.#element, "[data-part=tokens]");
    place.replaceChildren(...this.#filters.map((filter, index) => {
      const token = clone("t-search-token");
      part(token, "[data-part=key]").textContent = `${filter.key}:`;
      part(token, "[data-part=value]").textContent = filter.value;
      const drop = part(token, "[data-do=drop-token]");
      drop.dataset["index"] = String(index);
      drop.setAttribute("aria-label", `Remove filter ${filter.key} ${filter.value}`);
      return token;
    }));
    part(this.#element, "[data-part=clear]").hidden = this.#query() === "";
    const count = this.#filters.length;
    part(this.#element, "[data-part=filters]").setAttribute("aria-label", count === 0 ? "Filters" : `Filters, ${count} set`);
    this.#facets.draw(this.#order);
  }

  #drawHint(): void {
    this.#answer = null;
    this.#shown = "";
    part(this.#element, "[data-part=problems]").hidden = true;
    this.#hits.removeAttribute("aria-busy");
    this.#drawKinds();
    this.#drawNone("Search your rooms", "Messages, files and code of every room that you are in. Narrow it with from:, in:, has: or a date.", "");
  }

  #drawNothing(answer: SearchAnswer, query: string): void {
    const elsewhere = KINDS.filter((kind) => kind !== this.#kind && answer.counts[kind] > 0);
    const [other] = elsewhere;
    const hint = other === undefined ? "Fewer words or filters may find more." : `There is something among ${other === "documents" ? "code" : other}.`;
    const what = this.#kind === "documents" ? "code" : this.#kind;
    this.#drawNone(`No ${what} match${this.#kind === "documents" ? "es" : ""}`, `Nothing for “${query}”. ${hint}`, "Clear");
  }

  #drawNone(title: string, text: string, clear: string): void {
    const none = clone("t-empty-search");
    part(none, "[data-part=title]").textContent = title;
    part(none, "[data-part=text]").textContent = text;
    const button = part(none, "[data-part=clear]");
    button.hidden = clear === "";
    button.textContent = clear;
    if (clear === "Try again") button.dataset["do"] = "search-again";
    this.#hits.replaceChildren(none);
  }
}
