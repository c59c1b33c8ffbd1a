// The page of a bridge in the back office: brought up to date every few seconds, the connection tried step by step, rooms
// found while one types. Loaded by templates/admin/integrations/bridge.html and bridge_link.html, which work without it.

import { clone, part, setHTML } from "./dom";

const LOOK_MS = 4_000;
const TOAST_MS = 6_000;
const TYPED_MS = 250;

interface Tried {
  state: "good" | "warn" | "bad";
  words: string;
  remedy: string;
  ms: number | null;
}

function find<E extends HTMLElement>(selector: string): E | null {
  return document.querySelector<E>(selector);
}

// What changes by itself

/** Puts the parts of a page that the server made anew in their places; where somebody is at work nothing moves. */
function putParts(html: string, root: ParentNode = document): void {
  const made = document.createElement("template");
  setHTML(made, html);
  for (const fresh of made.content.querySelectorAll<HTMLElement>("[data-live]")) {
    const place = root.querySelector<HTMLElement>(`[data-live="${fresh.dataset["live"] ?? ""}"]`);
    if (place === null || place.innerHTML === fresh.innerHTML) continue;
    if (place.querySelector("details[open]") !== null || place.contains(document.activeElement)) continue;
    place.replaceChildren(...fresh.childNodes);
  }
}

async function look(address: string): Promise<void> {
  if (document.hidden) return;
  const answer = await fetch(address).catch(() => null);
  // Whoever was signed out meanwhile is sent to a page that is none of these parts.
  if (answer?.ok === true && !answer.redirected) putParts(await answer.text());
}

// Trying the connection

function show(list: HTMLElement, tried: Tried): void {
  const line = clone("bridge-check");
  line.className = tried.state;
  part(line, "[data-part=words]").textContent = tried.words;
  part(line, "[data-part=remedy]").textContent = tried.remedy;
  part(line, "[data-part=ms]").textContent = tried.ms === null ? "" : `${tried.ms} ms`;
  list.append(line);
}

/** The lines that are whole, and what is left of the one that is not. */
function linesOf(text: string): [string[], string] {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  return [lines.filter((line) => line !== ""), rest];
}

async function read(answer: Response, list: HTMLElement): Promise<void> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
    const [lines, left] = linesOf(rest + piece.value);
    rest = left;
    for (const line of lines) show(list, JSON.parse(line) as Tried);
  }
}

async function tryOut(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  const list = part(form, "[data-part=checks]");
  const status = part(form, "[data-part=tested]");
  button.disabled = true;
  list.replaceChildren();
  status.textContent = "testing…";
  try {
    const answer = await fetch(button.formAction, { method: "POST", body: new FormData(form), headers: { accept: "application/x-ndjson" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    await read(answer, list);
    status.textContent = "tested just now";
  } catch {
    status.textContent = "The test broke off. Load the page again.";
  }
  button.disabled = false;
}

// Finding a room

class Finding {
  readonly #field: HTMLInputElement;
  #timer = 0;
  #asked = 0;

  constructor(field: HTMLInputElement) {
    this.#field = field;
    field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#ask(), TYPED_MS);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      clearTimeout(this.#timer);
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const mine = ++this.#asked;
    const query = new URLSearchParams({ part: "rooms", q: this.#field.value });
    const answer = await fetch(`?${query}`).catch(() => null);
    if (answer?.ok !== true || answer.redirected || mine !== this.#asked) return;
    const place = find("[data-live=found]");
    if (place !== null) setHTML(place, await answer.text());
  }
}

const bridge = find("[data-part=bridge]");
if (bridge !== null) setInterval(() => void look(bridge.dataset["liveUrl"] ?? ""), LOOK_MS);
const connection = find<HTMLFormElement>("[data-part=connection]");
const test = find<HTMLButtonElement>("[data-part=test]");
if (connection !== null && test !== null) {
  test.addEventListener("click", (event) => {
    event.preventDefault();
    void tryOut(connection, test);
  });
}
const query = find<HTMLInputElement>("#bridge-q");
if (query !== null) {
  new Finding(query);
  find("[data-part=find]")?.remove();
}
for (const toast of document.querySelectorAll(".case-toast:not(.bad)")) setTimeout(() => toast.remove(), TOAST_MS);
