// The page behind "/": a short way in. Shown by the stage; drawn from the home store.

import { clone, onceAFrame, part } from "../dom";
import { firstName, roomIcon } from "../people";
import type { HomeSnapshot, RoomSummary } from "../protocol";
import { isDirect, labelOf } from "./rooms";
import { focusHeading, stand, type ShellContext, type View } from "./view";

/** The room to go to first: where one is mentioned, then where something is new, then the latest. */
export function firstRoom(home: HomeSnapshot): RoomSummary | null {
  const live = home.rooms.filter((summary) => summary.room.archived_at === null);
  const rank = (summary: RoomSummary) => (summary.mentions > 0 ? 2 : summary.unread > 0 ? 1 : 0);
  const sorted = live.sort((a, b) => rank(b) - rank(a) || (b.last_at ?? "").localeCompare(a.last_at ?? ""));
  return sorted[0] ?? null;
}

/** "3 unread, 1 mentions you." */
export function firstText(summary: RoomSummary): string {
  const { unread, mentions } = summary;
  if (mentions > 0) return `${unread} unread, ${mentions === 1 ? "1 mentions" : `${mentions} mention`} you.`;
  if (unread > 0) return unread === 1 ? "1 message is new." : `${unread} messages are new.`;
  if (summary.room.purpose !== "") return summary.room.purpose;
  return isDirect(summary) ? "Go on with your conversation." : "You have read everything here.";
}

export class HomeView implements View {
  readonly name = "home";
  readonly #context: ShellContext;
  readonly #element = clone("t-view-home");
  readonly #stop: () => void;

  constructor(context: ShellContext) {
    this.#context = context;
    stand(this.#element);
    const { home } = context.shell.session;
    this.#stop = home.subscribe((state) => state.rooms, onceAFrame(() => this.#draw()));
    this.#draw();
  }

  focus(): void {
    focusHeading(this.#element);
  }

  close(): void {
    this.#stop();
  }

  #draw(): void {
    const home = this.#context.shell.session.home.get();
    const element = this.#element;
    part(element, "[data-part=welcome]").textContent = `Welcome, ${firstName(home.me)}`;
    part(element, "[data-part=create]").hidden = !home.can_create_rooms;
    const first = firstRoom(home);
    const tile = part<HTMLAnchorElement>(element, "[data-part=first]");
    tile.hidden = first === null;
    if (first === null) return;
    tile.href = first.room.url;
    part(tile, ".room-mark").replaceChildren(roomIcon(first.room));
    part(tile, "[data-part=first-name]").textContent = `Open ${labelOf(first)}`;
    part(tile, "[data-part=first-text]").textContent = firstText(first);
  }
}
