// The sound that plays, when its player is not to be seen: a small bar above the composer, in every room and page.
// Used by player.ts. It owns the sound as long as it plays; a player of the same file that is drawn later takes it over.

import { el, icon } from "../../dom";
import type { AttachmentView, MessageView, RoomView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { PHONE } from "../../shell/rail";
import { permalink } from "../row";
import { clockWords } from "./words";

export interface Source {
  file: AttachmentView;
  shell: Shell;
  room: RoomView | null;
  message: MessageView;
}

class NowPlaying {
  readonly #source: Source;
  readonly #audio: HTMLAudioElement;
  readonly #bar = el("section", "nowplaying", null, { "aria-label": "Now playing" });
  readonly #go = el("button", "go", null, { type: "button" });
  readonly #time = el("span", "num");
  readonly #abort = new AbortController();
  readonly #seen = new IntersectionObserver((entries) => this.#saw(entries));
  readonly #views: MutationObserver;
  readonly #stop: () => void;
  #player: HTMLElement | null = null;

  constructor(source: Source, audio: HTMLAudioElement) {
    this.#source = source;
    this.#audio = audio;
    this.#draw();
    const { signal } = this.#abort;
    for (const name of ["play", "pause", "timeupdate", "durationchange"]) audio.addEventListener(name, () => this.#update(), { signal });
    audio.addEventListener("ended", () => this.end(), { signal });
    audio.addEventListener("error", () => this.end(), { signal });
    // Another room or page has another place for the bar.
    this.#views = new MutationObserver(() => this.#place());
    const main = document.getElementById("main");
    if (main !== null) this.#views.observe(main, { childList: true, subtree: true });
    this.#views.observe(document.body, { attributes: true, attributeFilter: ["data-view"] });
    const { file, message, shell } = source;
    this.#stop = shell.session.connection.onEvent((event) => {
      const deleted = event.type === "message.deleted" && event.data.id === message.id;
      const blocked = event.type === "attachment.blocked" && event.data.attachment === file.id;
      const shut = event.type === "room.removed" && event.data.room === message.room;
      if (deleted || blocked || shut) this.end();
    });
  }

  get file(): string {
    return this.#source.file.id;
  }

  get audio(): HTMLAudioElement {
    return this.#audio;
  }

  /** While this player is in sight there is no bar. */
  follow(player: HTMLElement): void {
    if (this.#player !== null) this.#seen.unobserve(this.#player);
    this.#player = player;
    this.#seen.observe(player);
  }

  end(): void {
    const focused = this.#bar.contains(document.activeElement);
    this.#audio.pause();
    this.#abort.abort();
    this.#views.disconnect();
    this.#seen.disconnect();
    this.#stop();
    this.#bar.remove();
    if (current === this) current = null;
    if (focused) document.getElementById("main")?.focus({ preventScroll: true });
  }

  #draw(): void {
    const { file, room, message, shell } = this.#source;
    const name = el("b", "", file.name, { dir: "auto" });
    const title = room === null ? name : el("a", "", null, { href: permalink(room, message.id), "aria-label": `${file.name}, show in #${room.name}` });
    if (title !== name) title.append(name);
    const close = el("button", "btn quiet small icon-only", null, { type: "button", "aria-label": `Stop ${file.name}` });
    close.append(icon("x"));
    close.addEventListener("click", () => this.end());
    this.#go.addEventListener("click", () => {
      if (!this.#audio.paused) this.#audio.pause();
      else this.#audio.play().catch((error: unknown) => shell.fail("The sound cannot be played", error));
    });
    this.#bar.append(this.#go, title, this.#time, close);
    this.#update();
  }

  #update(): void {
    const { paused, currentTime, duration } = this.#audio;
    const state = paused ? "Play" : "Pause";
    // Drawn anew only when it changes: a press that is under way keeps its button.
    if (this.#go.dataset["state"] !== state) this.#go.replaceChildren(icon(paused ? "play" : "pause"));
    this.#go.dataset["state"] = state;
    this.#go.setAttribute("aria-label", `${state} ${this.#source.file.name}`);
    this.#time.textContent = Number.isFinite(duration) ? `${clockWords(currentTime)} / ${clockWords(duration)}` : clockWords(currentTime);
  }

  #saw(entries: readonly IntersectionObserverEntry[]): void {
    const last = entries[entries.length - 1];
    if (last === undefined) return;
    this.#bar.hidden = last.isIntersecting;
    this.#place();
  }

  #place(): void {
    const hidden = this.#player?.isConnected === true && this.#bar.hidden;
    this.#bar.hidden = hidden;
    if (hidden) return this.#bar.remove();
    // A phone shows the list of rooms in place of the stage.
    const rooms = PHONE.matches && document.body.dataset["view"] === "rooms";
    const composer = rooms ? null : document.querySelector(".chat .below > [data-part=composer]");
    const place = document.getElementById(rooms ? "rail" : "main");
    if (composer !== null) {
      if (composer.previousElementSibling !== this.#bar) composer.before(this.#bar);
    } else if (place !== null && place.lastElementChild !== this.#bar) place.append(this.#bar);
  }
}

let current: NowPlaying | null = null;

/** The sound of this file if it is the one that plays or rests in the bar. */
export function playingSound(file: string): HTMLAudioElement | null {
  return current?.file === file ? current.audio : null;
}

/** This player shows what plays; called when it begins, and when it is drawn for a sound that goes on. */
export function nowPlaying(source: Source, audio: HTMLAudioElement, player: HTMLElement): void {
  if (current?.audio !== audio) {
    current?.end();
    current = new NowPlaying(source, audio);
  }
  current.follow(player);
}

/** Something else is played: the bar goes. */
export function playingEnds(): void {
  current?.end();
}
