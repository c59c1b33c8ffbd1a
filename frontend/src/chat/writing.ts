// Markdown around a selection, as pure edits: (text, selection) -> what to put in place of which range. Also what is
// inside a code block, and what looks like code. Used by the writing part of the composer.

export interface Edit {
  /** The range that is replaced. */
  start: number;
  end: number;
  text: string;
  /** The selection afterwards. */
  select: [number, number];
}

/** Puts marks around the selection, or takes them away. */
export function wrap(value: string, start: number, end: number, mark: string): Edit {
  const chosen = value.slice(start, end);
  const size = mark.length;
  if (value.slice(start - size, start) === mark && value.slice(end, end + size) === mark) {
    return { start: start - size, end: end + size, text: chosen, select: [start - size, end - size] };
  }
  return { start, end, text: mark + chosen + mark, select: [start + size, end + size] };
}

/** A code block of the selection, on lines of its own. */
export function block(value: string, start: number, end: number): Edit {
  const chosen = value.slice(start, end).replace(/\n$/, "");
  const before = start === 0 || value[start - 1] === "\n" ? "" : "\n";
  const after = end === value.length || value[end] === "\n" ? "" : "\n";
  const from = start + before.length + 4;
  return { start, end, text: `${before}\`\`\`\n${chosen}\n\`\`\`${after}`, select: [from, from + chosen.length] };
}

/** The lines of the selection with something before each, or without it when all have it. */
export function prefix(value: string, start: number, end: number, lead: (line: number) => string, has: RegExp): Edit {
  const from = value.lastIndexOf("\n", start - 1) + 1;
  const next = value.indexOf("\n", end);
  const to = next < 0 ? value.length : next;
  const lines = value.slice(from, to).split("\n");
  const off = lines.every((line) => has.test(line));
  const text = lines.map((line, index) => (off ? line.replace(has, "") : lead(index) + line)).join("\n");
  return { start: from, end: to, text, select: [from + text.length, from + text.length] };
}

/** A link of the selection; what is still missing is selected. */
export function link(value: string, start: number, end: number): Edit {
  const chosen = value.slice(start, end);
  if (/^https?:\/\/\S+$/.test(chosen)) return { start, end, text: `[text](${chosen})`, select: [start + 1, start + 5] };
  const words = chosen === "" ? "text" : chosen;
  const at = start + words.length + 3;
  return { start, end, text: `[${words}](https://)`, select: chosen === "" ? [start + 1, start + 5] : [at, at + 8] };
}

/** Whether a place is inside a fenced block that is still open there. */
export function inBlock(value: string, at: number): boolean {
  const lines = value.slice(0, at).split("\n");
  const own = lines.pop() ?? "";
  // The caret's own line opens nothing before it has ended, but closes as soon as it is typed.
  return lines.filter((line) => /^ {0,3}```/.test(line)).length % 2 === 1 && !/^ {0,3}```\s*$/.test(own);
}

const CODE_LINE =
  /^(?: {2,}|\t)\S|[;{}]\s*$|=>|->\s*\S+.*[:{]\s*$|^\s*[)\]}]|^\s*(?:def|class|import|from|function|const|let|var|return|export|public|private|static|#include|SELECT|INSERT|UPDATE|CREATE)\b|^\s*<\/?[a-z][^>]*>|^\s*(?:if|for|while|else|elif|try|with)\b.*[:{]\s*$|^[\w.[\]"']+\s*(?:=|:=|\+=)\s*\S/;

/** Several lines, most of which look like a program or its data. */
export function looksLikeCode(text: string): boolean {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 2 || text.includes("```")) return false;
  return lines.filter((line) => CODE_LINE.test(line)).length * 2 >= lines.length;
}
