// The page where reports are worked through in the back office: keys, who else is deciding, what hides, the undo toast.
// Loaded by templates/admin/chat/report.html, which works without it. It decides nothing and writes no markup.

const RENEW_MS = 20_000;
const LOOK_MS = 5_000;
const DANGER = new Set(["delete", "block", "kick", "ban"]);

function find<E extends HTMLElement>(selector: string): E | null {
  return document.querySelector<E>(selector);
}

// The queue

/** Which way a key leads; arrows belong to the control that has the focus. */
export function stepOf(key: string, inControl: boolean): 1 | -1 | 0 {
  const letter = key.toLowerCase();
  if (letter === "j" || (key === "ArrowDown" && !inControl)) return 1;
  return letter === "k" || (key === "ArrowUp" && !inControl) ? -1 : 0;
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox");
}

function listenForSteps(): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-part=queue] a")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing || isWriting(event.target)) return;
    const step = stepOf(event.key, event.target instanceof HTMLInputElement);
    if (step === 0) return;
    event.preventDefault();
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    // A report that is decided already stands in no queue: both ways lead to its beginning.
    const next = at < 0 ? links[0] : links[at + step];
    next?.click();
  });
  links.find((link) => link.hasAttribute("aria-current"))?.scrollIntoView({ block: "nearest" });
}

// The decision

class Decision {
  readonly #form: HTMLFormElement;
  readonly #go: HTMLButtonElement;
  readonly #taken = find("[data-part=taken]");
  #mine = false;
  #sent = false;

  constructor(form: HTMLFormElement, go: HTMLButtonElement) {
    this.#form = form;
    this.#go = go;
    form.addEventListener("change", () => this.#draw());
    form.addEventListener("input", () => this.#begin());
    form.addEventListener("submit", (event) => this.#submit(event));
    setInterval(() => this.#mine && !document.hidden && void this.#ask("1"), RENEW_MS);
    setInterval(() => !document.hidden && void this.#ask(""), LOOK_MS);
    window.addEventListener("pagehide", () => this.#leave());
    this.#draw();
    this.#showTaken(this.#taken?.hidden === false ? (this.#taken.textContent ?? "").trim() : "");
    this.#focus();
  }

  /** Begins where something is missing, else with the choice; on a narrow page the message is read first. */
  #focus(): void {
    const wrong = this.#form.querySelector<HTMLElement>(".errorlist ~ * :is(input, textarea), [aria-invalid=true]");
    if (wrong !== null) return wrong.focus();
    if (matchMedia("(min-width: 1101px)").matches) this.#form.querySelector<HTMLElement>("[name=action]:checked")?.focus({ preventScroll: true });
  }

  #value(name: string): string {
    return String(new FormData(this.#form).get(name) ?? "");
  }

  /** What does not belong to the choice hides, and the button says what it does. */
  #draw(): void {
    const action = this.#value("action");
    for (const place of this.#form.querySelectorAll<HTMLElement>("[data-for]")) place.hidden = !(place.dataset["for"] ?? "").split(" ").includes(action);
    for (const place of this.#form.querySelectorAll<HTMLElement>("[data-until]")) place.hidden = this.#value("lasting") !== "until";
    const chosen = this.#form.querySelector<HTMLInputElement>("[name=action]:checked")?.closest("label");
    this.#go.textContent = chosen?.textContent?.trim() ?? "Decide";
    this.#go.classList.toggle("danger", DANGER.has(action));
  }

  #begin(): void {
    if (this.#mine) return;
    this.#mine = true;
    void this.#ask("1");
  }

  #submit(event: SubmitEvent): void {
    if (this.#sent || this.#go.disabled) return event.preventDefault();
    this.#sent = true;
  }

  async #ask(deciding: string): Promise<void> {
    const answer = await fetch(this.#address, { method: "POST", body: this.#body(deciding) }).catch(() => null);
    // Without an answer the server still sees to it that only the first decision holds.
    if (answer?.ok !== true || this.#sent) return;
    const { by, waits } = (await answer.json()) as { by: string; waits: boolean };
    this.#showTaken(waits ? (by === "" ? "" : `${by} is deciding`) : "Somebody has decided about this. Load the page again to see how.");
  }

  get #address(): string {
    return this.#form.dataset["claim"] ?? "";
  }

  #body(deciding: string): FormData {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", this.#value("csrfmiddlewaretoken"));
    body.set("deciding", deciding);
    return body;
  }

  #showTaken(text: string): void {
    if (this.#taken === null) return;
    const place = this.#taken.querySelector("[data-part=taken-text]");
    if (place !== null && place.textContent !== text) place.textContent = text;
    this.#taken.hidden = text === "";
    this.#go.disabled = text !== "";
  }

  /** The others need not wait until the claim ends by itself. */
  #leave(): void {
    if (this.#mine && !this.#sent) navigator.sendBeacon(this.#address, this.#body("0"));
  }
}

// Toasts

/** Errors stay; others go when nothing can be taken back any more, but not under the pointer or the focus. */
function expireToasts(place: HTMLElement): void {
  const left = Number(place.dataset["ms"]);
  for (const toast of place.querySelectorAll<HTMLElement>(".case-toast:not(.bad)")) {
    const held = () => toast.matches(":hover, :focus-within");
    const go = () => (held() ? setTimeout(go, 1_000) : toast.remove());
    setTimeout(() => {
      toast.querySelector("form")?.remove();
      go();
    }, left > 0 ? left : LOOK_MS);
  }
}

listenForSteps();
const form = find<HTMLFormElement>("[data-part=decision]");
const go = find<HTMLButtonElement>("[data-part=go]");
if (form !== null && go !== null) new Decision(form, go);
const toasts = find("[data-part=toasts]");
if (toasts !== null) expireToasts(toasts);
