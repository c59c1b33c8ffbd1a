// The list of rooms at the left, on a phone a screen of its own. Made once by app.ts; drawn from the home store.
// Its links are real addresses: the router takes plain clicks, the browser all others.

import { clone, el, onceAFrame, part } from "../dom";
import { avatar, roomIcon } from "../people";
import type { RoomSummary } from "../protocol";
import type { Session } from "../session";
import { fullTime, shortTime } from "../time";
import { stateIn } from "./presence";
import { badgeOf, countText, isSilent, lastText, leadText, nameOf, roomLists } from "./rooms";
import { Rows, whenChanged } from "./rows";

/** The width up to which one screen shows at a time; the stylesheet has the same number. */
export const PHONE = matchMedia("(max-width: 720px)");

export class Rail {
  readonly #session: Session;
  #current: number | null = null;
  readonly #rooms: Rows<RoomSummary>;
  readonly #directs: Rows<RoomSummary>;
  readonly #redraw = onceAFrame(() => this.#draw());

  constructor(session: Session) {
    this.#session = session;
    const kind = {
      key: (summary: RoomSummary) => summary.room.id,
      make: () => clone("t-room"),
      fill: (row: HTMLElement, summary: RoomSummary) => this.#fill(row, summary),
    };
    this.#rooms = new Rows(part(document, "#rooms"), kind);
    this.#directs = new Rows(part(document, "#directs"), kind);
    session.home.subscribe((home) => home, this.#redraw);
    session.connection.onState(() => this.#drawMe());
    PHONE.addEventListener("change", () => this.#draw());
    // Times of day turn into names of days.
    setInterval(this.#redraw, 60_000);
    this.#draw();
  }

  /** The order in which Alt and the arrows go through the rooms. */
  order(): RoomSummary[] {
    const { rooms, directs } = roomLists(this.#session.home.get(), this.#current, PHONE.matches);
    return [...rooms, ...directs];
  }

  /** Marks where one is; `nav` is home, a page or room. */
  setCurrent(nav: string, room: number | null): void {
    this.#current = room;
    for (const link of document.querySelectorAll<HTMLElement>(".rail [data-nav]")) {
      if (link.dataset["nav"] === nav) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#draw();
    part(document, "#rail").querySelector(".item[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  #draw(): void {
    const home = this.#session.home.get();
    const { rooms, directs } = roomLists(home, this.#current, PHONE.matches);
    this.#rooms.show(rooms);
    this.#directs.show(directs);
    part(document, "#rooms-none").hidden = rooms.length > 0;
    part(document, "#directs-none").hidden = directs.length > 0;
    this.#drawDrafts(home.drafts.length);
    for (const button of document.querySelectorAll<HTMLElement>("#rail [data-do=new-room]")) button.hidden = !home.can_create_rooms;
    this.#drawMe();
  }

  #drawDrafts(count: number): void {
    const badge = part(document, "#drafts-count");
    badge.hidden = count === 0;
    whenChanged(badge, String(count), () => badge.replaceChildren(countText(count), el("span", "sr", count === 1 ? " draft" : " drafts")));
  }

  #fill(row: HTMLElement, summary: RoomSummary): void {
    const session = this.#session;
    const { room } = summary;
    const link = part<HTMLAnchorElement>(row, "a");
    if (link.getAttribute("href") !== room.url) link.href = room.url;
    const other = room.kind === "direct" ? summary.people[0] : undefined;
    const state = other === undefined ? null : stateIn(session.home.get().presence, other.id);
    this.#fillLead(row, summary, state);
    const byAssistant = session.people.get(summary.last_message?.author ?? null)?.kind === "assistant";
    const last = lastText(summary, session.me, (user) => this.#firstName(summary, user), byAssistant);
    part(row, "[data-part=name]").textContent = nameOf(summary);
    part(row, "[data-part=last]").textContent = last;
    const silent = isSilent(summary);
    const unread = !silent && (room.id !== this.#current || document.hidden) ? summary.unread : summary.mentions;
    link.classList.toggle("unread", unread > 0 || summary.mentions > 0);
    link.classList.toggle("muted", silent);
    part(row, "[data-part=muted]").hidden = !silent;
    if (room.id === this.#current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    this.#fillTime(row, summary);
    this.#fillBadge(row, summary);
  }

  #fillLead(row: HTMLElement, summary: RoomSummary, state: string | null): void {
    const other = summary.room.kind === "direct" ? summary.people[0] : undefined;
    const phone = PHONE.matches;
    const signature = JSON.stringify([summary.room.kind, other ?? null, state, phone]);
    const lead = part(row, "[data-part=lead]");
    whenChanged(lead, signature, () => {
      lead.classList.toggle("glyph", other === undefined);
      const sign = other === undefined ? roomIcon(summary.room) : avatar(other, phone ? "" : "xs", state);
      const spoken = leadText(summary, state);
      lead.replaceChildren(sign, ...(spoken === "" ? [] : [el("span", "sr", `${spoken} `)]));
    });
  }

  #fillTime(row: HTMLElement, summary: RoomSummary): void {
    const time = part<HTMLTimeElement>(row, "[data-part=time]");
    time.textContent = summary.last_at === null ? "" : shortTime(summary.last_at);
    time.dateTime = summary.last_at ?? "";
    time.title = summary.last_at === null ? "" : fullTime(summary.last_at);
  }

  #fillBadge(row: HTMLElement, summary: RoomSummary): void {
    const badge = part(row, "[data-part=badge]");
    const { count, what, ping } = badgeOf(summary);
    badge.hidden = count === 0;
    badge.classList.toggle("ping", ping);
    whenChanged(badge, `${count} ${what}`, () => badge.replaceChildren(countText(count), el("span", "sr", ` ${what}`)));
  }

  #firstName(summary: RoomSummary, user: number): string | null {
    const person = summary.people.find((one) => one.id === user) ?? this.#session.people.get(user);
    return person === null ? null : (person.display_name.split(/\s+/)[0] ?? person.display_name);
  }

  #drawMe(): void {
    const home = this.#session.home.get();
    const online = this.#session.connection.state === "online";
    const state = online ? (stateIn(home.presence, home.me.id) === "idle" ? "idle" : "online") : "offline";
    const words: Record<string, string> = { online: "Online", idle: "Idle", offline: "Not connected" };
    const me = part(document, "#me");
    const face = part(me, "[data-part=avatar]");
    whenChanged(face, JSON.stringify([home.me, state]), () => face.replaceChildren(avatar(home.me, "s", state)));
    part(me, "[data-part=name]").textContent = home.me.display_name;
    part(me, "[data-part=status]").textContent = this.#session.connection.state === "connecting" ? "Connecting" : (words[state] ?? "");
  }
}
