// Ctrl K: jump to a room, a person or a command. Made once by app.ts, which opens it.
// What it offers is decided in palette_entries.ts; this draws it and asks the server for people and rooms meanwhile.

import * as api from "../api";
import { clone, el, icon, part } from "../dom";
import { avatar, roomIcon } from "../people";
import type { BrowseRoom, PersonView } from "../protocol";
import type { Session } from "../session";
import { shortTime } from "../time";
import { dialog } from "./dialogs";
import { Listbox, type Choice } from "./listbox";
import { countFound, countSentence, narrowed, paletteGroups, type Entry, type Group, type PaletteCommand } from "./palette_entries";
import { presenceOf } from "./presence";
import { countText } from "./rooms";

const WAIT_MS = 150;

export interface PaletteHooks {
  commands(): PaletteCommand[];
  open(url: string, newTab: boolean): void;
  remember(rooms: readonly BrowseRoom[]): void;
  write(user: number): void;
  announce(text: string): void;
}

/** A text with the part that fits marked. */
function marked(entry: Entry): Node[] {
  const { text, match } = entry;
  const { from, to } = match;
  if (to <= from) return [document.createTextNode(text)];
  return [document.createTextNode(text.slice(0, from)), el("mark", "", text.slice(from, to)), document.createTextNode(text.slice(to))];
}

export class Palette {
  readonly #session: Session;
  readonly #hooks: PaletteHooks;
  readonly #box = dialog("d-palette");
  readonly #input = part<HTMLInputElement>(this.#box, "[data-part=query]");
  readonly #listbox = new Listbox(this.#input, part(this.#box, "[data-part=results]"));
  #found: BrowseRoom[] = [];
  #people: PersonView[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | null = null;

  constructor(session: Session, hooks: PaletteHooks) {
    this.#session = session;
    this.#hooks = hooks;
    this.#input.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("close", () => this.#asked?.abort());
  }

  /** Draws what fits what was typed since it was opened; nothing if it is closed again. */
  show(): void {
    if (!this.#box.open) return;
    this.#found = [];
    this.#people = this.#session.people.all();
    this.#typed();
  }

  #typed(): void {
    this.#draw();
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const { only, text } = narrowed(this.#input.value);
    if (text !== "" && only !== "command") this.#timer = setTimeout(() => void this.#ask(text), WAIT_MS);
  }

  async #ask(text: string): Promise<void> {
    const { signal } = (this.#asked = new AbortController());
    // Without the server what this tab knows is still offered.
    const [rooms, people] = await Promise.all([
      api.browse(text, false, signal).catch(() => []),
      api.people(text, null, signal).catch(() => []),
    ]);
    if (signal.aborted || !this.#box.open) return;
    this.#found = rooms;
    this.#hooks.remember(rooms);
    const known = new Set(people.map((person) => person.id));
    this.#people = [...people, ...this.#session.people.all().filter((person) => !known.has(person.id))];
    this.#draw();
  }

  #draw(): void {
    const session = this.#session;
    const found = this.#found;
    const people = this.#people;
    const query = this.#input.value;
    const groups = paletteGroups({ query, rooms: session.home.get().rooms, found, people, commands: this.#hooks.commands(), me: session.me });
    const choices: Choice[] = [];
    const shown = groups.map((group) => this.#drawGroup(group, choices));
    this.#listbox.show(shown, choices);
    part(this.#box, ".palette").hidden = groups.length === 0;
    const none = part(this.#box, "[data-part=none]");
    none.hidden = countFound(groups) > 0;
    none.textContent = `Nothing is called “${query.trim()}”.`;
    if (query !== "") this.#hooks.announce(countSentence(groups));
  }

  #drawGroup(group: Group, choices: Choice[]): HTMLElement {
    const element = clone("t-option-group");
    element.setAttribute("aria-label", group.title);
    part(element, "[data-part=title]").textContent = group.title;
    const rows = group.entries.map((entry) => {
      const row = this.#drawEntry(entry);
      choices.push({ element: row, pick: (event) => this.#pick(entry, event) });
      return row;
    });
    part(element, "[data-part=list]").replaceChildren(...rows);
    return element;
  }

  #drawEntry(entry: Entry): HTMLElement {
    const row = clone("t-option");
    part(row, "[data-part=name]").replaceChildren(...marked(entry));
    part(row, "[data-part=detail]").textContent = entry.detail;
    const lead = part(row, "[data-part=lead]");
    const end = part(row, "[data-part=end]");
    if (entry.kind === "command") {
      lead.replaceChildren(icon(entry.command.icon));
      end.replaceChildren(...(entry.command.key ?? "").split(" ").filter(Boolean).map((key) => el("kbd", "", key)));
    } else if (entry.kind === "search") {
      lead.replaceChildren(icon("text-search"));
      end.textContent = "all your rooms";
    } else if (entry.kind === "person") {
      lead.replaceWith(avatar(entry.person, "xs"));
      end.textContent = presenceOf(this.#session.home.get(), entry.person.id);
    } else this.#drawRoom(entry, lead, end);
    return row;
  }

  #drawRoom(entry: Extract<Entry, { kind: "room" }>, lead: HTMLElement, end: HTMLElement): void {
    const { room, summary } = entry;
    const other = room.kind === "direct" ? summary?.people[0] : undefined;
    if (other === undefined) lead.replaceChildren(roomIcon(room));
    else lead.replaceWith(avatar(other, "xs"));
    if (summary === null) end.textContent = "not joined";
    else if (summary.unread > 0) end.textContent = `${countText(summary.unread)} unread`;
    else if (summary.last_at !== null) end.textContent = shortTime(summary.last_at);
  }

  #pick(entry: Entry, event: Event): void {
    const newTab = (event instanceof KeyboardEvent || event instanceof MouseEvent) && (event.ctrlKey || event.metaKey);
    this.#box.close();
    if (entry.kind === "room") this.#hooks.open(entry.room.url, newTab);
    else if (entry.kind === "person") this.#hooks.write(entry.person.id);
    else if (entry.kind === "search") this.#hooks.open(`/search/?${new URLSearchParams({ q: entry.query })}`, newTab);
    else entry.command.run();
  }
}
