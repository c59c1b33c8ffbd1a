// The composer's files: button, drop, paste, a chip for each with progress, and what message.send gets of them.
// A part of every composer (see composer_parts.ts); the uploads themselves go on in the tray.

import { clone, el, icon, part } from "../../dom";
import { roomLabel } from "../../people";
import type { AttachmentView } from "../../protocol";
import type { ComposerPart, Desk } from "../composer_parts";
import { fileIcon, sizeWords } from "../media/words";
import { DropTarget } from "./drop";
import { trayOf, type Tray, type Upload } from "./tray";

export class UploadsPart implements ComposerPart {
  readonly name = "uploads";
  readonly #desk: Desk;
  readonly #tray: Tray;
  readonly #box = el("ul", "uploads", null, { "aria-label": "Files of this message", hidden: true });
  readonly #input = el("input", "", null, { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  readonly #drop: DropTarget;
  readonly #stop: () => void;
  readonly #abort = new AbortController();
  #told = new Map<string, string>();
  #done = "";

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#tray = trayOf(desk.room, desk.thread);
    desk.field.before(this.#box, this.#input);
    const { signal } = this.#abort;
    this.#input.addEventListener("change", () => this.#chosen(), { signal });
    desk.field.addEventListener("paste", (event) => this.#pasted(event), { signal });
    this.#box.addEventListener("click", (event) => this.#pressed(event), { signal });
    this.#drop = new DropTarget(desk.form, { into: () => this.#place(), take: (files) => this.#add(files), limits: () => this.#tray.limits });
    this.#stop = this.#tray.subscribe(() => this.#changed());
    this.#draw();
  }

  clicked(name: string): boolean {
    if (name !== "attach-files") return false;
    this.#input.click();
    return true;
  }

  holds(): boolean {
    return this.#tray.done().length > 0 || this.#tray.running() > 0;
  }

  waits(): string {
    const count = this.#tray.running();
    return count === 0 ? "" : `Sending when ${count} ${count === 1 ? "upload is" : "uploads are"} done.`;
  }

  adds(): { attachments?: string[] } {
    const done = this.#tray.done();
    return done.length === 0 ? {} : { attachments: done.map((file) => file.id) };
  }

  sent(): void {
    this.#tray.forgetDone();
  }

  keeps(): AttachmentView[] | undefined {
    const done = this.#tray.done();
    return done.length === 0 ? undefined : done;
  }

  restores(kept: unknown): void {
    if (Array.isArray(kept)) void this.#tray.restore(kept as AttachmentView[]);
  }

  dispose(): void {
    this.#stop();
    this.#abort.abort();
    this.#drop.dispose();
    this.#box.remove();
    this.#input.remove();
  }

  #place(): string {
    if (this.#desk.thread !== null) return "the thread";
    const state = this.#desk.state();
    if (state === null) return "the room";
    const people = this.#desk.shell.session.home.get().rooms.find((one) => one.room.id === state.room.id)?.people ?? [];
    return roomLabel(state.room, people);
  }

  #chosen(): void {
    this.#add([...(this.#input.files ?? [])]);
    this.#input.value = "";
  }

  /** A spreadsheet gives its cells as a picture as well: then the text is meant. */
  #pasted(event: ClipboardEvent): void {
    const data = event.clipboardData;
    if (data === null || data.files.length === 0 || data.types.includes("text/plain")) return;
    event.preventDefault();
    this.#add([...data.files].map((file) => named(file)));
  }

  #add(files: readonly File[]): void {
    if (files.length === 0) return;
    this.#desk.problem("");
    this.#desk.field.focus({ preventScroll: true });
    void this.#tray.add(files);
  }

  #pressed(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-upload]") : null;
    const id = button?.closest<HTMLElement>("li")?.dataset["id"];
    if (button === null || id === undefined) return;
    if (button.dataset["upload"] === "retry") this.#tray.retry(id);
    else this.#tray.remove(id);
    this.#desk.field.focus({ preventScroll: true });
  }

  #changed(): void {
    this.#draw();
    const done = this.#tray.done().map((file) => file.id).join();
    // Progress alone changes nothing that has to outlive a reload.
    if (done !== this.#done) this.#desk.keep();
    this.#done = done;
    this.#desk.resume();
  }

  // Drawing

  #draw(): void {
    const { uploads } = this.#tray;
    this.#box.hidden = uploads.length === 0;
    const rows = new Map([...this.#box.children].map((row) => [(row as HTMLElement).dataset["id"], row as HTMLElement]));
    const drawn = uploads.map((upload) => this.#chip(upload, rows.get(upload.id) ?? null));
    if (drawn.length !== this.#box.children.length || drawn.some((row, index) => this.#box.children[index] !== row)) this.#box.replaceChildren(...drawn);
    this.#tell(uploads);
  }

  #chip(upload: Upload, known: HTMLElement | null): HTMLElement {
    const row = known?.dataset["state"] === upload.state ? known : this.#newChip(upload);
    if (upload.state === "running" || upload.state === "waiting") {
      const percent = upload.bytes === 0 ? 0 : Math.floor((100 * Math.min(upload.sent, upload.bytes)) / upload.bytes);
      part<HTMLProgressElement>(row, "progress").value = percent;
      part(row, "[data-part=percent]").textContent = percent === 100 ? "Checking" : `${percent} %`;
    }
    return row;
  }

  #newChip(upload: Upload): HTMLElement {
    const row = clone("t-upload");
    const { id, name, state } = upload;
    row.dataset["id"] = id;
    row.dataset["state"] = state;
    const bad = state === "failed" || state === "refused";
    const running = state === "running" || state === "waiting";
    row.classList.toggle("done", state === "done");
    row.classList.toggle("bad", bad);
    part(row, "[data-part=icon]").replaceChildren(bad ? icon("circle-alert") : state === "done" ? icon("circle-check") : fileIcon(guess(upload)));
    const title = part(row, "[data-part=name]");
    title.textContent = upload.view?.name ?? name;
    title.title = title.textContent;
    const progress = part<HTMLProgressElement>(row, "progress");
    progress.hidden = part(row, "[data-part=percent]").hidden = !running;
    progress.setAttribute("aria-label", `Uploading ${name}`);
    const detail = part(row, "[data-part=detail]");
    detail.hidden = running;
    if (!running) detail.textContent = bad ? upload.why : `${sizeWords(upload.view?.size_bytes ?? upload.bytes)} · ${readyWords(upload)}`;
    const retry = part(row, "[data-upload=retry]");
    retry.hidden = state !== "failed";
    retry.setAttribute("aria-label", `Retry ${name}`);
    part(row, "[data-upload=remove]").setAttribute("aria-label", `${running ? "Cancel" : "Remove"} ${name}`);
    return row;
  }

  /** What happened to a file is said once; progress is not. */
  #tell(uploads: readonly Upload[]): void {
    const now = new Map(uploads.map((one) => [one.id, one.state as string]));
    for (const upload of uploads) {
      if (this.#told.get(upload.id) === upload.state) continue;
      if (upload.state === "done" && this.#told.has(upload.id)) this.#desk.shell.announce(`${upload.name} is ready`);
      if (upload.state === "failed" || upload.state === "refused") this.#desk.shell.announce(`${upload.name} was not uploaded: ${upload.why}`);
    }
    this.#told = now;
  }
}

const PICTURE = /\.(jpe?g|png|gif|webp|avif|heic|heif|tiff?|bmp|svg)$/i;

/** A picture that browsers do not show, or that is none inside, goes as a file: that is told before it is sent. */
function readyWords(upload: Upload): string {
  const called = upload.type.startsWith("image/") || PICTURE.test(upload.name);
  return called && upload.view !== null && upload.view.kind !== "image" ? "ready, sent as a file" : "ready";
}

/** What a file probably is, before the server has looked at its bytes. */
function guess(upload: Upload): { kind: string; content_type: string; name: string } {
  const kind = upload.type.split("/", 1)[0] ?? "";
  return { kind: ["image", "audio", "video"].includes(kind) ? kind : "file", content_type: upload.type, name: upload.name };
}

/** Pasted pictures are all called image.png. */
function named(file: File): File {
  if (file.name !== "image.png") return file;
  const now = new Date();
  const stamp = [now.getFullYear(), now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds()];
  const [year, ...rest] = stamp.map((number) => String(number).padStart(2, "0"));
  const [month, day, hour, minute, second] = rest;
  return new File([file], `Pasted ${year}-${month}-${day} ${hour}.${minute}.${second}.png`, { type: file.type });
}
