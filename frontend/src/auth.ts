// Entry of the sign-in and account pages: small helps on forms that work without them, passkeys, choices saved at once.
// Loaded by auth_base.html and account_base.html. Never talks to a socket and writes no markup.

import { setUpCrop } from "./auth/crop";
import { setUpPasskeys } from "./auth/passkeys";
import { setUpPreferences } from "./auth/preferences";

const SAID_MS = 2000;

function controlled(button: HTMLElement): HTMLElement | null {
  return document.getElementById(button.getAttribute("aria-controls") ?? "");
}

function contentOf(element: HTMLElement): string {
  if (element instanceof HTMLInputElement) return element.value;
  const items = [...element.querySelectorAll("li")];
  return items.length > 0 ? items.map((item) => `${item.textContent}\n`).join("") : (element.textContent ?? "");
}

function say(button: HTMLElement, words: string): void {
  const label = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
  if (!label || label.textContent === words) return;
  const before = label.textContent;
  label.textContent = words;
  window.setTimeout(() => void (label.textContent = before), SAID_MS);
}

function togglePassword(button: HTMLElement): void {
  const input = controlled(button);
  if (!(input instanceof HTMLInputElement)) return;
  const show = input.type === "password";
  input.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
}

/** The clipboard needs a secure context; elsewhere the text is selected, ready for the person's own copy. */
async function copy(button: HTMLElement): Promise<void> {
  const source = controlled(button);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(contentOf(source));
    say(button, "Copied");
  } catch {
    window.getSelection()?.selectAllChildren(source);
    if (source instanceof HTMLInputElement) source.select();
  }
}

function download(button: HTMLElement): void {
  const source = controlled(button);
  if (!source) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([contentOf(source)], { type: "text/plain" }));
  link.download = button.dataset["fileName"] ?? "codes.txt";
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), SAID_MS);
}

const DEEDS: Record<string, (button: HTMLElement) => unknown> = {
  "show-password": togglePassword,
  copy,
  download,
  print: () => window.print(),
};

function onClick(event: MouseEvent): void {
  const button = (event.target as Element).closest<HTMLElement>("[data-do]");
  const deed = button && DEEDS[button.dataset["do"] ?? ""];
  if (button && deed) deed(button);
}

/** Only digits stay; the sixth sends the form. A wrong code comes back empty, with the focus in the field. */
function setUpCode(input: HTMLInputElement): void {
  if (input.getAttribute("aria-invalid") === "true") input.value = "";
  input.removeAttribute("maxlength"); // so that a pasted "123 456" is not cut before its space is taken out
  input.addEventListener("input", () => {
    input.value = input.value.replaceAll(/\D/g, "").slice(0, 6);
    if (input.value.length === 6) input.form?.requestSubmit();
  });
}

function setUpWait(note: HTMLElement): void {
  const button = note.closest("form")?.querySelector<HTMLButtonElement>("button.primary");
  if (!button) return;
  const label = button.textContent ?? "";
  let left = Number(note.dataset["waitSeconds"]);
  const tick = (): void => {
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${label} in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : label;
    if (left-- > 0) window.setTimeout(tick, 1000);
  };
  tick();
}

/** The section that the address names is the current one, also when one comes with the address. */
function setUpSections(nav: HTMLElement): void {
  const links = [...nav.querySelectorAll("a")];
  const mark = (): void => {
    const current = links.find((link) => link.hash !== "" && link.hash === location.hash);
    if (current === undefined) return;
    for (const link of links) link.removeAttribute("aria-current");
    current.setAttribute("aria-current", "true");
  };
  window.addEventListener("hashchange", mark);
  mark();
}

document.addEventListener("click", onClick);
for (const input of document.querySelectorAll<HTMLInputElement>("[data-six-digits]")) setUpCode(input);
for (const input of document.querySelectorAll<HTMLInputElement>("[data-time-zone]")) {
  input.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}
for (const note of document.querySelectorAll<HTMLElement>("[data-wait-seconds]")) setUpWait(note);
for (const nav of document.querySelectorAll<HTMLElement>(".subnav")) setUpSections(nav);
setUpCrop(document);
setUpPasskeys(document);
setUpPreferences(document);
