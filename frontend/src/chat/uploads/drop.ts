// Files dragged over a place to write: the outline, and the drop. Used by uploads/part.ts.
// A drop beside it must not make the browser leave the page for the file.

import { clone, part } from "../../dom";
import type { UploadLimits } from "../../protocol";
import { sizeWords } from "../media/words";

const HIDE_MS = 100;

interface Options {
  /** Where the files would go, in words. */
  into(): string;
  take(files: readonly File[]): void;
  limits(): UploadLimits | null;
}

export class DropTarget {
  readonly #pane: HTMLElement;
  readonly #options: Options;
  readonly #zone = clone("t-dropzone");
  readonly #abort = new AbortController();
  #hiding: ReturnType<typeof setTimeout> | undefined;

  constructor(form: HTMLElement, options: Options) {
    this.#pane = form.closest<HTMLElement>("section") ?? form;
    this.#options = options;
    const { signal } = this.#abort;
    this.#pane.addEventListener("dragenter", (event) => this.#over(event), { signal });
    this.#pane.addEventListener("dragover", (event) => this.#over(event), { signal });
    this.#pane.addEventListener("dragleave", () => this.#leave(), { signal });
    this.#pane.addEventListener("drop", (event) => this.#dropped(event), { signal });
    for (const name of ["dragover", "drop"] as const) window.addEventListener(name, (event) => this.#beside(event), { signal });
  }

  dispose(): void {
    this.#abort.abort();
    this.#hide();
  }

  #over(event: DragEvent): void {
    const data = event.dataTransfer;
    if (data === null || !data.types.includes("Files")) return;
    event.preventDefault();
    data.dropEffect = "copy";
    clearTimeout(this.#hiding);
    if (this.#zone.isConnected) return;
    const count = [...data.items].filter((item) => item.kind === "file").length;
    const what = count > 1 ? `${count} files` : "the file";
    part(this.#zone, "[data-part=title]").textContent = `Drop ${what} into ${this.#options.into()}`;
    const limits = this.#options.limits();
    const most = limits === null ? "" : `Up to ${limits.per_message} files, ${sizeWords(limits.file_bytes)} each. `;
    part(this.#zone, "[data-part=text]").textContent = `${most}Nothing is sent before you press Send.`;
    this.#pane.classList.add("dropping");
    this.#pane.append(this.#zone);
  }

  /** Between two elements of the pane it leaves one and enters the other. */
  #leave(): void {
    clearTimeout(this.#hiding);
    this.#hiding = setTimeout(() => this.#hide(), HIDE_MS);
  }

  #hide(): void {
    clearTimeout(this.#hiding);
    this.#pane.classList.remove("dropping");
    this.#zone.remove();
  }

  #dropped(event: DragEvent): void {
    const files = [...(event.dataTransfer?.files ?? [])];
    this.#hide();
    if (files.length === 0) return;
    event.preventDefault();
    this.#options.take(files);
  }

  #beside(event: DragEvent): void {
    if (event.defaultPrevented || event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  }
}
