// Figures with their unit in words, for cards and panes. Pure.

const BYTES = ["bytes", "kB", "MB", "GB", "TB", "PB"];

function rounded(value: number): string {
  const size = Math.abs(value);
  const places = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return new Intl.NumberFormat("en-GB", { maximumFractionDigits: places }).format(value);
}

function bytes(value: number): [string, string] {
  let size = value;
  let step = 0;
  while (Math.abs(size) >= 1000 && step < BYTES.length - 1) {
    size /= 1000;
    step += 1;
  }
  return [rounded(size), BYTES[step] ?? ""];
}

/** The figure and its unit: ["184", "ms"], ["1.2", "GB"]. */
export function figureParts(value: number, unit: string): [string, string] {
  return unit === "bytes" ? bytes(value) : [rounded(value), unit];
}

/** "184 ms", "74%" */
export function figureWords(value: number, unit: string): string {
  const [figure, of] = figureParts(value, unit);
  return of === "" ? figure : of === "%" ? `${figure}%` : `${figure} ${of}`;
}
