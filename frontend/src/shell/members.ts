// The pane of a room's members: who they are, their role, whether they are here. Opened from the top bar.
// Drawn from the open room; in a room of more than it lists, the server finds the rest.

import * as api from "../api";
import { clone, el, onceAFrame, part } from "../dom";
import { avatar } from "../people";
import type { MemberView, PersonView, RoomSnapshot } from "../protocol";
import type { Shell } from "./contract";
import { stateOf } from "./presence";
import { bestMatch } from "./ranking";
import { Rows, whenChanged } from "./rows";

const ROWS_MOST = 200;
const WAIT_MS = 200;

export const ROLES: Readonly<Record<string, string>> = { owner: "Owner", moderator: "Moderator", member: "Member", guest: "Guest" };

/** Members whose name fits, in their order; those who are here come first in the pane, not in the settings. */
export function findMembers(members: readonly MemberView[], query: string): MemberView[] {
  const text = query.trim().replace(/^@/, "");
  return members.filter(({ person }) => bestMatch([person.display_name, person.name], text).score > 0);
}

/** "@mina · owner · idle" */
export function memberDetail(member: MemberView, state: string): string {
  const { person, role } = member;
  const parts = [`@${person.name}`];
  if (person.kind === "bridge") parts.push("bridged");
  if (person.kind === "bot") parts.push("bot");
  if (role === "owner" || role === "moderator" || role === "guest") parts.push(role);
  if (state !== "offline") parts.push(state);
  return parts.join(" · ");
}

export class MembersPane {
  readonly element = clone("t-members");
  readonly #shell: Shell;
  readonly #room: number;
  readonly #find = part<HTMLInputElement>(this.element, "[data-part=find]");
  readonly #rows: Rows<MemberView>;
  readonly #note = el("p", "help", "", { role: "status" });
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #far: PersonView[] = [];

  constructor(shell: Shell, room: number) {
    this.#shell = shell;
    this.#room = room;
    const list = part(this.element, "[data-part=list]");
    this.#rows = new Rows<MemberView>(list, {
      key: (member) => member.person.id,
      make: (member) => this.#make(member),
      fill: (row, member) => this.#fill(row, member),
    });
    list.after(this.#note);
    this.#find.addEventListener("input", () => this.#typed());
    this.#stop = shell.session.room.subscribe((state) => state, onceAFrame(() => this.#draw()));
    this.#draw();
    // Most rooms are joined with nothing, and without an answer nothing is said of it.
    void import("../chat/bridged").then(({ joinedLines }) => joinedLines(room)).then((lines) => list.before(...lines), () => {});
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
  }

  get #state(): RoomSnapshot | null {
    const state = this.#shell.session.room.get();
    return state?.room.id === this.#room ? state : null;
  }

  #typed(): void {
    this.#far = [];
    this.#draw();
    clearTimeout(this.#timer);
    const state = this.#state;
    if (state === null || state.member_count <= state.members.length || this.#find.value.trim() === "") return;
    this.#timer = setTimeout(() => void this.#ask(), WAIT_MS);
  }

  async #ask(): Promise<void> {
    const query = this.#find.value.trim();
    const found = await api.people(query, this.#room).catch(() => []);
    if (query !== this.#find.value.trim()) return;
    this.#far = found;
    this.#draw();
  }

  #draw(): void {
    const state = this.#state;
    if (state === null) return;
    part(this.element, "[data-part=count]").textContent = String(state.member_count);
    const manage = state.permissions.includes("manage") || state.permissions.includes("moderate");
    part(this.element, "[data-part=manage]").hidden = !manage;
    const near = new Set(state.members.map((member) => member.person.id));
    const far = this.#far.filter((person) => !near.has(person.id)).map((person) => ({ person, role: "member" }));
    const here = (member: MemberView) => Number(stateOf(this.#shell.session, member.person.id) !== "offline");
    const found = findMembers([...state.members, ...far], this.#find.value).sort((a, b) => here(b) - here(a));
    this.#rows.show(found.slice(0, ROWS_MOST));
    const hidden = found.length - ROWS_MOST;
    const rest = hidden > 0 ? `${hidden} more: find them by name.` : "";
    this.#note.textContent = found.length === 0 ? "Nobody of that name is in this room." : rest;
  }

  #make(member: MemberView): HTMLElement {
    const row = clone("t-person");
    const write = part(row, "[data-part=write]");
    write.dataset["user"] = String(member.person.id);
    return row;
  }

  #fill(row: HTMLElement, member: MemberView): void {
    const { person } = member;
    const here = stateOf(this.#shell.session, person.id);
    const face = part(row, "[data-part=avatar]");
    whenChanged(face, JSON.stringify([person, here]), () => face.replaceChildren(avatar(person, "m", here)));
    part(row, "[data-part=name]").textContent = person.display_name;
    part(row, "[data-part=detail]").textContent = memberDetail(member, here);
    const you = person.id === this.#shell.session.me;
    part(row, "[data-part=you]").hidden = !you;
    const write = part(row, "[data-part=write]");
    write.hidden = you || person.kind === "bridge";
    write.setAttribute("aria-label", `Write to ${person.display_name}`);
  }
}
