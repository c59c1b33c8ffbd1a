// The page behind /saved/: messages that the person keeps at hand, last saved first. Shown by the stage.
// Nobody else sees what one saves.

import { get } from "../api";
import { part } from "../dom";
import type { SavedPage, SavedView as Saved } from "../protocol";
import { shortTime } from "../time";
import { hitRow } from "./hit_row";
import { ListView, type Loaded, type Nothing } from "./list_view";
import type { ShellContext } from "./view";

export class SavedListView extends ListView {
  #before: number | null = null;

  constructor(context: ShellContext) {
    super(context, "t-view-saved");
    const { session } = context.shell;
    this.onClose(session.connection.onEvent((event) => event.type === "bookmark.changed" && event.data.saved && void this.load()));
    void this.load();
  }

  protected nothing(): Nothing {
    return { title: "Nothing saved", text: "“Save for later” in a message’s menu puts it here. Nobody else sees it." };
  }

  protected async fetch(first: boolean): Promise<Loaded> {
    const { session } = this.context.shell;
    const page = await get<SavedPage>("/api/saved/", { before: first ? null : this.#before });
    session.people.add(...page.people);
    this.#before = page.saved[page.saved.length - 1]?.id ?? null;
    const rows = page.saved.map((one) => this.#row(one));
    return { rows: rows.filter((row): row is HTMLElement => row !== null), more: page.has_more };
  }

  #row(one: Saved): HTMLElement | null {
    const { shell } = this.context;
    const row = hitRow(shell.session, { message: one.message, why: `saved ${shortTime(one.saved_at)}`, unread: false });
    if (row === null) return null;
    const remove = part<HTMLButtonElement>(row, "[data-part=remove]");
    remove.hidden = false;
    remove.onclick = () => void this.#remove(one, row);
    return row;
  }

  async #remove(one: Saved, row: HTMLElement): Promise<void> {
    const { shell } = this.context;
    const { id, room } = one.message;
    try {
      await shell.session.command("bookmark.remove", { message: id });
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      if (next instanceof HTMLElement) part<HTMLElement>(next, "a").focus();
      else void this.load().then(() => this.focus());
      const undo = () => void shell.session.command("bookmark.add", { message: id }, room).catch((error: unknown) => shell.fail("The message was not saved", error));
      shell.toast({ kind: "info", title: "No longer saved", act: { label: "Undo", run: undo } });
    } catch (error) {
      shell.fail("It is still saved", error);
    }
  }
}
