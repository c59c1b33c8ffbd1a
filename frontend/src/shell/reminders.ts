// What somebody wanted to be told (/remind), as notices that stay until they are closed, in whichever tab.
// Fetched with the first of them; made once by app.ts. It shows what home holds, so a reload shows it again.

import type { ReminderView } from "../protocol";
import type { Shell } from "./contract";

export class Reminders {
  readonly #shell: Shell;
  readonly #shown = new Set<number>();

  constructor(shell: Shell) {
    this.#shell = shell;
    shell.session.home.subscribe((home) => home.reminders, (reminders) => reminders.forEach((one) => this.#show(one)));
  }

  #show(reminder: ReminderView): void {
    if (this.#shown.has(reminder.id)) return;
    this.#shown.add(reminder.id);
    const shell = this.#shell;
    const room = shell.session.home.get().rooms.find((summary) => summary.room.id === reminder.room)?.room;
    const act = room === undefined ? {} : { act: { label: "Open the room", run: () => shell.navigate(room.url) } };
    shell.toast({ kind: "info", title: "Reminder", text: reminder.text, seconds: 0, closed: () => this.#dismiss(reminder), ...act });
  }

  #dismiss({ id }: ReminderView): void {
    // Without an answer it is shown again after a reload.
    this.#shell.session.command("reminder.dismiss", { id }).catch(() => undefined);
  }
}
