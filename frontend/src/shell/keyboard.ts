// The keys that act anywhere: jump, rooms, Esc, the sheet behind "?". Made once by app.ts.
// Letters act only outside text fields, and only if the person has not switched them off.

import { isTextField } from "../dom";

export interface Keys {
  jump(): void;
  search(): void;
  /** Goes to the next (1) or previous (-1) room, or only to unread ones. */
  step(step: 1 | -1, unreadOnly: boolean): void;
  shortcuts(): void;
  /** Esc with nothing of the browser's own open. */
  escape(): void;
  letters(): boolean;
  /** Opens or closes the code pane. */
  code(): void;
}

type Pressed = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** The name of what a key press asks for, or null. */
export function keyName(event: Pressed, inText: boolean, letters: boolean): "jump" | "search" | "next" | "previous" | "shortcuts" | "escape" | "code" | null {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === "k") return "jump";
  if ((ctrlKey || metaKey) && !altKey && shiftKey && key.toLowerCase() === "f") return "search";
  if ((ctrlKey || metaKey) && !altKey && !shiftKey && key === "\\") return "code";
  if (altKey && !ctrlKey && !metaKey && key === "ArrowDown") return "next";
  if (altKey && !ctrlKey && !metaKey && key === "ArrowUp") return "previous";
  if (ctrlKey || metaKey || altKey) return null;
  if (key === "Escape" && !shiftKey) return "escape";
  return key === "?" && letters && !inText ? "shortcuts" : null;
}

/** A dialog or popover is open: its own keys hold. */
function isCovered(): boolean {
  return document.querySelector("dialog[open], [popover]:popover-open") !== null;
}

export function listenForKeys(keys: Keys): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const name = keyName(event, isTextField(event.target), keys.letters());
    if (name === null || (isCovered() && name !== "jump")) return;
    if (name === "escape") return keys.escape();
    event.preventDefault();
    if (name === "jump") keys.jump();
    else if (name === "search") keys.search();
    else if (name === "code") keys.code();
    else if (name === "shortcuts") keys.shortcuts();
    else keys.step(name === "next" ? 1 : -1, event.shiftKey);
  });
}
