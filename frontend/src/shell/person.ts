// What may be done with a person: a small menu at their name. Opened through Shell.openPerson.

import type { MenuItem, Shell } from "./contract";
import { stateOf } from "./presence";

export interface PersonHooks {
  openMenu: Shell["openMenu"];
  write(user: number): void;
  /** Null when one cannot write in the open room. */
  mention: ((text: string) => void) | null;
}

const STATES: Readonly<Record<string, string>> = { online: "online", idle: "idle", offline: "not here now" };

export function openPerson(shell: Pick<Shell, "announce" | "fail" | "session" | "toast">, user: number, anchor: HTMLElement, hooks: PersonHooks): void {
  const { session } = shell;
  const person = session.people.get(user);
  if (person === null) return;
  const you = user === session.me;
  const items: MenuItem[] = [];
  if (you) items.push({ icon: "circle-user-round", text: "Your account", run: () => location.assign("/account/profile/") });
  else if (person.kind !== "bridge") items.push({ icon: "message-square", text: "Write to them", run: () => hooks.write(user) });
  const { mention } = hooks;
  if (!you && mention !== null) items.push({ icon: "at-sign", text: "Mention here", run: () => mention(`@${person.name} `) });
  const room = session.room.get();
  if (!you && room?.permissions.includes("moderate") === true) items.push({ icon: "undo-2", text: "Revert code edits", line: true, run: () => void revertEdits(shell, room.room.id, user) });
  const state = STATES[stateOf(session, user)] ?? "";
  const open = (kind: string) => hooks.openMenu({ label: person.display_name, anchor, cap: `${person.display_name} · @${person.name} · ${kind}`, items });
  if (person.kind !== "bridge") return void open(person.kind === "human" ? state : person.kind);
  // Whether they are here now is not known of people elsewhere; who they are is worth a moment.
  void import("../chat/bridged").then(({ whoseCard }) => whoseCard(user)).catch(() => "bridge").then(open);
}

/** Takes back what somebody wrote into the documents of a room; the dialog comes with what draws differences. */
export async function revertEdits(shell: Pick<Shell, "announce" | "fail" | "session" | "toast">, room: number, author: number): Promise<void> {
  try {
    const { openRevert } = await import("../editor/agent/revert");
    openRevert({ shell, room, what: { author } });
  } catch (error) {
    shell.fail("This part of the page could not be loaded", error);
  }
}
