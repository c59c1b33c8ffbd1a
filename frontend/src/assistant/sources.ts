// What an answer was made from, as links under it. Used by answers.ts.

import { clone, el, part } from "../dom";
import type { SourceView } from "../protocol";

const SHOWN = 4;

/** "From Mina, 09:02 · session.py, lines 14–20 · 3 more"; null for nothing. */
export function drawSources(sources: readonly SourceView[]): HTMLElement | null {
  if (sources.length === 0) return null;
  const line = clone("t-run-sources");
  const list = part(line, "[data-part=list]");
  const items = sources.map(sourceItem);
  list.append(...items);
  const more = part<HTMLButtonElement>(line, "[data-part=more]");
  const hidden = items.slice(SHOWN);
  more.hidden = hidden.length === 0;
  more.textContent = `${hidden.length} more`;
  for (const item of hidden) item.hidden = true;
  more.addEventListener("click", () => {
    for (const item of hidden) item.hidden = false;
    more.hidden = true;
    hidden[0]?.querySelector("a")?.focus();
  });
  return line;
}

function sourceItem(source: SourceView): HTMLElement {
  const item = el("li");
  item.dir = "auto";
  if (source.url === "") item.textContent = source.label;
  else item.append(el("a", "", source.label, { href: source.url }));
  return item;
}
