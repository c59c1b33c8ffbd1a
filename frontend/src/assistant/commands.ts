// The palette's commands about the assistant, and the ways to it that are not in a room. Used by shell/.

import * as api from "../api";
import type { SessionView } from "../protocol";
import type { Shell } from "../shell/contract";
import type { PaletteCommand } from "../shell/palette_entries";
import { choicesOf, isOffered } from "./choice";
import { callOf } from "./room";

/** Opens one's own session, which is made with the first wish for it. */
export function openSession(shell: Shell): void {
  api.post<SessionView>("/api/assistant/session/", {}).then(
    ({ room }) => shell.navigate(`/direct/${room}/`),
    (error: unknown) => shell.fail("The session could not be opened", error),
  );
}

/** The way to it in the list of people. */
export function listenForSession(shell: Shell): void {
  document.getElementById("ask-rail")?.addEventListener("click", () => openSession(shell));
}

export function hide(shell: Shell, hidden: boolean): void {
  choicesOf(shell.session).chooseForMe({ hidden }).then(
    () => shell.toast({ kind: "info", title: hidden ? "The assistant is hidden" : "The assistant is shown again" }),
    (error: unknown) => shell.fail("That was not saved", error),
  );
}

/** What may be asked of it from anywhere, and in the open room. */
export function assistantCommands(shell: Shell): PaletteCommand[] {
  const room = shell.session.room.get()?.room.id;
  const view = room === undefined ? null : choicesOf(shell.session).of(room);
  if (view?.hidden === true) return [{ icon: "sparkles", text: "Show the assistant again", run: () => hide(shell, false) }];
  const here = isOffered(view) && view?.direct_room !== room;
  const commands: (PaletteCommand | false)[] = [
    here && { icon: "sparkles", text: "Ask the assistant in this room", run: () => ask(shell, callOf(view)) },
    here && { icon: "list-collapse", text: "Summarise what is new in this room", run: () => void summarise(shell) },
    { icon: "sparkles", text: "Your own session with the assistant", run: () => openSession(shell) },
    view !== null && { icon: "eye-off", text: "Hide the assistant", run: () => hide(shell, true) },
  ];
  return commands.filter((command): command is PaletteCommand => command !== false);
}

/** Once the palette has closed, and the focus is back. */
function ask(shell: Shell, call: string): void {
  setTimeout(() => {
    const field = document.querySelector<HTMLTextAreaElement>("#view .chat .composer [data-part=text]");
    field?.focus();
    if (field === null || field.value.startsWith(call)) return;
    field.setRangeText(call, 0, 0, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    shell.announce("Ask the assistant");
  });
}

export async function summarise(shell: Shell): Promise<void> {
  try {
    const { summariseUnread } = await import("./parts");
    await summariseUnread();
  } catch (error) {
    shell.fail("This part of the page could not be loaded", error);
  }
}
