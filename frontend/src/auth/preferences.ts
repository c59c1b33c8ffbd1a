// The choices on the account page: each is saved at once, with undo in a toast.
// Called by auth.ts. Never reloads the page, and takes a choice back on the page when the server refuses it.

type Value = string | boolean;

const UNDO_MS = 5000;

function token(): string {
  return document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

function toast(id: string, fill: (toast: HTMLElement) => void): void {
  const place = document.querySelector("[data-toasts]");
  const template = document.getElementById(id) as HTMLTemplateElement | null;
  const row = (template?.content.cloneNode(true) as DocumentFragment | undefined)?.firstElementChild as HTMLElement | null;
  if (!place || !row) return;
  fill(row);
  place.replaceChildren(row);
  let timer = window.setTimeout(() => row.remove(), UNDO_MS);
  const pause = (): void => window.clearTimeout(timer);
  const goOn = (): void => void (timer = window.setTimeout(() => row.remove(), UNDO_MS));
  for (const name of ["pointerenter", "focusin"]) row.addEventListener(name, pause);
  for (const name of ["pointerleave", "focusout"]) row.addEventListener(name, goOn);
}

class Choice {
  #value: Value;
  readonly #show: (value: Value) => void;

  constructor(
    readonly address: string,
    readonly body: (value: Value) => unknown,
    value: Value,
    show: (value: Value) => void,
  ) {
    this.#value = value;
    this.#show = show;
  }

  async take(value: Value, undo = true): Promise<void> {
    const before = this.#value;
    if (value === before) return;
    this.#value = value;
    this.#show(value);
    const refusal = await this.#post(value);
    if (refusal !== "") {
      this.#value = before;
      this.#show(before);
      toast("t-not-saved", (row) => void (row.querySelector("p")!.textContent = refusal));
    } else {
      toast("t-saved", (row) => this.#offerUndo(row, before, undo));
    }
  }

  #offerUndo(row: HTMLElement, before: Value, undo: boolean): void {
    const button = row.querySelector<HTMLButtonElement>("[data-undo]");
    if (!undo) return button?.remove();
    button?.addEventListener("click", () => {
      row.remove();
      void this.take(before, false);
    });
  }

  /** "" when saved, else a sentence. */
  async #post(value: Value): Promise<string> {
    try {
      const answer = await fetch(this.address, {
        method: "POST",
        keepalive: true, // leaving the page at once must not undo the choice
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
        body: JSON.stringify(this.body(value)),
      });
      if (answer.ok) return "";
      const { message } = (await answer.json().catch(() => ({}))) as { message?: string };
      return message ?? "That was not saved. Reload the page and try again.";
    } catch {
      return "That was not saved: there is no connection.";
    }
  }
}

function showTheme(value: Value): void {
  document.documentElement.dataset["theme"] = String(value);
  for (const input of document.querySelectorAll<HTMLInputElement>("input[name=theme]")) input.checked = input.value === value;
}

function setUpTheme(root: HTMLElement, address: string): void {
  const inputs = [...root.querySelectorAll<HTMLInputElement>("input[name=theme]")];
  const chosen = inputs.find((input) => input.checked);
  if (!chosen) return;
  const choice = new Choice(address, (theme) => ({ theme }), chosen.value, showTheme);
  for (const input of inputs) input.addEventListener("change", () => void choice.take(input.value));
}

/** Asks the browser, within the click; a sentence when it will show no notices. */
async function askForNotices(): Promise<string> {
  if (!("Notification" in window)) return "This browser shows no notices here. They need a secure address (https).";
  const answer = Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission;
  return answer === "granted" ? "" : "The browser does not allow notices of this site. Allow them in its settings, then try again.";
}

function refuse(text: string): void {
  toast("t-not-saved", (row) => void (row.querySelector("p")!.textContent = text));
}

function setUpSwitch(button: HTMLButtonElement, address: string): void {
  const name = button.dataset["preference"] ?? "";
  const on = (): boolean => button.getAttribute("aria-checked") === "true";
  const show = (value: Value): void => button.setAttribute("aria-checked", String(value));
  const choice = new Choice(address, (value) => ({ [name]: value }), on(), show);
  button.addEventListener("click", async () => {
    const refusal = name === "desktop_notifications" && !on() ? await askForNotices() : "";
    if (refusal !== "") refuse(refusal);
    else void choice.take(!on());
  });
}

/** Hours of each day: a switch and two times, saved together as "22:00 07:00", or "" for none. */
function setUpHours(part: HTMLElement, address: string): void {
  const button = part.querySelector<HTMLButtonElement>("[data-hours-switch]");
  const from = part.querySelector<HTMLInputElement>("[data-hours-from]");
  const to = part.querySelector<HTMLInputElement>("[data-hours-to]");
  if (!button || !from || !to) return;
  const on = (): boolean => button.getAttribute("aria-checked") === "true";
  const times = (): string => `${from.value} ${to.value}`;
  const show = (value: Value): void => {
    button.setAttribute("aria-checked", String(value !== ""));
    if (value !== "") [from.value, to.value] = String(value).split(" ") as [string, string];
  };
  const body = (value: Value): unknown => {
    const [quiet_from = null, quiet_to = null] = value === "" ? [] : String(value).split(" ");
    return { quiet_from, quiet_to };
  };
  const choice = new Choice(address, body, on() ? times() : "", show);
  button.addEventListener("click", () => void choice.take(on() ? "" : times()));
  for (const field of [from, to]) field.addEventListener("change", () => on() && from.value !== "" && to.value !== "" && void choice.take(times()));
}

/** Makes the theme cards, the switches and the hours of the account page act. */
export function setUpPreferences(root: Document): void {
  const part = root.querySelector<HTMLElement>("[data-preferences]");
  const address = part?.dataset["preferences"];
  if (!part || !address) return;
  setUpTheme(part, address);
  for (const button of part.querySelectorAll<HTMLButtonElement>("[data-preference]")) setUpSwitch(button, address);
  const hours = part.querySelector<HTMLElement>("[data-hours]");
  if (hours) setUpHours(hours, address);
}
