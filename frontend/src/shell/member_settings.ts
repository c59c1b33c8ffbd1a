// The card of members in a room's settings: find them, give roles, take somebody out. Made by settings_view.ts.
// What may not be done is absent; the server decides again.

import { maySanction, sanctionPerson } from "../chat/report";
import { clone, part } from "../dom";
import { avatar } from "../people";
import type { MemberView, RoomSnapshot } from "../protocol";
import { confirm } from "./forms";
import type { Shell } from "./contract";
import { findMembers, memberDetail, ROLES } from "./members";
import { stateOf } from "./presence";
import { Rows, whenChanged } from "./rows";

const ROWS_MOST = 100;
export class MemberSettings {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #decided: () => void;
  readonly #find: HTMLInputElement;
  readonly #rows: Rows<MemberView>;
  readonly #none: HTMLElement;
  readonly #count: HTMLElement;
  #state: RoomSnapshot | null = null;

  /** `decided` is called after a sanction. */
  constructor(view: HTMLElement, shell: Shell, room: number, decided: () => void) {
    this.#shell = shell;
    this.#room = room;
    this.#decided = decided;
    this.#find = part<HTMLInputElement>(view, "[data-part=find]");
    this.#none = part(view, "[data-part=members-none]");
    this.#count = part(view, "[data-part=count]");
    this.#rows = new Rows<MemberView>(part(view, "[data-part=members]"), {
      key: (member) => member.person.id,
      make: (member) => this.#make(member.person.id),
      fill: (row, member) => this.#fill(row, member),
    });
    this.#find.addEventListener("input", () => this.#state !== null && this.draw(this.#state));
  }

  close(): void {
    this.#state = null;
  }

  draw(state: RoomSnapshot): void {
    this.#state = state;
    this.#count.textContent = String(state.member_count);
    const found = findMembers(state.members, this.#find.value);
    this.#rows.show(found.slice(0, ROWS_MOST));
    const hidden = found.length - ROWS_MOST;
    this.#none.hidden = found.length > 0 && hidden <= 0;
    this.#none.textContent = hidden > 0 ? `${hidden} more: find them by name.` : "Nobody of that name is in this room.";
  }

  #make(user: number): HTMLElement {
    const row = clone("t-member-row");
    part(row, "[data-part=role]").addEventListener("change", (event) => void this.#give(user, event.target as HTMLSelectElement));
    const remove = part(row, "[data-part=remove]");
    remove.onclick = () => void this.#remove(user, remove);
    return row;
  }

  #fill(row: HTMLElement, member: MemberView): void {
    const state = this.#state;
    if (state === null) return;
    const { person, role } = member;
    const { me } = this.#shell.session;
    const here = stateOf(this.#shell.session, person.id);
    const face = part(row, "[data-part=avatar]");
    whenChanged(face, JSON.stringify([person, here]), () => face.replaceChildren(avatar(person, "s", here)));
    part(row, "[data-part=name]").textContent = person.display_name;
    part(row, "[data-part=detail]").textContent = memberDetail({ ...member, role: "" }, here);
    part(row, "[data-part=you]").hidden = person.id !== me;
    const manage = state.permissions.includes("manage");
    const select = part<HTMLSelectElement>(row, "[data-part=role]");
    select.hidden = !manage;
    select.setAttribute("aria-label", `Role of ${person.display_name}`);
    // A choice that is on its way, or open under somebody's hand, is not turned back.
    if (select.dataset["saving"] === undefined) select.value = role;
    const text = part(row, "[data-part=role-text]");
    text.hidden = manage;
    text.textContent = ROLES[role] ?? role;
    const remove = part(row, "[data-part=remove]");
    remove.hidden = !maySanction(state, person.id, me);
    remove.setAttribute("aria-label", `Mute, remove or ban ${person.display_name}`);
  }

  #memberOf(user: number): MemberView | undefined {
    return this.#state?.members.find((member) => member.person.id === user);
  }

  async #give(user: number, select: HTMLSelectElement): Promise<void> {
    const member = this.#memberOf(user);
    if (member === undefined) return;
    const role = select.value;
    const { session } = this.#shell;
    const run = () => session.command("member.set_role", { user, role }, this.#room);
    select.dataset["saving"] = "";
    try {
      if (user === session.me && member.role === "owner") {
        const text = "You will no longer be able to change these settings. Another owner can make you one again.";
        const sure = await confirm({ title: "Give up your role?", text, go: `Become a ${role}`, danger: true }, run);
        if (sure === null) select.value = member.role;
      } else await run();
    } catch (error) {
      select.value = member.role;
      this.#shell.fail("The role could not be changed", error);
    } finally {
      delete select.dataset["saving"];
    }
  }

  async #remove(user: number, button: HTMLElement): Promise<void> {
    const member = this.#memberOf(user);
    const state = this.#state;
    if (member === undefined || state === null) return;
    if (!(await sanctionPerson(this.#shell, state, member.person))) return;
    if (!button.isConnected) this.#find.focus();
    this.#decided();
  }
}
