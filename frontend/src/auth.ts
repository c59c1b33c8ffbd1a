// Small help on the sign-in and account pages, which all work without it.
// Loaded by templates/auth_base.html and the account pages; it never sends anything by itself.

import { isTheme, showTheme } from "./theme";

/** `<button data-do="show-password" aria-controls="<input id>">` shows what one types. */
function togglePassword(button: HTMLElement): void {
  const input = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (!(input instanceof HTMLInputElement)) return;
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  input.focus();
}

/** `<button data-do="copy" aria-controls="<id>">` copies a field's value or an element's text, and says so for 2 s. */
async function copyFrom(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.getAttribute("aria-controls") ?? "");
  const label = button.querySelector("[data-part=label]") ?? button;
  if (source === null) return;
  const before = label.textContent;
  await navigator.clipboard.writeText(source instanceof HTMLInputElement ? source.value : source.innerText.trim());
  label.textContent = "Copied";
  setTimeout(() => (label.textContent = before), 2000);
}

/** A form goes out once: its buttons are shut after the first submit, until the page comes back from the history. */
function shutButtons(form: HTMLFormElement, shut: boolean): void {
  form.toggleAttribute("data-sent", shut);
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", String(shut));
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]") : null;
  if (button?.dataset["do"] === "show-password") togglePassword(button);
  if (button?.dataset["do"] === "copy") void copyFrom(button);
  if (button?.dataset["do"] === "print") window.print();
});

document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || event.defaultPrevented) return;
  if (event.target.hasAttribute("data-sent")) return event.preventDefault();
  shutButtons(event.target, true);
});

// Back and forward show the page as it was left: open the buttons again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form")) shutButtons(form, false);
});

document.addEventListener("change", (event) => {
  const input = event.target;
  if (input instanceof HTMLInputElement && input.name === "theme" && isTheme(input.value)) showTheme(input.value);
  if (input instanceof HTMLElement && input.hasAttribute("data-submit-on-change")) {
    (input as HTMLInputElement).form?.requestSubmit();
  }
});

// On an error the first wrong field has the focus.
document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
