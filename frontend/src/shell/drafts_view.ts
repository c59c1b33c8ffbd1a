// The page behind /drafts/: everything begun and not sent, on any device. Shown by the stage, drawn from the home store.
// It sends commands only; what they do comes back as events.

import * as api from "../api";
import { clone, closest, el, onceAFrame, part } from "../dom";
import { avatar, roomIcon } from "../people";
import type { DraftCopyView, DraftView, RoomSummary } from "../protocol";
import { fullTime, shortTime } from "../time";
import { wantThread } from "../chat/wanted";
import { dialog, errorText, openDialog } from "./dialogs";
import { isDirect, nameOf } from "./rooms";
import { focusHeading, stand, type ShellContext, type View } from "./view";

const UNDO_SECONDS = 10;

const keyOf = (draft: DraftView) => `${draft.room} ${draft.thread ?? ""}`;

export class DraftsView implements View {
  readonly name = "page";
  readonly #context: ShellContext;
  readonly #element = clone("t-view-drafts");
  readonly #list = part(this.#element, "[data-part=list]");
  readonly #stop: () => void;

  constructor(context: ShellContext) {
    this.#context = context;
    stand(this.#element);
    context.actions.add({
      "open-draft": (button) => this.#with(button, (draft) => this.#open(draft)),
      "discard-draft": (button) => this.#with(button, (draft) => void this.#discard(draft)),
      "compare-draft": (button) => this.#with(button, (draft) => void this.#compare(draft)),
      "copy-draft": (button) => this.#with(button, (draft) => void this.#copy(draft)),
      "discard-all-drafts": () => void this.#discardAll(),
    });
    const draw = onceAFrame(() => this.#draw());
    const { home } = context.shell.session;
    const stops = [home.subscribe((state) => state.drafts, draw), home.subscribe((state) => state.rooms, draw)];
    this.#stop = () => stops.forEach((stop) => stop());
    this.#draw();
  }

  focus(): void {
    focusHeading(this.#element);
  }

  close(): void {
    this.#stop();
  }

  get #drafts(): DraftView[] {
    return this.#context.shell.session.home.get().drafts;
  }

  #with(button: HTMLElement, act: (draft: DraftView) => void): void {
    const key = button.closest<HTMLElement>(".draft")?.dataset["key"];
    const draft = this.#drafts.find((one) => keyOf(one) === key);
    if (draft !== undefined) act(draft);
  }

  #roomOf(draft: DraftView): RoomSummary | null {
    return this.#context.shell.session.home.get().rooms.find((summary) => summary.room.id === draft.room) ?? null;
  }

  // Drawing

  #draw(): void {
    const drafts = this.#drafts;
    const { activeElement } = document;
    const held = activeElement instanceof HTMLElement && this.#list.contains(activeElement) ? activeElement : null;
    const [key, act] = [held?.closest<HTMLElement>(".draft")?.dataset["key"], held?.dataset["do"]];
    this.#list.replaceChildren(...drafts.map((draft) => this.#row(draft)));
    if (drafts.length > 0) this.#list.append(el("p", "muted center", "A draft leaves this list when you send it, on every device."));
    this.#list.hidden = drafts.length === 0;
    part(this.#element, "[data-part=none]").hidden = drafts.length > 0;
    part(this.#element, "[data-part=discard-all]").hidden = drafts.length < 2;
    if (held === null) return;
    const row = [...this.#list.querySelectorAll<HTMLElement>(".draft")].find((one) => one.dataset["key"] === key);
    (row?.querySelector<HTMLElement>(`[data-do="${act}"]:not([hidden])`) ?? this.#element.querySelector<HTMLElement>("h1"))?.focus();
  }

  #row(draft: DraftView): HTMLElement {
    const row = clone("t-draft");
    const summary = this.#roomOf(draft);
    row.dataset["key"] = keyOf(draft);
    const label = summary === null ? "A room you are no longer in" : nameOf(summary);
    part(row, "[data-part=where]").replaceChildren(...this.#lead(summary), label);
    row.setAttribute("aria-label", `Draft in ${label}`);
    const thread = part(row, "[data-part=thread]");
    thread.hidden = draft.thread === null;
    const starter = this.#context.shell.session.people.get(draft.thread_author);
    thread.textContent = starter === null ? "in a thread" : `in a thread with ${starter.display_name}`;
    const time = part<HTMLTimeElement>(row, "[data-part=time]");
    [time.dateTime, time.textContent, time.title] = [draft.updated_at, shortTime(draft.updated_at), fullTime(draft.updated_at)];
    part(row, "[data-part=text]").textContent = draft.body === "" ? "Sent or discarded; another version is kept." : draft.body;
    const versions = draft.copies + (draft.body === "" ? 0 : 1);
    part(row, "[data-part=versions]").hidden = draft.copies === 0;
    part(row, "[data-part=versions-text]").textContent = versions === 1 ? "A kept version" : `${versions} versions`;
    part(row, "[data-part=note]").textContent = summary === null ? "You can read and copy it, but not send it." : "";
    part(row, "[data-part=copy]").hidden = summary !== null || draft.body === "";
    part(row, "[data-part=discard]").hidden = draft.copies > 0;
    part(row, "[data-part=compare]").hidden = draft.copies === 0;
    part(row, "[data-part=open]").hidden = summary === null;
    for (const button of row.querySelectorAll("button")) button.setAttribute("aria-label", `${button.textContent.trim()}: ${label}`);
    return row;
  }

  #lead(summary: RoomSummary | null): Node[] {
    if (summary === null) return [];
    const other = summary.room.kind === "direct" ? summary.people[0] : undefined;
    return [other === undefined || !isDirect(summary) ? roomIcon(summary.room) : avatar(other, "xs")];
  }

  // Acting

  #open(draft: DraftView): void {
    const summary = this.#roomOf(draft);
    if (summary === null) return;
    if (draft.thread !== null) wantThread(draft.room, draft.thread);
    this.#context.shell.navigate(summary.room.url);
  }

  async #discard(draft: DraftView): Promise<void> {
    const { shell } = this.#context;
    const { room, thread, rev, body, reply_to } = draft;
    try {
      const gone = await shell.session.command("draft.discard", { room, thread, rev });
      const undo = () => {
        shell.session
          .command("draft.save", { room, thread, body, reply_to, rev: gone.rev })
          .catch((error: unknown) => shell.fail("The draft could not be brought back", error));
      };
      const act = this.#roomOf(draft) === null ? {} : { act: { label: "Undo", run: undo } };
      shell.toast({ kind: "info", title: "Draft discarded", seconds: UNDO_SECONDS, ...act });
    } catch (error) {
      shell.fail("The draft could not be discarded", error);
    }
  }

  async #discardAll(): Promise<void> {
    const { shell } = this.#context;
    const drafts = this.#drafts;
    const question = { title: `Discard ${drafts.length} drafts?`, text: "Their kept versions go as well. This cannot be undone.", go: "Discard all", danger: true };
    const all = () => Promise.all(drafts.map(({ room, thread }) => shell.session.command("draft.discard", { room, thread, copies: true })));
    if ((await shell.confirm(question, all)) !== null) shell.announce("All drafts are discarded");
  }

  async #copy(draft: DraftView): Promise<void> {
    const { shell } = this.#context;
    try {
      await navigator.clipboard.writeText(draft.body);
      shell.toast({ kind: "info", title: "Copied" });
    } catch (error) {
      shell.fail("The text could not be copied", error);
    }
  }

  async #compare(draft: DraftView): Promise<void> {
    const { shell } = this.#context;
    try {
      this.#drawVersions(draft, await api.draftCopies(draft.room, draft.thread));
      openDialog(dialog("d-versions"));
    } catch (error) {
      shell.fail("The versions could not be loaded", error);
    }
  }

  #drawVersions(draft: DraftView, copies: DraftCopyView[]): void {
    const box = dialog("d-versions");
    const own = draft.body === "" ? [] : [{ id: null, name: "The draft", body: draft.body }];
    const others = copies.map(({ id, body, kept_at }) => ({ id, name: `Kept ${shortTime(kept_at)}`, body }));
    const list = part(box, "[data-part=list]");
    list.replaceChildren(...[...own, ...others].map((one) => this.#version(one.name, one.body, String(one.id ?? ""))));
    list.onclick = (event) => {
      const button = closest(event, "[data-do=keep-version]");
      if (button !== null) void this.#choose(draft, button.dataset["copy"] ?? "");
    };
  }

  #version(name: string, body: string, copy: string): HTMLElement {
    const version = clone("t-version");
    part(version, "[data-part=name]").textContent = name;
    const text = part(version, "[data-part=text]");
    text.textContent = body;
    text.setAttribute("aria-label", name);
    const button = part(version, "[data-do=keep-version]");
    button.dataset["copy"] = copy;
    button.setAttribute("aria-label", `Keep this one: ${name}`);
    return version;
  }

  async #choose(draft: DraftView, copy: string): Promise<void> {
    const { shell } = this.#context;
    const box = dialog("d-versions");
    const { room, thread } = draft;
    try {
      await shell.session.command("draft.choose", { room, thread, copy: copy === "" ? null : Number(copy) });
      box.close();
      shell.announce("The other versions are gone");
    } catch (error) {
      const place = part(box, "[data-part=error]");
      place.hidden = false;
      place.textContent = errorText(error);
    }
  }
}
