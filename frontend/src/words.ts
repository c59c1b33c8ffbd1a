// A beginning of a text without the marks that would become bold, code or links. Pure.
// Used where the words stand in one line: lists of rooms, quotes, questions. The text itself is rendered by the server.

const MARKS: readonly [RegExp, string][] = [
  [/^(?:#{1,6}|>|[-*+]|\d{1,9}[.)])\s+/u, ""],
  [/!?\[([^\]]*)\]\([^()\s]*\)/gu, "$1"],
  [/(\*\*|__|~~)(?=\S)(.*?\S)\1/gu, "$2"],
  [/(^|[\s("])([*_])(?=[^\s*_])([^*_]*[^\s*_])\2(?=$|[\s).,;:!?"])/gu, "$1$3"],
];

/** "Mina: **Version 0.4** is out" becomes "Mina: Version 0.4 is out"; what stands in code stays as it is. */
export function withoutMarks(text: string): string {
  const pieces = text.replace(/```\w*/gu, "").split(/`([^`]+)`/u);
  const plain = pieces.map((piece, index) => (index % 2 === 1 ? piece : MARKS.reduce((now, [mark, instead]) => now.replace(mark, instead), piece)));
  return plain.join("").replace(/\s+/gu, " ").trim();
}
