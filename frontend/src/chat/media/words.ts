// How files are called: sizes and lengths in words, kinds by icon. Used by uploads and by what shows files in messages.

import { icon } from "../../dom";
import type { AttachmentView } from "../../protocol";

/** "184 KB", "8.2 MB"; in thousands, as files are sold. */
export function sizeWords(bytes: number): string {
  if (bytes < 1_000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const [unit, name] = bytes < 999_500 ? [1_000, "KB"] : bytes < 999_500_000 ? [1_000_000, "MB"] : [1_000_000_000, "GB"];
  const value = bytes / unit;
  return `${value < 9.95 && name !== "KB" ? value.toFixed(1) : Math.round(value)} ${name}`;
}

/** "1:48" on a clock. */
export function clockWords(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** "1 minute 48", for a screen reader. */
export function spokenLength(ms: number | null): string {
  if (ms === null) return "";
  const whole = Math.round(ms / 1_000);
  const [minutes, seconds] = [Math.floor(whole / 60), whole % 60];
  if (minutes === 0) return `, ${seconds} ${seconds === 1 ? "second" : "seconds"}`;
  return `, ${minutes} ${minutes === 1 ? "minute" : "minutes"}${seconds > 0 ? ` ${seconds}` : ""}`;
}

const ARCHIVES = /zip|gzip|bzip|xz|7z|rar|tar|zstd/;
const SHEETS = /\.(csv|tsv|xlsx?|ods)$/i;
const CODE = /\.(py|js|ts|tsx|jsx|html?|css|json|jsonl|xml|svg|ya?ml|toml|sh|rs|go|c|h|cpp|java|rb|php|sql)$/i;

/** The icon of a file by what it is, then by what it is called. */
export function fileIcon(file: Pick<AttachmentView, "kind" | "content_type" | "name">): SVGElement {
  if (file.kind === "image") return icon("image");
  if (file.kind === "audio") return icon("file-music");
  if (file.kind === "video") return icon("file-video-camera");
  if (SHEETS.test(file.name)) return icon("file-spreadsheet");
  if (CODE.test(file.name)) return icon("file-code");
  if (ARCHIVES.test(file.content_type)) return icon("file-archive");
  return file.content_type === "text/plain" || file.content_type === "application/pdf" ? icon("file-text") : icon("file");
}
