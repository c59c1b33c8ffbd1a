// Notices at the edge of the page: errors stay until they are closed, others go after 5 s, at most three at a time.
// Made once by app.ts. Time stands still for a notice that is pointed at or holds the focus.

import { clone, icon, part } from "../dom";
import type { Notice } from "./contract";

const SHOWN_MS = 5_000;
const MOST = 3;

export class Toasts {
  readonly #place: HTMLElement;

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  show(notice: Notice): void {
    const toast = this.#draw(notice);
    const close = () => this.#close(toast);
    part(toast, "[data-do=close-toast]").onclick = () => {
      close();
      notice.closed?.();
    };
    if (notice.kind !== "error" && notice.seconds !== 0) this.#expire(toast, close, notice.seconds === undefined ? SHOWN_MS : notice.seconds * 1000);
    // The same error again takes the place of the first.
    const { matter = "" } = notice;
    for (const other of this.#all()) {
      if (other.textContent === toast.textContent || (matter !== "" && (other as HTMLElement).dataset["matter"] === matter)) other.remove();
    }
    toast.dataset["matter"] = matter;
    this.#place.append(toast);
    this.#makeRoom();
  }

  #draw(notice: Notice): HTMLElement {
    const toast = clone("t-toast");
    const bad = notice.kind === "error";
    toast.classList.toggle("bad", bad);
    toast.setAttribute("role", bad ? "alert" : "status");
    part(toast, "[data-part=icon]").replaceChildren(bad ? icon("triangle-alert") : icon("info"));
    part(toast, "[data-part=title]").textContent = notice.title;
    const text = part(toast, "[data-part=text]");
    text.textContent = notice.text ?? "";
    text.hidden = notice.text === undefined || notice.text === "";
    const { act } = notice;
    if (act !== undefined) {
      const button = part<HTMLButtonElement>(toast, "[data-part=act]");
      button.hidden = false;
      button.textContent = act.label;
      button.onclick = () => {
        this.#close(toast);
        act.run();
        notice.closed?.();
      };
    }
    return toast;
  }

  /** Closes a notice after its time; pointing at it or focusing it starts the time anew. */
  #expire(toast: HTMLElement, close: () => void, shownMs: number): void {
    let timer = setTimeout(close, shownMs);
    const held = () => toast.matches(":hover, :focus-within");
    const hold = () => clearTimeout(timer);
    const release = () => {
      clearTimeout(timer);
      if (!held()) timer = setTimeout(close, shownMs);
    };
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, hold);
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => setTimeout(release));
  }

  #all(): Element[] {
    return [...this.#place.children];
  }

  #makeRoom(): void {
    const surplus = () => this.#all().length > MOST;
    for (const toast of this.#all()) if (surplus() && !toast.classList.contains("bad")) toast.remove();
    for (const toast of this.#all()) if (surplus()) toast.remove();
  }

  #close(toast: HTMLElement): void {
    const focused = toast.contains(document.activeElement);
    toast.remove();
    if (focused) document.getElementById("main")?.focus({ preventScroll: true });
  }
}
