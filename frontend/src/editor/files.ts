// Files that are to become documents: whether they are text, and dropping them onto the pane.
// Used by the pane and the dialog of a new document. What is no text is refused politely, before it travels.

import { ApiError } from "../api";

const FILE_BYTES = 3 * 1_048_576;

/** The text of a file; rejects in words for a person when it is none, or too long. */
export async function readText(file: File): Promise<string> {
  if (file.size > FILE_BYTES) throw new ApiError(0, "too_large", `${file.name} is too long: a document holds 1 MB of text.`, "file");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    if (!text.includes("\0")) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new ApiError(0, "invalid", `${file.name} is not text in UTF-8, so it cannot be edited here.`, "file");
}

export interface DropHooks {
  mayDrop(): boolean;
  /** Files hang over the pane; 0: not any more. */
  over(count: number): void;
  drop(files: readonly File[]): void;
}

/** Files dropped anywhere on the element. Text that is dragged within the editor passes untouched. */
export function listenForFiles(element: HTMLElement, hooks: DropHooks): void {
  const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
  let depth = 0;
  const leave = () => {
    depth = 0;
    hooks.over(0);
  };
  element.addEventListener("dragenter", (event) => {
    if (!carries(event) || !hooks.mayDrop()) return;
    depth += 1;
    hooks.over(Math.max(1, [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === "file").length));
  }, true);
  element.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = hooks.mayDrop() ? "copy" : "none";
  }, true);
  element.addEventListener("dragleave", (event) => carries(event) && (depth -= 1) <= 0 && leave(), true);
  element.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    event.stopPropagation();
    leave();
    if (hooks.mayDrop()) hooks.drop([...(event.dataTransfer?.files ?? [])]);
  }, true);
}
