// The files under a message: pictures in a grid, sound and film to play, everything else to save. Fetched with later.ts.
// Called by the room and by a thread for each row that has some; a row that is drawn again keeps what plays in it.

import { clone, el, icon, part } from "../../dom";
import type { AttachmentView, MessageView, RoomView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { openLightbox } from "./lightbox";
import { makePlayer, playAlone } from "./player";
import { fileIcon, sizeWords, spokenLength } from "./words";

/** A picture alone is shown as large as this, in its own shape. */
const ALONE = { width: 470, height: 360 };
const IN_GRID = 5;

export interface FilesContext {
  shell: Shell;
  room: RoomView | null;
  message: MessageView;
}

/** Keeps the files of a message in this place of its row. */
export function drawFiles(place: HTMLElement, context: FilesContext): void {
  const files = context.message.attachments;
  // Another tab of the sender shows a waiting message without knowing more of its files than their ids.
  const key = files.map((file) => `${file.id}${file.blocked ? "-" : ""}${file.content_type === "" ? "?" : ""}`).join(" ");
  if (place.dataset["files"] === key) return;
  place.dataset["files"] = key;
  place.hidden = files.length === 0;
  const live = files.filter((file) => !file.blocked);
  const pictures = live.filter((file) => file.kind === "image");
  const films = live.filter((file) => file.kind === "video").map(film);
  const sounds = live.filter((file) => file.kind === "audio").map((file) => makePlayer({ ...context, file }));
  const others = [...live.filter((file) => file.kind === "file").map(card), ...files.filter((file) => file.blocked).map(gone)];
  const list = el("div", "files-list");
  list.append(...others);
  const parts = pictures.length > 0 ? [grid(pictures, context)] : [];
  place.replaceChildren(...parts, ...films, ...sounds, ...(others.length > 0 ? [list] : []));
}

function grid(pictures: AttachmentView[], context: FilesContext): HTMLElement {
  const box = el("div", "shots");
  const shown = pictures.slice(0, IN_GRID);
  box.dataset["count"] = String(shown.length);
  shown.forEach((picture, index) => box.append(shot(picture, index, pictures)));
  box.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a") : null;
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    openLightbox({ ...context, pictures, at: [...box.children].indexOf(link), opener: link });
  });
  return box;
}

function shot(picture: AttachmentView, index: number, all: AttachmentView[]): HTMLAnchorElement {
  const surplus = all.length - IN_GRID;
  const last = surplus > 0 && index === IN_GRID - 1;
  const place = all.length > 1 ? `, ${index + 1} of ${all.length}` : "";
  const name = last ? `Open all ${all.length} pictures` : `Open ${picture.name}${place}`;
  const link = el("a", "", null, { href: picture.url, "aria-label": name });
  const image = el("img", "", null, { alt: picture.name, loading: "lazy", decoding: "async", draggable: "false" });
  const { width, height } = picture;
  if (width !== null && height !== null) {
    image.width = width;
    image.height = height;
    if (all.length === 1) {
      const scale = Math.min(1, ALONE.width / width, ALONE.height / height);
      link.style.width = `${Math.max(48, Math.round(width * scale))}px`;
      link.style.aspectRatio = `${width} / ${height}`;
    }
  }
  image.addEventListener("error", () => link.classList.add("lost"));
  image.src = picture.thumbnail ?? picture.url;
  link.append(image);
  if (last) link.append(el("span", "over", `+${surplus + 1}`, { "aria-hidden": "true" }));
  return link;
}

/** The browser's own controls: they know captions, full screen and picture in picture. */
function film(file: AttachmentView): HTMLElement {
  const box = el("div", "video", null, { role: "group", "aria-label": `Video, ${file.name}${spokenLength(file.duration_ms)}` });
  const video = el("video", "", null, { controls: true, preload: "none", playsinline: true, "aria-label": file.name });
  video.src = file.url;
  playAlone(video);
  const foot = el("p", "foot");
  foot.append(el("b", "", file.name, { dir: "auto" }), el("span", "", sizeWords(file.size_bytes)), download(file));
  box.append(video, foot);
  return box;
}

function download(file: AttachmentView): HTMLAnchorElement {
  const link = el("a", "btn quiet small icon-only", null, { href: file.url, download: file.name, "aria-label": `Download ${file.name}` });
  link.append(icon("download"));
  return link;
}

function card(file: AttachmentView): HTMLElement {
  const box = el("div", "attach");
  const thumb = el("span", "thumb");
  thumb.append(fileIcon(file));
  thumb.classList.toggle("plain", file.content_type !== "text/plain");
  const about = el("span", "what");
  about.append(el("strong", "", file.name, { dir: "auto", title: file.name }), el("small", "", sizeWords(file.size_bytes)));
  box.append(thumb, about, download(file));
  return box;
}

function gone(): HTMLElement {
  const box = clone("t-file-gone");
  part(box, "[data-part=text]").textContent = "A moderator took this file away.";
  return box;
}
