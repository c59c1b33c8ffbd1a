// Dialogs: opening and closing, and what an error says. Their forms, and the question before something final, are in
// forms.ts. Used by every dialog of the shell. The browser keeps the focus inside; this brings it back to the opener.

import { ApiError } from "../api";
import { part } from "../dom";
import { CommandError } from "../socket";

/** What a failed command or request says, for people. */
export function errorText(error: unknown): string {
  if (error instanceof CommandError) {
    if (error.code === "offline") return "There is no connection right now. Try again when it is back.";
    if (error.code === "lost") return "The connection was lost before the answer came. Look whether it was done, then try again.";
    const seconds = error.retry_after === null ? 0 : Math.ceil(error.retry_after);
    const wait = error.code === "rate_limited" && seconds > 0 ? ` Try again in ${seconds} s.` : "";
    const record = error.incident === null ? "" : ` (${error.incident})`;
    return `${error.message}${wait}${record}`;
  }
  if (error instanceof ApiError) return error.message;
  return "Something went wrong on this page. Reload it and try again.";
}

export function dialog(id: string): HTMLDialogElement {
  return part<HTMLDialogElement>(document, `#${id}`);
}

/** Opens a dialog as a modal; when it closes, the focus goes back to where it was. */
export function openDialog(box: HTMLDialogElement): void {
  if (box.open) return;
  const opener = document.activeElement;
  clearErrors(box);
  box.addEventListener("close", () => {
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (lost && opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
  }, { once: true });
  box.showModal();
}

/** A click on the scrim closes, if the press began there too: a selection dragged out of a field must not. */
export function closeOnScrim(): void {
  let pressed: EventTarget | null = null;
  document.addEventListener("pointerdown", (event) => (pressed = event.target));
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLDialogElement) || pressed !== box || !box.open) return;
    const { left, right, top, bottom } = box.getBoundingClientRect();
    const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (!inside) box.close();
  });
}

export function clearErrors(form: HTMLElement): void {
  for (const place of form.querySelectorAll<HTMLElement>('[data-part="error"], [data-part$="-error"]')) place.hidden = true;
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}
