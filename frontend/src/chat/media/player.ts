// A sound under a message: play, seek, speed, save. Of all sounds and films of the page one plays at a time.
// Made by files.ts for each audio file; nothing is fetched before somebody presses Play.

import { clone, icon, part } from "../../dom";
import type { AttachmentView } from "../../protocol";
import { nowPlaying, playingEnds, playingSound, type Source } from "./now_playing";
import { clockWords, spokenLength } from "./words";

const SEEK_SECONDS = 5;
const SPEEDS = [1, 1.25, 1.5, 2] as const;

let playing: HTMLMediaElement | null = null;

/** Whatever else plays stops when this begins. */
export function playAlone(media: HTMLMediaElement): void {
  media.addEventListener("play", () => {
    if (playing !== null && playing !== media) playing.pause();
    playing = media;
    if (media instanceof HTMLVideoElement) playingEnds();
  });
}

export function makePlayer(source: Source): HTMLElement {
  return new Player(source).element;
}

class Player {
  readonly element = clone("t-audio");
  readonly #file: AttachmentView;
  readonly #source: Source;
  readonly #audio: HTMLAudioElement;
  readonly #go: HTMLButtonElement;
  readonly #seek: HTMLInputElement;
  readonly #speed: HTMLButtonElement;

  constructor(source: Source) {
    const { file } = source;
    const goesOn = playingSound(file.id);
    this.#file = file;
    this.#source = source;
    this.#audio = goesOn ?? new Audio();
    this.#go = part(this.element, "[data-part=go]");
    this.#seek = part(this.element, "[data-part=seek]");
    this.#speed = part(this.element, "[data-part=speed]");
    this.element.setAttribute("aria-label", `Audio, ${file.name}${spokenLength(file.duration_ms)}`);
    part(this.element, "[data-part=name]").textContent = file.name;
    this.#seek.setAttribute("aria-label", `Position in ${file.name}`);
    const save = part<HTMLAnchorElement>(this.element, "[data-part=save]");
    save.href = file.url;
    save.download = file.name;
    save.setAttribute("aria-label", `Download ${file.name}`);
    if (goesOn === null) {
      this.#audio.preload = "none";
      this.#audio.src = file.url;
      playAlone(this.#audio);
    } else nowPlaying(source, goesOn, this.element);
    this.#listen();
    this.#draw();
  }

  #listen(): void {
    for (const name of ["play", "pause", "timeupdate", "durationchange", "ended", "ratechange"]) {
      this.#audio.addEventListener(name, () => this.#draw());
    }
    this.#audio.addEventListener("error", () => this.#failed());
    this.#audio.addEventListener("play", () => this.element.isConnected && nowPlaying(this.#source, this.#audio, this.element));
    this.#go.addEventListener("click", () => this.#toggle());
    this.#speed.addEventListener("click", () => this.#faster());
    this.#seek.addEventListener("input", () => (this.#audio.currentTime = Number(this.#seek.value)));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get #length(): number {
    const { duration } = this.#audio;
    return Number.isFinite(duration) ? duration : (this.#file.duration_ms ?? 0) / 1_000;
  }

  #toggle(): void {
    if (this.#audio.paused) this.#audio.play().catch(() => this.#failed());
    else this.#audio.pause();
  }

  #faster(): void {
    const next = SPEEDS[(SPEEDS.indexOf(this.#audio.playbackRate as (typeof SPEEDS)[number]) + 1) % SPEEDS.length] ?? 1;
    this.#audio.playbackRate = next;
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLAnchorElement) return;
    const steps: Record<string, number> = { ArrowLeft: -SEEK_SECONDS, ArrowRight: SEEK_SECONDS };
    const step = steps[event.key];
    if (step !== undefined) this.#audio.currentTime = Math.min(this.#length, Math.max(0, this.#audio.currentTime + step));
    else if (event.key === "m" || event.key === "M") this.#audio.muted = !this.#audio.muted;
    else if (event.key === " " && event.target === this.#seek) this.#toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #draw(): void {
    const { paused, currentTime, playbackRate } = this.#audio;
    const length = this.#length;
    this.#go.replaceChildren(paused ? icon("play") : icon("pause"));
    this.#go.setAttribute("aria-label", `${paused ? "Play" : "Pause"} ${this.#file.name}`);
    this.#seek.max = String(length);
    this.#seek.value = String(currentTime);
    this.#seek.setAttribute("aria-valuetext", `${clockWords(currentTime)} of ${clockWords(length)}`);
    this.#seek.style.setProperty("--played", length > 0 ? `${(100 * currentTime) / length}%` : "0%");
    part(this.element, "[data-part=time]").textContent = length > 0 ? `${clockWords(currentTime)} / ${clockWords(length)}` : clockWords(currentTime);
    this.#speed.textContent = `${playbackRate}×`;
    this.#speed.setAttribute("aria-label", `Speed, now ${playbackRate}×`);
  }

  #failed(): void {
    part(this.element, "[data-part=time]").textContent = "cannot be played here";
  }
}
