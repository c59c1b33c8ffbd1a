// Files of one place to write (a room, a thread) on their way to the server: queued, sent with progress, tried again.
// It lives as long as the tab, so that a look into another room does not break an upload. Used by uploads/part.ts.

import { ApiError, csrfToken, get, send } from "../../api";
import { uuid4 } from "../../dom";
import type { AttachmentView, UploadLimits, UploadList } from "../../protocol";
import { remember } from "../media/own";
import { sizeWords } from "../media/words";

export interface Upload {
  /** Made here: a repeat with the same id stores nothing twice. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly type: string;
  /** Null after a reload: then only what the server has is left. */
  readonly file: File | null;
  state: "waiting" | "running" | "done" | "failed" | "refused";
  /** Bytes that are there. */
  sent: number;
  /** Why it failed or was refused. */
  why: string;
  view: AttachmentView | null;
}

const AT_ONCE = 2;
const PICTURES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"]);
/** Codes after which the same file may still be taken. */
const AGAIN = new Set(["offline", "rate_limited", "internal", "storage_full", "quota_full", "muted", "read_only", "slow_mode"]);

const trays = new Map<string, Tray>();

/** The one tray of a place; it remembers what goes on while its room is not shown. */
export function trayOf(room: number, thread: string | null): Tray {
  const name = `${room} ${thread ?? ""}`;
  const tray = trays.get(name) ?? new Tray(room);
  trays.set(name, tray);
  return tray;
}

export class Tray {
  readonly #room: number;
  readonly #requests = new Map<string, XMLHttpRequest>();
  readonly #listeners = new Set<() => void>();
  #limits: UploadLimits | null = null;
  uploads: Upload[] = [];

  constructor(room: number) {
    this.#room = room;
  }

  get #path(): string {
    return `/api/rooms/${this.#room}/uploads/`;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get limits(): UploadLimits | null {
    return this.#limits;
  }

  running(): number {
    return this.uploads.filter((one) => one.state === "running" || one.state === "waiting").length;
  }

  done(): AttachmentView[] {
    return this.uploads.flatMap((one) => (one.view === null ? [] : [one.view]));
  }

  /** Takes files in; whatever the server would refuse is told before a byte is sent. */
  async add(files: readonly File[]): Promise<void> {
    await this.#ask();
    for (const file of files) {
      const why = this.#whyNot(file);
      const upload: Upload = {
        id: uuid4(),
        name: file.name === "" ? "file" : file.name,
        bytes: file.size,
        type: file.type,
        file,
        state: why === "" ? "waiting" : "refused",
        sent: 0,
        why,
        view: null,
      };
      this.uploads = [...this.uploads, upload];
    }
    this.#changed();
    this.#pump();
  }

  retry(id: string): void {
    const upload = this.#find(id);
    if (upload?.state !== "failed") return;
    Object.assign(upload, { state: "waiting", sent: 0, why: "" });
    this.#changed();
    this.#pump();
  }

  /** Cancels it, or takes it back. */
  remove(id: string): void {
    const upload = this.#find(id);
    this.uploads = this.uploads.filter((one) => one.id !== id);
    this.#requests.get(id)?.abort();
    // Also what was cancelled: its last byte may have been there already.
    if (upload !== undefined && upload.state !== "refused" && upload.state !== "waiting") {
      send("DELETE", `${this.#path}${id}/`).catch(() => undefined);
    }
    this.#changed();
    this.#pump();
  }

  /** A message took these along. */
  forgetDone(): void {
    this.uploads = this.uploads.filter((one) => one.view === null && one.state !== "refused");
    this.#changed();
  }

  /** What was there before a reload; whatever was sent or swept since is left out. */
  async restore(views: readonly AttachmentView[]): Promise<void> {
    const known = new Set(this.uploads.map((one) => one.id));
    for (const view of views.filter((one) => !known.has(one.id))) {
      remember(view);
      const { id, name, size_bytes: bytes } = view;
      this.uploads = [...this.uploads, { id, name, bytes, type: "", file: null, state: "done", sent: bytes, why: "", view }];
    }
    this.#changed();
    const list = await get<UploadList>(this.#path).catch(() => null);
    if (list === null) return;
    this.#limits = list.limits;
    const there = new Set(list.pending.map((one) => one.id));
    this.uploads = this.uploads.filter((one) => one.file !== null || there.has(one.id));
    this.#changed();
  }

  #find(id: string): Upload | undefined {
    return this.uploads.find((one) => one.id === id);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Limits as they are now; without an answer the server decides alone. */
  async #ask(): Promise<void> {
    this.#limits = (await get<UploadList>(this.#path).catch(() => null))?.limits ?? this.#limits;
  }

  #whyNot(file: File): string {
    const limits = this.#limits;
    if (file.size === 0) return "It is empty, or a folder";
    if (limits === null) return "";
    const most = PICTURES.has(file.type) ? limits.image_bytes : limits.file_bytes;
    if (file.size > most) return `${sizeWords(file.size)}, the limit is ${sizeWords(most)}`;
    const others = this.uploads.filter((one) => one.state !== "refused");
    if (others.length >= limits.per_message) return `A message has at most ${limits.per_message} files`;
    const queued = others.filter((one) => one.view === null).reduce((sum, one) => sum + one.bytes, 0);
    return file.size + queued > limits.left_bytes ? `No room: ${sizeWords(limits.left_bytes)} are left` : "";
  }

  #pump(): void {
    for (const upload of this.uploads) {
      if (this.#requests.size >= AT_ONCE) return;
      if (upload.state === "waiting" && upload.file !== null) this.#start(upload, upload.file);
    }
  }

  /** XMLHttpRequest: fetch tells nothing about how much has gone out. */
  #start(upload: Upload, file: File): void {
    const request = new XMLHttpRequest();
    this.#requests.set(upload.id, request);
    upload.state = "running";
    request.open("POST", `${this.#path}?${new URLSearchParams({ id: upload.id, name: upload.name }).toString()}`);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      upload.sent = event.loaded;
      this.#changed();
    };
    request.onload = () => this.#answered(upload, request);
    request.onerror = request.ontimeout = () => this.#failed(upload, new ApiError(0, "offline", ""));
    request.onabort = () => this.#over(upload);
    request.send(file);
    this.#changed();
  }

  #answered(upload: Upload, request: XMLHttpRequest): void {
    if (request.status < 200 || request.status > 299) {
      const told = (request.response ?? {}) as { code?: string; message?: string };
      return this.#failed(upload, new ApiError(request.status, told.code ?? "internal", told.message ?? `The server answered ${request.status}`));
    }
    const view = request.response as AttachmentView;
    remember(view);
    Object.assign(upload, { state: "done", sent: upload.bytes, view });
    this.#over(upload);
  }

  #failed(upload: Upload, error: ApiError): void {
    const again = AGAIN.has(error.code);
    upload.state = again ? "failed" : "refused";
    upload.why = error.status === 0 ? `Stopped at ${sizeWords(upload.sent)}` : error.message.replace(/\.$/, "");
    this.#over(upload);
  }

  #over(upload: Upload): void {
    this.#requests.delete(upload.id);
    this.#changed();
    this.#pump();
  }
}
