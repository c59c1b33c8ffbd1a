// The page "Tokens and webhooks" of the back office: copying, menus that close, and states that stay fresh.
// Loaded by templates/admin/integrations/desk.html, which works without it. It decides nothing.

import { setHTML } from "./dom";

const LOOK_MS = 5_000;
const SAID_MS = 2_000;

function find<E extends HTMLElement>(selector: string): E | null {
  return document.querySelector<E>(selector);
}

// What is shown once

function say(button: HTMLElement, words: string): void {
  const label = button.querySelector("span");
  if (label === null) return;
  label.textContent = words;
  setTimeout(() => (label.textContent = "Copy"), SAID_MS);
}

async function copy(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (source === null) return;
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    say(button, "Copied");
  } catch {
    // Without a secure context there is no clipboard: the person copies it themselves.
    getSelection()?.selectAllChildren(source);
    say(button, "Press Ctrl C");
  }
}

// Menus

const menus = () => [...document.querySelectorAll<HTMLDetailsElement>("details.desk-menu[open]")];

function closeMenus(but: Node | null): void {
  for (const menu of menus()) if (but === null || !menu.contains(but)) menu.open = false;
}

/** A menu hangs below its button and stays inside the window, whatever scrolls around it. */
function place(menu: HTMLDetailsElement): void {
  const drop = menu.querySelector<HTMLElement>(".drop");
  const button = menu.querySelector("summary");
  if (drop === null || button === null || !menu.open) return;
  const at = button.getBoundingClientRect();
  drop.classList.add("placed");
  const { width, height } = drop.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight ? at.bottom + 4 : Math.max(4, at.top - 4 - height);
  drop.style.insetBlockStart = `${below}px`;
  drop.style.insetInlineStart = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
}

function onKey(event: KeyboardEvent): void {
  if (event.key === "Escape") {
    const [menu] = menus();
    if (menu === undefined) return;
    event.preventDefault();
    menu.open = false;
    return menu.querySelector("summary")?.focus();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const menu = document.activeElement?.closest<HTMLDetailsElement>("details.desk-menu[open]");
  if (menu == null) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll<HTMLElement>(".drop :is(a, button)")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length]?.focus();
}

// Fresh states

/** What must not be changed under somebody's hands: an open menu, and where the focus is, but for a link of a list. */
function isHeld(place: HTMLElement): boolean {
  return place.querySelector("details[open]") !== null || place.matches(":hover:active") || (place.contains(document.activeElement) && document.activeElement?.matches(".scroll") !== true);
}

async function look(): Promise<void> {
  if (document.hidden) return;
  const answer = await fetch(`${location.pathname}${location.search}`, { headers: { accept: "text/html" } }).catch(() => null);
  // Signed out or on its way down: what stands there stays, the next click says why.
  if (answer?.ok !== true || answer.redirected) return;
  const fresh = document.implementation.createHTMLDocument("");
  setHTML(fresh.body, await answer.text());
  for (const old of document.querySelectorAll<HTMLElement>("[data-live]")) {
    const now = fresh.querySelector<HTMLElement>(`[data-live=${old.dataset["live"] ?? ""}]`);
    if (now === null || isHeld(old) || withoutKeys(now) === withoutKeys(old)) continue;
    old.replaceChildren(...[...now.childNodes].map((node) => document.importNode(node, true)));
  }
}

/** The forms' own keys are others each time. */
function withoutKeys(place: HTMLElement): string {
  const copied = place.cloneNode(true) as HTMLElement;
  for (const field of copied.querySelectorAll("input[type=hidden]")) field.remove();
  for (const drop of copied.querySelectorAll(".drop")) drop.removeAttribute("style");
  for (const drop of copied.querySelectorAll(".placed")) drop.classList.remove("placed");
  return copied.textContent ?? "";
}

// The form

function drawForm(): void {
  const whose = find<HTMLSelectElement>("[name=whose]");
  const bot = find("[data-part=new-bot]");
  if (whose !== null && bot !== null) bot.hidden = whose.value !== "new";
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  closeMenus(target);
  const button = target?.closest<HTMLElement>("[data-do]");
  if (button?.dataset["do"] === "copy") void copy(button);
  if (button?.dataset["do"] === "copied") {
    event.preventDefault();
    find("[data-part=once]")?.remove();
    find("h1")?.focus();
  }
  if (button?.dataset["do"] === "new-token") {
    event.preventDefault();
    find("#new-token [name=name]")?.focus();
  }
});
document.addEventListener("toggle", (event) => event.target instanceof HTMLDetailsElement && place(event.target), { capture: true });
document.addEventListener("scroll", () => menus().forEach(place), { capture: true, passive: true });
addEventListener("resize", () => menus().forEach(place));
document.addEventListener("keydown", onKey);
document.addEventListener("change", drawForm);
// The secret belongs to this answer alone: from here a reload asks for the page without it. After the question for the
// password the answer came from that one's address.
const here = find<HTMLAnchorElement>("[data-do=copied]");
if (here !== null) history.replaceState(null, "", here.href);
drawForm();
setInterval(() => void look(), LOOK_MS);
