// Completion in a text field: @people and :emoji:, in a listbox that never takes the focus.
// A part of every composer. Ranking is pure (rankPeople); people outside the room are asked from the server.

import * as api from "../api";
import { choicesOf, isOffered } from "../assistant/choice";
import { clone, el, icon, insertText, part } from "../dom";
import type { ComposerPart, Desk } from "./composer_parts";
import { avatar, roomIcon } from "../people";
import type { PersonView, RoomSnapshot, RoomSummary, SeriesList, SeriesView, SlashView } from "../protocol";
import { loadEmoji, rememberEmoji, searchEmoji } from "./emoji";
import type { Session } from "../session";
import type { Shell } from "../shell/contract";

export interface Choice {
  /** What takes the place of the typed word. */
  insert: string;
  name: string;
  detail: string;
  end: string;
  lead: Node;
  chosen?(): void;
}

/** The word before the caret that asks for completion, and where it starts. */
export function wordAt(text: string, caret: number): { kind: "@" | ":" | "#" | "/" | "/chart"; query: string; start: number } | null {
  // A command is the very first word, and a path is none.
  const command = /^\/([a-z_-]*)$/i.exec(text.slice(0, caret));
  if (command !== null) return { kind: "/", query: command[1] ?? "", start: 0 };
  const chart = /^\/chart\s+([\p{L}\p{N}_.:/-]*)$/iu.exec(text.slice(0, caret));
  if (chart !== null) return { kind: "/chart", query: chart[1] ?? "", start: caret - (chart[1] ?? "").length };
  const match = /(?:^|[\s([{"'])([@:#])([\p{L}\p{N}_.+-]*)$/u.exec(text.slice(0, caret));
  if (match === null) return null;
  const [kind, query] = [match[1] as "@" | ":" | "#", match[2] ?? ""];
  // ":" alone is a colon in a sentence, and ":)" is a face.
  if (kind === ":" && query.length < 2) return null;
  // "#" alone at the beginning of a line is a heading.
  if (kind === "#" && query === "") return null;
  return { kind, query, start: caret - query.length - 1 };
}

const CHOICES_MOST = 40;
const SERIES_MS = 60_000;

/** Commands whose name begins with the query. */
export function slashChoices(commands: readonly SlashView[], query: string): Choice[] {
  const found = commands.filter(({ name }) => name.startsWith(query.toLowerCase()));
  return found.map(({ name, usage, help }) => ({ insert: `/${name} `, name: `/${name}`, detail: help, end: usage, lead: icon("slash") }));
}

/** Series by name or title, those that begin so first; of one name the first is the one that the command takes. */
export function seriesChoices(series: readonly SeriesView[], query: string): Choice[] {
  const wanted = query.toLowerCase();
  const ranks = ["room", "person", "site"];
  const starts = ({ name, title }: SeriesView) => name.toLowerCase().startsWith(wanted) || title.toLowerCase().startsWith(wanted);
  const found = series
    .filter(({ name, title }) => name.toLowerCase().includes(wanted) || title.toLowerCase().includes(wanted))
    .sort((a, b) => Number(starts(b)) - Number(starts(a)) || ranks.indexOf(a.scope) - ranks.indexOf(b.scope) || a.name.localeCompare(b.name));
  const taken = new Set<string>();
  return found.slice(0, CHOICES_MOST).map(({ name, title, scope }) => {
    const insert = taken.has(name) ? `${scope}/${name}` : name;
    taken.add(name);
    return { insert: `${insert} `, name: insert, detail: title, end: scope === "person" ? "yours" : scope, lead: icon("chart-line") };
  });
}

/** People that match, those who spoke lately first, then who starts with the query, then who contains it. */
export function rankPeople(people: readonly PersonView[], query: string, lately: readonly number[]): PersonView[] {
  const wanted = query.toLowerCase();
  const rank = (person: PersonView): number => {
    const name = person.display_name.toLowerCase();
    const starts = person.name.toLowerCase().startsWith(wanted) || name.split(/\s+/).some((word) => word.startsWith(wanted));
    if (!starts && !name.includes(wanted) && !person.name.toLowerCase().includes(wanted)) return -1;
    const spoke = lately.indexOf(person.id);
    return (starts ? 0 : 1000) + (spoke < 0 ? 500 : spoke);
  };
  return people
    .map((person) => [rank(person), person] as const)
    .filter(([place]) => place >= 0)
    .sort(([a, left], [b, right]) => a - b || left.display_name.localeCompare(right.display_name))
    .map(([, person]) => person);
}

let lists = 0;

export class CompletionPart implements ComposerPart {
  readonly name = "completion";
  readonly #field: HTMLTextAreaElement;
  readonly #session: Session;
  readonly #shell: Shell;
  #commands: Promise<SlashView[]> | null = null;
  #series: Promise<SeriesView[]> | null = null;
  readonly #state: () => RoomSnapshot | null;
  #choices: Choice[] = [];
  #at = 0;
  #word: ReturnType<typeof wordAt> = null;
  #asked: AbortController | null = null;
  readonly #box: HTMLElement;
  readonly #list: HTMLElement;

  constructor({ form, field, shell, state }: Desk) {
    this.#field = field;
    this.#session = shell.session;
    this.#shell = shell;
    this.#state = state;
    this.#box = part(form, "[data-part=completion]");
    this.#list = part(form, "[data-part=options]");
    this.#list.id = `completion-${++lists}`;
    field.setAttribute("aria-controls", this.#list.id);
    // The list must not take the focus from the field.
    this.#box.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=option]") : null;
      if (option !== null) this.#take(Number(option.dataset["index"]));
    });
    field.addEventListener("blur", () => this.escape());
    // The first key may have come before this part.
    if (document.activeElement === field) this.typed();
  }

  typed(): void {
    void this.#update();
  }

  moved(): void {
    void this.#update();
  }

  get open(): boolean {
    return !this.#box.hidden;
  }

  escape(): boolean {
    const was = this.open;
    this.#asked?.abort();
    this.#hide();
    return was;
  }

  /** Nothing to choose from yet; what was asked may still bring something. */
  #hide(): void {
    this.#box.hidden = true;
    this.#choices = [];
    this.#field.removeAttribute("aria-activedescendant");
  }

  /** The text or the caret changed. */
  async #update(): Promise<void> {
    const field = this.#field;
    const word = field.selectionStart === field.selectionEnd ? wordAt(field.value, field.selectionStart) : null;
    this.#word = word;
    if (word === null) return void this.escape();
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    if (word.kind === ":") {
      const groups = await loadEmoji().catch(() => []);
      if (!asked.signal.aborted) this.#show(this.#emojiChoices(groups, word.query), `Emoji matching “${word.query}”`);
      return;
    }
    if (word.kind === "#") return this.#show(this.#roomChoices(word.query), `Rooms matching “${word.query}”`);
    if (word.kind === "/") {
      const commands = await this.#slashes().catch(() => []);
      if (!asked.signal.aborted) this.#show(slashChoices(commands, word.query), "Commands");
      return;
    }
    if (word.kind === "/chart") {
      const series = await this.#charted().catch(() => []);
      if (!asked.signal.aborted) this.#show(seriesChoices(series, word.query), "Series");
      return;
    }
    this.#show(this.#peopleChoices(word.query, []), this.#caption(word.query));
    const [people, bridged] = await Promise.all([api.people(word.query, null, asked.signal).catch(() => []), this.#bridged(word.query)]);
    const others = [...people, ...bridged];
    if (!asked.signal.aborted && others.length > 0) this.#show(this.#peopleChoices(word.query, others), this.#caption(word.query));
  }

  /** People of the servers that this room is joined with. */
  async #bridged(query: string): Promise<PersonView[]> {
    const room = this.#state()?.room.id;
    return room === undefined ? [] : import("./bridged").then(({ peopleOf }) => peopleOf(room, query)).catch(() => []);
  }

  /** What this person may use here, asked once for each composer. */
  #slashes(): Promise<SlashView[]> {
    const state = this.#state();
    if (state === null) return Promise.resolve([]);
    this.#commands ??= api.slashCommands(state.room.id).catch((error: unknown) => {
      this.#commands = null;
      throw error;
    });
    return this.#commands;
  }

  /** What this person may show here, asked anew a minute later: others begin to count. */
  #charted(): Promise<SeriesView[]> {
    const state = this.#state();
    if (state === null) return Promise.resolve([]);
    if (this.#series === null) {
      this.#series = api.get<SeriesList>("/api/series/", { room: state.room.id }).then(({ series }) => series);
      const forget = () => void (this.#series = null);
      void this.#series.then(() => setTimeout(forget, SERIES_MS), forget);
    }
    return this.#series;
  }

  #roomChoices(query: string): Choice[] {
    const wanted = query.toLowerCase();
    const rooms = this.#session.home.get().rooms.filter(({ room }) => room.name !== "" && room.archived_at === null);
    const found = rooms.filter(({ room }) => room.name.toLowerCase().includes(wanted) || room.slug.includes(wanted));
    const starts = (one: RoomSummary) => (one.room.name.toLowerCase().startsWith(wanted) ? 0 : 1);
    return found
      .sort((a, b) => starts(a) - starts(b) || a.room.name.localeCompare(b.room.name))
      .slice(0, CHOICES_MOST)
      .map(({ room }) => ({
        insert: `[#${room.name.replace(/[\\[\]]/g, "\\$&")}](${room.url}) `,
        name: room.name,
        detail: room.purpose,
        end: "",
        lead: roomIcon(room),
      }));
  }

  #caption(query: string): string {
    return query === "" ? "People" : `People matching “${query}”`;
  }

  #emojiChoices(groups: Parameters<typeof searchEmoji>[0], query: string): Choice[] {
    return searchEmoji(groups, query, CHOICES_MOST).map((one) => ({
      insert: `${one.emoji} `,
      name: `:${one.name}:`,
      detail: "",
      end: "",
      lead: document.createTextNode(one.emoji),
      chosen: () => rememberEmoji(this.#session.me, one.emoji),
    }));
  }

  #peopleChoices(query: string, others: readonly PersonView[]): Choice[] {
    const state = this.#state();
    if (state === null) return [];
    const members = state.members.map((member) => member.person).filter((person) => person.id !== this.#session.me);
    const inside = new Set(state.members.map((member) => member.person.id));
    const lately = [...new Set(state.messages.map((message) => message.author ?? 0).reverse())];
    // The assistant is in no room, and can be called in each that has it.
    const asked = choicesOf(this.#session).of(state.room.id);
    const agent = isOffered(asked) && asked?.direct_room !== state.room.id ? (asked?.agent ?? null) : null;
    const outside = others.filter((person) => !inside.has(person.id) && person.kind !== "assistant");
    const mayInvite = state.permissions.includes("invite");
    const choice = (person: PersonView, end: string): Choice => ({
      insert: `@${person.name} `,
      name: person.display_name,
      detail: `@${person.name}`,
      end,
      lead: avatar(person, "s"),
    });
    const all = "room".startsWith(query.toLowerCase()) ? [this.#everybody(state)] : [];
    return [
      ...(agent === null ? [] : rankPeople([agent], query, []).map((person) => choice(person, "answers here"))),
      ...rankPeople(members, query, lately).map((person) => choice(person, "")),
      ...all,
      ...rankPeople(outside.filter(({ kind }) => kind === "bridge"), query, lately).map((person) => choice(person, "via Mattermost")),
      ...rankPeople(outside.filter(({ kind }) => kind !== "bridge"), query, []).map((person) => ({
        ...choice(person, mayInvite ? "not in this room · Invite" : "not in this room"),
        ...(mayInvite ? { chosen: () => this.#offerInvite(person, state.room.id) } : {}),
      })),
    ].slice(0, CHOICES_MOST);
  }

  #offerInvite(person: PersonView, room: number): void {
    const invite = () => {
      this.#session
        .command("room.invite", { user: person.id }, room)
        .catch((error: unknown) => this.#shell.fail(`${person.display_name} could not be added`, error));
    };
    this.#shell.toast({ kind: "info", title: `${person.display_name} is not in this room`, seconds: 15, act: { label: "Invite", run: invite } });
  }

  #everybody(state: RoomSnapshot): Choice {
    const lead = el("span", "", "@");
    return { insert: "@room ", name: "Everybody in this room", detail: "@room", end: `${state.member_count} people`, lead };
  }

  #show(choices: Choice[], caption: string): void {
    if (choices.length === 0) return this.#hide();
    this.#asked ??= new AbortController();
    this.#choices = choices;
    part(this.#box, "[data-part=completion-cap]").textContent = caption;
    this.#list.setAttribute("aria-label", caption);
    this.#list.replaceChildren(...choices.map((choice, index) => this.#option(choice, index)));
    this.#box.hidden = false;
    this.#point(0);
  }

  #option(choice: Choice, index: number): HTMLElement {
    const option = clone("t-option");
    option.id = `${this.#list.id}-${index}`;
    option.dataset["index"] = String(index);
    const lead = part(option, "[data-part=lead]");
    if (choice.lead instanceof HTMLElement && choice.lead.matches(".avatar")) lead.replaceWith(choice.lead);
    else lead.replaceChildren(choice.lead);
    part(option, "[data-part=name]").replaceChildren(...this.#marked(choice.name));
    part(option, "[data-part=detail]").textContent = choice.detail;
    part(option, "[data-part=end]").textContent = choice.end;
    return option;
  }

  #marked(name: string): (string | Node)[] {
    const query = this.#word?.query ?? "";
    const at = query === "" ? -1 : name.toLowerCase().indexOf(query.toLowerCase());
    if (at < 0) return [name];
    return [name.slice(0, at), el("mark", "", name.slice(at, at + query.length)), name.slice(at + query.length)];
  }

  #point(index: number): void {
    this.#at = (index + this.#choices.length) % this.#choices.length;
    for (const option of this.#list.children) option.setAttribute("aria-selected", String(Number((option as HTMLElement).dataset["index"]) === this.#at));
    const option = this.#list.children[this.#at];
    option?.scrollIntoView({ block: "nearest" });
    if (option !== undefined) this.#field.setAttribute("aria-activedescendant", option.id);
  }

  /** Arrows, Enter, Tab and Esc while the list is open; answers whether the key was used. */
  key(event: KeyboardEvent): boolean {
    if (!this.open) return false;
    if (event.key === "ArrowDown") this.#point(this.#at + 1);
    else if (event.key === "ArrowUp") this.#point(this.#at - 1);
    else if (event.key === "Enter" && this.#isWhole()) return this.escape() && false;
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#at);
    else if (event.key === "Escape") this.escape();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** A command or a series that is typed out is run, not completed. */
  #isWhole(): boolean {
    const name = this.#choices[this.#at]?.name;
    if (this.#word?.kind === "/chart") return name === this.#word.query;
    return this.#word?.kind === "/" && name === `/${this.#word.query.toLowerCase()}`;
  }

  #take(index: number): void {
    const [choice, word] = [this.#choices[index], this.#word];
    if (choice === undefined || word === null) return;
    this.escape();
    choice.chosen?.();
    this.#field.setSelectionRange(word.start, this.#field.selectionStart);
    insertText(this.#field, choice.insert);
  }
}
