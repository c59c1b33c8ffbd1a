// The page of a room's settings: members and roles, name and topic, how one may write, leaving and closing.
// Shown by the stage. Each change is saved at once and stands in the room as a line; text fields have Save.

import { clone, onceAFrame, part } from "../dom";
import { roomIcon } from "../people";
import type { RoomSnapshot, RoomView, UpdateRoom } from "../protocol";
import { confirm, once } from "./forms";
import { MemberSettings } from "./member_settings";
import { SanctionList } from "./sanction_list";
import { focusHeading, stand, type ShellContext, type View } from "./view";

export class SettingsView implements View {
  readonly name = "settings";
  readonly #context: ShellContext;
  readonly #room: RoomView;
  readonly #element = clone("t-view-settings");
  readonly #form = part<HTMLFormElement>(this.#element, "[data-part=about]");
  #members: MemberSettings | null = null;
  #sanctions: SanctionList | null = null;
  #stop: (() => void) | null = null;
  #assistant: (() => void) | null = null;

  constructor(context: ShellContext, room: RoomView) {
    this.#context = context;
    this.#room = room;
    stand(this.#element);
    part<HTMLAnchorElement>(this.#element, "[data-part=back]").href = room.url;
    part(this.#element, "[data-part=mark]").replaceChildren(roomIcon(room));
    part(this.#element, "[data-part=title]").textContent = room.name;
    part(this.#element, ".page").hidden = true;
  }

  /** The snapshot is there. */
  mount(): void {
    const { session } = this.#context.shell;
    part(this.#element, ".page").hidden = false;
    const { shell } = this.#context;
    if (this.#state?.permissions.includes("moderate") === true) this.#sanctions = new SanctionList(this.#element, shell, this.#room.id);
    void this.#sanctions?.load();
    this.#members = new MemberSettings(this.#element, shell, this.#room.id, () => void this.#sanctions?.load());
    this.#addAssistant().catch((error: unknown) => shell.fail("The assistant’s settings could not be loaded", error));
    this.#fillForm();
    this.#listen();
    this.#stop = session.room.subscribe((state) => state, onceAFrame(() => this.#draw()));
    this.#draw();
  }

  async #addAssistant(): Promise<void> {
    const { addSettings } = await import("../assistant/parts");
    if (this.#element.isConnected) this.#assistant = addSettings(this.#element, this.#context.shell, this.#room.id);
  }

  focus(): void {
    focusHeading(this.#element);
  }

  close(): void {
    this.#stop?.();
    this.#assistant?.();
    this.#members?.close();
    this.#sanctions?.close();
  }

  get #state(): RoomSnapshot | null {
    const state = this.#context.shell.session.room.get();
    return state?.room.id === this.#room.id ? state : null;
  }

  #listen(): void {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#saveAbout());
    });
    const retention = part<HTMLSelectElement>(this.#element, "[data-part=retention-days]");
    retention.addEventListener("change", () => void this.#retain(retention));
    this.#context.actions.add({
      "set-slow": (button) => void this.#update({ slow_mode_seconds: Number(button.dataset["seconds"]) }, "Slow mode is saved"),
      "toggle-read-only": () => void this.#update({ read_only: this.#state?.room.read_only !== true }, "Saved"),
      "archive-room": () => void this.#archive(),
      "unarchive-room": () => void this.#update({ archived: false }, "The room is open again"),
      "leave-room": () => void this.#leave(),
    });
  }

  // Drawing

  #fillForm(): void {
    const state = this.#state;
    if (state === null) return;
    part<HTMLInputElement>(this.#form, "[name=name]").value = state.room.name;
    part<HTMLInputElement>(this.#form, "[name=purpose]").value = state.room.purpose;
  }

  #draw(): void {
    const element = this.#element;
    const state = this.#state;
    if (state === null) return;
    const { room, permissions, role } = state;
    const manage = permissions.includes("manage");
    part(element, "[data-part=title]").textContent = room.name;
    part(element, "[data-part=role]").textContent = role === "" ? "Settings, you are no member" : `Settings, you are ${role === "owner" ? "an" : "a"} ${role}`;
    part(element, "[data-part=invite]").hidden = !permissions.includes("invite");
    // An archived room only opens again.
    const archived = room.archived_at !== null;
    part(element, "[data-part=writing]").hidden = !permissions.includes("moderate") || archived;
    this.#drawWriting(room, manage);
    for (const field of this.#form.querySelectorAll<HTMLInputElement>("input")) field.readOnly = !manage || archived;
    part(element, "[data-part=about-save]").hidden = !manage || archived;
    part(element, "[data-part=leave]").hidden = role === "";
    part(element, "[data-part=archive]").hidden = !manage || archived;
    part(element, "[data-part=unarchive]").hidden = !manage || !archived;
    this.#members?.draw(state);
  }

  #drawWriting(room: RoomView, manage: boolean): void {
    for (const button of this.#element.querySelectorAll<HTMLElement>("[data-seconds]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset["seconds"]) === room.slow_mode_seconds));
    }
    part(this.#element, "[data-part=read-only]").setAttribute("aria-checked", String(room.read_only));
    part(this.#element, "[data-part=retention]").hidden = !manage;
    this.#drawRetention(room.retention_days);
  }

  /** A time that somebody chose elsewhere, by a script, stands in the list as well. */
  #drawRetention(days: number): void {
    const select = part<HTMLSelectElement>(this.#element, "[data-part=retention-days]");
    const known = [...select.options].some((option) => option.value === String(days));
    if (!known) select.add(new Option(`${days} days`, String(days)));
    if (select.dataset["saving"] === undefined) select.value = String(days);
  }

  // Saving

  /** Messages that are older go with the next sweep: that is asked first. */
  async #retain(select: HTMLSelectElement): Promise<void> {
    const days = Number(select.value);
    const before = this.#state?.room.retention_days ?? 0;
    select.dataset["saving"] = "";
    const run = () => this.#context.shell.session.command("room.update", { retention_days: days }, this.#room.id);
    const text = "Older messages are deleted for everybody, with their files. That cannot be undone.";
    try {
      if (days === 0) await run();
      else if ((await confirm({ title: `Keep messages for ${days} days?`, text, go: "Keep them so long", danger: true }, run)) === null) select.value = String(before);
    } catch (error) {
      select.value = String(before);
      this.#context.shell.fail("The setting could not be saved", error);
    } finally {
      delete select.dataset["saving"];
    }
  }

  async #update(change: UpdateRoom, said: string): Promise<boolean> {
    const { shell, announcer } = this.#context;
    try {
      await shell.session.command("room.update", change, this.#room.id);
      announcer.say(said);
      return true;
    } catch (error) {
      shell.fail("The setting could not be saved", error);
      return false;
    }
  }

  async #saveAbout(): Promise<void> {
    const state = this.#state;
    if (state === null) return;
    const data = new FormData(this.#form);
    const name = String(data.get("name") ?? "").trim();
    const purpose = String(data.get("purpose") ?? "").trim();
    const change: UpdateRoom = {};
    if (name !== state.room.name) change.name = name;
    if (purpose !== state.room.purpose) change.purpose = purpose;
    if (Object.keys(change).length > 0) await this.#context.shell.session.command("room.update", change, this.#room.id);
    part(this.#form, "[data-part=error]").hidden = true;
    this.#context.shell.toast({ kind: "info", title: "Saved" });
  }

  async #archive(): Promise<void> {
    const text = "Everybody can still read, nobody can write. You can open it again here.";
    const run = () => this.#context.shell.session.command("room.update", { archived: true }, this.#room.id);
    const sure = await confirm({ title: `Archive #${this.#state?.room.name ?? ""}?`, text, go: "Archive" }, run);
    if (sure !== null) this.#context.announcer.say("The room is archived");
  }

  async #leave(): Promise<void> {
    const { session } = this.#context.shell;
    const open = this.#room.kind === "public";
    const text = open ? "You can come back at any time from Browse rooms." : "Only somebody who is in it can bring you back.";
    const run = () => session.command("room.leave", {}, this.#room.id);
    await confirm({ title: `Leave #${this.#state?.room.name ?? ""}?`, text, go: "Leave", danger: true }, run);
  }
}
