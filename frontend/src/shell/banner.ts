// The banner over the stage: what is wrong with the connection, and what one can do about it.
// Made once by app.ts. A short loss is not worth a word: it shows after 2 s, and "Back online" for 2 s after it.

import { icon, part } from "../dom";
import type { Outbox } from "../outbox";
import type { Connection, ConnectionState } from "../socket";
import type { Announcer } from "./announcer";

const PATIENCE_MS = 2_000;
const BACK_MS = 2_000;

/** "Reconnecting in 4 s." or "Reconnecting." */
export function retryText(state: ConnectionState, retryAt: number | undefined, now: number): string {
  const seconds = Math.ceil(((retryAt ?? now) - now) / 1000);
  return state === "offline" && seconds > 0 ? `Reconnecting in ${seconds} s.` : "Reconnecting.";
}

/** "2 messages wait here and go out then." */
export function waitingText(count: number): string {
  if (count === 0) return "What you write is kept.";
  return count === 1 ? "1 message waits and is sent then." : `${count} messages wait and are sent then.`;
}

/** Written so that the build finds the icon's name. */
interface Sign {
  icon: string;
}

export class Banner {
  readonly #element: HTMLElement;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #announcer: Announcer;
  #shown = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  readonly #text: HTMLElement;

  constructor(element: HTMLElement, connection: Connection, outbox: Outbox, announcer: Announcer) {
    this.#element = element;
    this.#connection = connection;
    this.#outbox = outbox;
    this.#announcer = announcer;
    this.#text = part(element, "[data-part=text]");
    connection.onState((state) => this.#changed(state));
    this.#changed(connection.state);
  }

  /** The page is older than the server: only loading it again helps. */
  outdated(): void {
    this.#final({ icon: "rotate-cw" }, "There is a new version of this page. What you write is kept.", "Reload");
  }

  #changed(state: ConnectionState): void {
    if (state === "online") return this.#online();
    if (state === "connecting" || state === "offline") return this.#lost();
    if (state === "signed_out") return this.#signedOut();
    if (state === "stopped") this.#final({ icon: "wifi-off" }, "This tab is no longer kept up to date: too many are open.", "Go on here");
  }

  #online(): void {
    this.#stop();
    if (!this.#shown) return;
    this.#draw({ icon: "wifi" }, "Back online", "good");
    this.#announcer.say("Back online");
    this.#timer = setTimeout(() => this.#hide(), BACK_MS);
  }

  #lost(): void {
    if (this.#shown && this.#tick !== undefined) return this.#count();
    if (this.#timer !== undefined && !this.#shown) return;
    this.#stop();
    this.#timer = setTimeout(() => {
      this.#draw({ icon: "wifi-off" }, "", "");
      this.#announcer.say("Connection lost. What you write is kept.");
      this.#tick = setInterval(() => this.#count(), 500);
      this.#count();
    }, PATIENCE_MS);
  }

  #count(): void {
    const { state, retryAt } = this.#connection;
    const text = `Connection lost. ${retryText(state, retryAt, Date.now())} ${waitingText(this.#outbox.waiting())}`;
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#button("retry-now", "Try now").hidden = state !== "offline";
  }

  #signedOut(): void {
    const count = this.#outbox.waiting();
    const kept = count === 0 ? "What you wrote is kept here." : `${count} message${count === 1 ? " is" : "s are"} kept here.`;
    const link = this.#button("sign-in-again") as HTMLAnchorElement;
    this.#final({ icon: "log-out" }, `You were signed out on this device. ${kept}`, "");
    link.href = `${link.pathname}?next=${encodeURIComponent(location.pathname)}`;
    link.hidden = false;
  }

  #final(sign: Sign, text: string, retry: string): void {
    this.#stop();
    this.#draw(sign, text, "");
    const alert = document.getElementById("alert");
    if (alert !== null) alert.textContent = text;
    if (retry !== "") this.#button("retry-now", retry).hidden = false;
  }

  #draw(sign: Sign, text: string, look: "" | "good"): void {
    this.#shown = true;
    this.#element.hidden = false;
    this.#element.classList.toggle("good", look === "good");
    part(this.#element, "[data-part=icon]").replaceChildren(icon(sign.icon));
    this.#text.textContent = text;
    this.#button("retry-now").hidden = true;
    this.#button("sign-in-again").hidden = true;
  }

  #button(name: string, label = ""): HTMLElement {
    const button = part(this.#element, `[data-do=${name}]`);
    if (label !== "") button.textContent = label;
    return button;
  }

  #hide(): void {
    this.#shown = false;
    this.#element.hidden = true;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#tick);
    this.#timer = this.#tick = undefined;
  }
}
