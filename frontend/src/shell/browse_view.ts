// The page behind /browse/: rooms one may join, found by name or topic. Shown by the stage.
// The server searches; the list follows 250 ms after the last key.

import * as api from "../api";
import { clone, part } from "../dom";
import { roomIcon } from "../people";
import type { BrowseRoom } from "../protocol";
import { shortTime } from "../time";
import { errorText } from "./dialogs";
import { focusHeading, stand, type ShellContext, type View } from "./view";

const WAIT_MS = 250;
const SKELETON_MS = 300;

type Show = "all" | "new" | "archived";

/** "23 people · 09:21" */
export function roomFacts(one: BrowseRoom, now: Date = new Date()): string {
  const people = one.member_count === 1 ? "1 person" : `${one.member_count} people`;
  return one.last_at === null ? people : `${people} · last message ${shortTime(one.last_at, now)}`;
}

export class BrowseView implements View {
  readonly name = "page";
  readonly #context: ShellContext;
  readonly #element = clone("t-view-browse");
  readonly #search = part<HTMLInputElement>(this.#element, "[data-part=search]");
  readonly #list = part(this.#element, "[data-part=list]");
  readonly #stop: () => void;
  #show: Show = "all";
  #found: BrowseRoom[] = [];
  #asked: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: ShellContext) {
    this.#context = context;
    stand(this.#element);
    const { home } = context.shell.session;
    part(this.#element, "[data-part=create]").hidden = !home.get().can_create_rooms;
    context.actions.add({
      "browse-show": (button) => this.#choose(button.dataset["show"] as Show),
      "clear-search": () => this.#clear(),
    });
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#load(), WAIT_MS);
    });
    // Joining in another tab shows here as well.
    let rooms = home.get().rooms.length;
    this.#stop = home.subscribe((state) => state.rooms.length, (count) => count !== rooms && ((rooms = count), void this.#load()));
    void this.#load();
  }

  focus(): void {
    if (matchMedia("(max-width: 720px)").matches) focusHeading(this.#element);
    else this.#search.focus({ preventScroll: true });
  }

  close(): void {
    this.#stop();
    this.#asked?.abort();
    clearTimeout(this.#timer);
  }

  #choose(show: Show): void {
    this.#show = show;
    for (const button of this.#element.querySelectorAll<HTMLElement>("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset["show"] === show));
    }
    void this.#load();
  }

  #clear(): void {
    this.#search.value = "";
    this.#search.focus();
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#asked?.abort();
    const { signal } = (this.#asked = new AbortController());
    const slow = setTimeout(() => this.#found.length === 0 && this.#list.replaceChildren(clone("t-skeleton")), SKELETON_MS);
    try {
      const found = await api.browse(this.#search.value.trim(), this.#show === "archived", signal);
      if (signal.aborted) return;
      this.#context.remember(found);
      this.#draw(found);
    } catch (error) {
      if (!signal.aborted) this.#drawNone("The rooms could not be loaded", errorText(error), "Try again");
    } finally {
      clearTimeout(slow);
    }
  }

  #draw(found: readonly BrowseRoom[]): void {
    this.#found = found.filter((one) => this.#show !== "new" || !one.joined);
    const { activeElement } = document;
    const focused = activeElement instanceof HTMLElement && this.#list.contains(activeElement) ? activeElement.closest("li")?.dataset["room"] : undefined;
    this.#list.replaceChildren(...this.#found.map((one) => this.#row(one)));
    if (focused !== undefined) this.#list.querySelector<HTMLElement>(`[data-room="${focused}"] :is(a, button):not([hidden])`)?.focus();
    const query = this.#search.value.trim();
    if (query !== "") this.#context.announcer.say(this.#found.length === 1 ? "1 room" : `${this.#found.length} rooms`);
    if (this.#found.length > 0) return this.#drawRows();
    if (query !== "") return this.#drawNone("No rooms match", `Nothing here is called “${query}”.`, "Clear");
    const texts: Record<Show, string> = {
      all: "Nobody has made a room yet.",
      new: "You are in every room that you may join.",
      archived: "No room has been archived.",
    };
    this.#drawNone("No rooms", texts[this.#show], "");
  }

  #drawRows(): void {
    this.#list.hidden = false;
    part(this.#element, "[data-part=none]").hidden = true;
  }

  #drawNone(title: string, text: string, clear: string): void {
    this.#list.hidden = true;
    const place = part(this.#element, "[data-part=none]");
    const none = clone("t-empty-search");
    part(none, "[data-part=title]").textContent = title;
    part(none, "[data-part=text]").textContent = text;
    const button = part(none, "[data-part=clear]");
    button.hidden = clear === "";
    button.textContent = clear;
    place.replaceChildren(none);
    place.hidden = false;
  }

  #row(one: BrowseRoom): HTMLElement {
    const { room } = one;
    const row = clone("t-browse-row");
    row.dataset["room"] = String(room.id);
    const mark = part(row, "[data-part=mark]");
    mark.replaceChildren(roomIcon(room));
    mark.classList.toggle("grey", !one.joined);
    part(row, "[data-part=name]").textContent = room.name;
    part(row, "[data-part=joined]").hidden = !one.joined;
    part(row, "[data-part=read-only]").hidden = !room.read_only;
    part(row, "[data-part=archived]").hidden = room.archived_at === null;
    part(row, "[data-part=purpose]").textContent = room.purpose;
    part(row, "[data-part=facts]").textContent = roomFacts(one);
    const open = part<HTMLAnchorElement>(row, "[data-part=open]");
    const join = part<HTMLButtonElement>(row, "[data-part=join]");
    const mayJoin = !one.joined && room.archived_at === null;
    open.hidden = mayJoin;
    open.href = room.url;
    open.setAttribute("aria-label", `Open ${room.name}`);
    join.hidden = !mayJoin;
    join.setAttribute("aria-label", `Join ${room.name}`);
    return row;
  }
}
