// The dialog that brings people into a room: somebody who is here already, or a link for anybody who has it.
// Made once by app.ts. A link's token is shown once; afterwards the list only names it.

import * as api from "../api";
import { clone, part } from "../dom";
import type { LinkView, RoomSnapshot } from "../protocol";
import type { Session } from "../session";
import { duration, fullTime, shortTime } from "../time";
import type { Announcer } from "./announcer";
import { clearErrors, dialog, openDialog } from "./dialogs";
import { confirm, once, showError } from "./forms";
import { PeopleFinder } from "./people_finder";
import { presenceOf } from "./presence";

const COPIED_MS = 2_000;

/** "Ends in 12 h · 4 of 10 used · member" */
export function linkFacts(link: LinkView, now: number): string {
  const left = link.expires_at === null ? null : (Date.parse(link.expires_at) - now) / 1000;
  const ends = left === null ? "Never ends" : left <= 0 ? "Has ended" : `Ends in ${duration(left)}`;
  const used = link.max_uses === null ? `${link.uses} used` : `${link.uses} of ${link.max_uses} used`;
  return `${ends} · ${used} · ${link.role}`;
}

export class Invite {
  readonly #session: Session;
  readonly #announcer: Announcer;
  readonly #done: (text: string) => void;
  readonly #box = dialog("d-invite");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #finder: PeopleFinder;
  #room: RoomSnapshot | null = null;
  #added = new Set<number>();

  constructor(session: Session, announcer: Announcer, done: (text: string) => void) {
    this.#session = session;
    this.#announcer = announcer;
    this.#done = done;
    const input = part<HTMLInputElement>(this.#box, "[data-part=person]");
    this.#finder = new PeopleFinder(input, part(this.#box, "[data-part=people]"), {
      without: () => new Set([...(this.#room?.members.map((member) => member.person.id) ?? []), ...this.#added]),
      pick: (person) => void once(this.#box, () => this.#add(person.id, person.display_name)),
      none: (text) => this.#says(text),
      presence: (user) => presenceOf(session.home.get(), user),
      eager: false,
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void once(this.#box, () => this.#makeLink());
    });
  }

  open(room: RoomSnapshot): void {
    this.#room = room;
    this.#added = new Set();
    this.#form.reset();
    const isOwner = room.role === "owner";
    const roles = part<HTMLSelectElement>(this.#form, "[name=role]");
    roles.querySelector("[value=moderator]")?.remove();
    if (isOwner) roles.add(new Option("Moderator", "moderator"));
    part(this.#box, "[data-part=title]").textContent = `Invite to #${room.room.name}`;
    part(this.#box, "[data-part=link-row]").hidden = true;
    part(this.#box, "[data-part=links]").replaceChildren();
    this.#finder.reset();
    openDialog(this.#box);
    part(this.#box, "[data-part=person]").focus();
    void this.#list();
  }

  #says(text: string): void {
    const place = part(this.#box, "[data-part=none]");
    place.textContent = text;
    place.hidden = text === "";
  }

  async #add(user: number, name: string): Promise<void> {
    const room = this.#room;
    if (room === null) return;
    await this.#session.command("room.invite", { user }, room.room.id);
    clearErrors(this.#box);
    this.#added.add(user);
    this.#finder.reset();
    this.#done(`${name} is in #${room.room.name} now`);
  }

  async #makeLink(): Promise<void> {
    const room = this.#room;
    if (room === null) return;
    const data = new FormData(this.#form);
    const number = (key: string) => (data.get(key) === "" ? null : Number(data.get(key)));
    const wish = { role: String(data.get("role")), expires_in_seconds: number("expires"), max_uses: number("uses") };
    const { url } = await this.#session.command("room.create_link", wish, room.room.id);
    clearErrors(this.#box);
    part(this.#box, "[data-part=link-row]").hidden = false;
    const field = part<HTMLInputElement>(this.#box, "[data-part=link]");
    field.value = new URL(url, location.href).href;
    field.select();
    field.focus();
    this.#announcer.say("The link is made");
    await this.#list();
  }

  /** Copies the new link; without the clipboard (no secure context) it is selected for the keyboard. */
  async copy(): Promise<void> {
    const field = part<HTMLInputElement>(this.#box, "[data-part=link]");
    const label = part(this.#box, "[data-part=copy-text]");
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.focus();
      label.textContent = "Press Ctrl C";
      return;
    }
    label.textContent = "Copied";
    this.#announcer.say("Link copied");
    setTimeout(() => (label.textContent = "Copy"), COPIED_MS);
  }

  async #list(): Promise<void> {
    const room = this.#room;
    if (room === null) return;
    try {
      const links = await api.links(room.room.id);
      if (this.#room === room) part(this.#box, "[data-part=links]").replaceChildren(...links.map((link) => this.#row(link)));
    } catch (error) {
      if (this.#room === room) showError(this.#box, error);
    }
  }

  #row(link: LinkView): HTMLElement {
    const row = clone("t-link-row");
    const name = link.created_by.id === this.#session.me ? "Your link" : `Link of ${link.created_by.display_name}`;
    part(row, "[data-part=title]").textContent = `${name}, ${shortTime(link.created_at)}`;
    part(row, "[data-part=title]").title = fullTime(link.created_at);
    part(row, "[data-part=facts]").textContent = linkFacts(link, Date.now());
    const revoke = part(row, "[data-part=revoke]");
    revoke.setAttribute("aria-label", `Revoke: ${name}, ${shortTime(link.created_at)}`);
    revoke.onclick = () => void this.#revoke(link, name);
    return row;
  }

  async #revoke(link: LinkView, name: string): Promise<void> {
    const room = this.#room;
    if (room === null) return;
    const text = "Nobody can join with it any more. Those who came by it stay.";
    const run = () => this.#session.command("room.revoke_link", { id: link.id }, room.room.id);
    const sure = await confirm({ title: "Revoke this link?", text, quote: `${name}, ${linkFacts(link, Date.now())}`, go: "Revoke", danger: true }, run);
    if (sure === null) return;
    this.#announcer.say("The link is revoked");
    await this.#list();
    part(this.#box, "[data-part=person]").focus();
  }
}
