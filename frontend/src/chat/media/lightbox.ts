// One picture of a message full screen: the others beside it, zoom, save, and back to where it stands in the room.
// Opened by files.ts. Always dark, whatever the page's theme is; Esc closes to the thumbnail that was pressed.

import { clone, el, part } from "../../dom";
import { avatar, roomLabel } from "../../people";
import type { AttachmentView, MessageView, RoomView } from "../../protocol";
import { excerpt } from "../../reducers/messages";
import type { Shell } from "../../shell/contract";
import { fullTime } from "../../time";
import { withoutMarks } from "../../words";
import { permalink } from "../row";
import { sizeWords } from "./words";

/** Shares of a picture's own size between which + and - step; beyond them it fits the window. */
const ZOOMS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];
const SWIPE_PX = 60;

interface Request {
  shell: Shell;
  room: RoomView | null;
  message: MessageView;
  pictures: AttachmentView[];
  at: number;
  opener: HTMLElement;
}

export function openLightbox(request: Request): void {
  new Lightbox(request).open();
}

class Lightbox {
  readonly #request: Request;
  readonly #box = clone<HTMLDialogElement>("t-lightbox");
  readonly #image: HTMLImageElement;
  readonly #stage: HTMLElement;
  #at: number;
  /** null: it fits the window. */
  #zoom: number | null = null;

  constructor(request: Request) {
    this.#request = request;
    this.#at = request.at;
    this.#image = part(this.#box, "[data-part=image]");
    this.#stage = part(this.#box, "[data-part=stage]");
    this.#drawOnce();
    this.#listen();
  }

  open(): void {
    document.body.append(this.#box);
    this.#box.addEventListener("close", () => {
      this.#box.remove();
      if (this.#request.opener.isConnected) this.#request.opener.focus({ preventScroll: true });
    });
    this.#box.showModal();
    this.#show(this.#at);
  }

  get #picture(): AttachmentView {
    return this.#request.pictures[this.#at] as AttachmentView;
  }

  #drawOnce(): void {
    const { pictures, message, shell } = this.#request;
    const author = shell.session.people.get(message.author);
    part(this.#box, "[data-part=avatar]").replaceChildren(avatar(author, "s"));
    const strip = part(this.#box, "[data-part=strip]");
    strip.hidden = pictures.length < 2;
    pictures.forEach((picture, index) => {
      const button = el("button", "", null, { type: "button", "aria-label": `Picture ${index + 1}, ${picture.name}` });
      const small = el("img", "", null, { alt: "", decoding: "async" });
      small.src = picture.thumbnail ?? picture.url;
      button.append(small);
      button.addEventListener("click", () => this.#show(index));
      strip.append(button);
    });
    for (const name of ["previous", "next"]) part(this.#box, `[data-do=${name}]`).hidden = pictures.length < 2;
    part(this.#box, "[data-do=reveal]").hidden = this.#request.room === null || message.html === "" && message.body !== "";
  }

  #listen(): void {
    const acts: Record<string, () => void> = {
      close: () => this.#box.close(),
      previous: () => this.#step(-1),
      next: () => this.#step(1),
      "zoom-in": () => this.#zoomBy(1),
      "zoom-out": () => this.#zoomBy(-1),
      fit: () => this.#zoomTo(null),
      reveal: () => this.#reveal(),
    };
    this.#box.addEventListener("click", (event) => {
      const name = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]")?.dataset["do"] : undefined;
      if (name !== undefined) acts[name]?.();
      else if (event.target === this.#stage) this.#box.close();
    });
    this.#box.addEventListener("keydown", (event) => this.#pressed(event));
    this.#image.addEventListener("load", () => this.#drawZoom());
    this.#image.addEventListener("error", () => this.#box.classList.add("lost"));
    this.#image.addEventListener("dblclick", () => this.#zoomTo(this.#zoom === null ? 1 : null));
    this.#swipes();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.#request.pictures.length - 1;
    const keys: Record<string, () => void> = {
      ArrowLeft: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      Home: () => this.#show(0),
      End: () => this.#show(last),
      "+": () => this.#zoomBy(1),
      "=": () => this.#zoomBy(1),
      "-": () => this.#zoomBy(-1),
      "0": () => this.#zoomTo(null),
    };
    const act = keys[event.key];
    // The page's own keys must not act behind a modal dialog.
    event.stopPropagation();
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  /** A finger that moves sideways turns the page; while the picture is enlarged it moves the picture. */
  #swipes(): void {
    let from: { x: number; y: number } | null = null;
    this.#stage.addEventListener("pointerdown", (event) => (from = event.pointerType === "mouse" || this.#zoom !== null ? null : { x: event.clientX, y: event.clientY }));
    this.#stage.addEventListener("pointercancel", () => (from = null));
    this.#stage.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      from = null;
      if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) this.#step(x < 0 ? 1 : -1);
    });
  }

  #step(by: 1 | -1): void {
    const count = this.#request.pictures.length;
    this.#show((this.#at + by + count) % count);
  }

  #show(index: number): void {
    const { pictures, message, shell, room } = this.#request;
    this.#at = index;
    const picture = this.#picture;
    const place = pictures.length > 1 ? `${index + 1} of ${pictures.length}` : "";
    this.#box.setAttribute("aria-label", `${picture.name}, picture ${index + 1} of ${pictures.length}`);
    this.#box.classList.remove("lost");
    part(this.#box, "[data-part=name]").textContent = picture.name;
    const others = shell.session.home.get().rooms.find((one) => one.room.id === message.room)?.people ?? [];
    const where = room === null ? "" : ` in ${roomLabel(room, others)}`;
    const size = picture.width === null ? "" : `${picture.width.toLocaleString("en")} × ${(picture.height ?? 0).toLocaleString("en")} · `;
    part(this.#box, "[data-part=facts]").textContent = `${shell.session.people.name(message.author)}${where}, ${fullTime(message.created_at)} · ${size}${sizeWords(picture.size_bytes)}`;
    const short = excerpt(message.body);
    const whole = short.length === message.body.replace(/\s+/gu, " ").trim().length;
    const said = withoutMarks(short) + (whole ? "" : "…");
    part(this.#box, "[data-part=caption]").textContent = [place, said === "" ? "" : `“${said}”`].filter((text) => text !== "").join(" · ");
    const save = part<HTMLAnchorElement>(this.#box, "[data-part=save]");
    save.href = picture.url;
    save.download = picture.name;
    this.#image.alt = picture.name;
    this.#image.src = picture.url;
    [...part(this.#box, "[data-part=strip]").children].forEach((one, at) => {
      if (at === index) {
        one.setAttribute("aria-current", "true");
        one.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else one.removeAttribute("aria-current");
    });
    this.#zoomTo(null);
    for (const by of [1, -1]) this.#ahead((index + by + pictures.length) % pictures.length);
  }

  /** Neighbours are there when one turns to them. */
  #ahead(index: number): void {
    const picture = this.#request.pictures[index];
    if (picture !== undefined && index !== this.#at) new Image().src = picture.url;
  }

  /** What share of its own size it is shown at when it fits. */
  get #fitting(): number {
    const { naturalWidth, naturalHeight } = this.#image;
    if (naturalWidth === 0) return 1;
    return Math.min(1, this.#stage.clientWidth / naturalWidth, this.#stage.clientHeight / naturalHeight);
  }

  #zoomBy(step: 1 | -1): void {
    const now = this.#zoom ?? this.#fitting;
    const next = step === 1 ? ZOOMS.find((zoom) => zoom > now * 1.01) : [...ZOOMS].reverse().find((zoom) => zoom < now * 0.99);
    if (next === undefined) return;
    this.#zoomTo(step === -1 && next <= this.#fitting ? null : next);
  }

  #zoomTo(zoom: number | null): void {
    this.#zoom = zoom;
    this.#drawZoom();
  }

  #drawZoom(): void {
    const { naturalWidth } = this.#image;
    this.#stage.classList.toggle("zoomed", this.#zoom !== null);
    this.#image.style.width = this.#zoom === null || naturalWidth === 0 ? "" : `${Math.round(naturalWidth * this.#zoom)}px`;
    part(this.#box, "[data-part=zoom]").textContent = this.#zoom === null ? "Fit" : `${Math.round(this.#zoom * 100)} %`;
    this.#stage.scrollTo({ left: (this.#stage.scrollWidth - this.#stage.clientWidth) / 2, top: (this.#stage.scrollHeight - this.#stage.clientHeight) / 2 });
  }

  #reveal(): void {
    const { room, message, shell } = this.#request;
    this.#box.close();
    if (room !== null) shell.navigate(permalink(room, message.id));
  }
}
