// Forms of dialogs: errors at their fields, doing a thing once, and the question before something final.
// Used by every dialog that sends something. It comes after the first load and sends nothing by itself.

import { ApiError } from "../api";
import { el, icon, maybe, part } from "../dom";
import { CommandError } from "../socket";
import type { Question } from "./contract";
import { clearErrors, dialog, errorText, openDialog } from "./dialogs";

export function fieldOf(error: unknown): string | null {
  return error instanceof CommandError || error instanceof ApiError ? error.field : null;
}

/** The line under a form's head, with an icon. */
export function showNote(place: HTMLElement, text: string): void {
  place.replaceChildren(icon("circle-alert"), el("span", "", text));
  place.hidden = text === "";
}

/** Shows an error at its field if the form has a place for it, else at the top. */
export function showError(form: HTMLElement, error: unknown): void {
  clearErrors(form);
  const text = errorText(error);
  const field = fieldOf(error);
  const place = field === null ? null : maybe(form, `[data-part="${CSS.escape(field)}-error"]`);
  const input = field === null ? null : maybe<HTMLInputElement>(form, `[name="${CSS.escape(field)}"]`);
  if (place !== null) showNote(place, text);
  else showNote(part(form, "[data-part=error]"), text);
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
}

/** Runs what a button started, with the form's buttons shut meanwhile, so that it happens once. */
export async function once(form: HTMLElement, run: () => Promise<unknown>): Promise<void> {
  if (form.hasAttribute("aria-busy")) return;
  form.setAttribute("aria-busy", "true");
  try {
    await run();
  } catch (error) {
    showError(form, error);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** Asks before something that cannot be taken back. Answers the typed text ("" without a field), or null for no. */
export function confirm(question: Question, run?: (typed: string) => Promise<unknown>): Promise<string | null> {
  const box = dialog("d-confirm");
  if (box.open) box.close();
  const form = part<HTMLFormElement>(box, "form");
  const typed = part<HTMLInputElement>(form, "[data-part=typed]");
  drawQuestion(box, question);
  typed.value = question.value ?? "";
  openDialog(box);
  // Nothing final happens by an Enter too many.
  (question.field === undefined ? part(box, "[data-do=close-dialog]") : typed).focus();
  return new Promise((resolve) => {
    let answer: string | null = null;
    form.onsubmit = (event) => {
      event.preventDefault();
      void once(box, async () => {
        const text = typed.value.trim();
        await run?.(text);
        answer = text;
        box.close();
      });
    };
    box.addEventListener("close", () => resolve(answer), { once: true });
  });
}

function drawQuestion(box: HTMLElement, question: Question): void {
  const text = (name: string, value: string) => (part(box, `[data-part=${name}]`).textContent = value);
  text("title", question.title);
  text("text", question.text);
  text("quote", question.quote ?? "");
  text("field-label", question.field ?? "");
  part(box, "[data-part=quote]").hidden = question.quote === undefined || question.quote === "";
  part(box, "[data-part=field]").hidden = question.field === undefined;
  const go = part(box, "[data-part=go]");
  go.textContent = question.go;
  const danger = question.danger ?? false;
  go.classList.toggle("danger", danger);
  go.classList.toggle("solid", danger);
  go.classList.toggle("primary", !danger);
}
