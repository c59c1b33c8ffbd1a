// Beside an old version: the versions that have a name, who wrote since, how much is different now, and the download.
// Made by the history's control. It draws anew only what is different, so that the focus stays.

import { el, icon, part } from "../../dom";
import { avatar, colourClass, firstName } from "../../people";
import type { DocumentView, History, NamedVersion, PersonView } from "../../protocol";
import { downloadUrl } from "../addresses";
import { withVersion } from "./address";
import { authorsSince } from "./chronicle";
import type { Difference } from "./difference";
import { FORMER, shortWhen } from "./words";

export interface SideState {
  document: DocumentView;
  history: History;
  shown: number;
  /** null while it is not known yet. */
  difference: Difference | null;
  canEdit: boolean;
}

type Find = (id: number | null) => PersonView | null;

const SVG = "http://www.w3.org/2000/svg";
const AUTHORS_MOST = 8;

function meter(share: number, colour: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { class: `bar-meter ${colour}`, viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  for (const [name, width] of [["bg", 100], ["fg", Math.max(2, share * 100)]] as const) {
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("class", name);
    bar.setAttribute("width", width.toFixed(1));
    bar.setAttribute("height", "4");
    svg.append(bar);
  }
  return svg;
}

const lines = (count: number) => (count === 1 ? "1 line" : `${count} lines`);

export class Side {
  readonly #find: Find;
  #drawn = "";

  constructor(
    readonly element: HTMLElement,
    find: Find,
  ) {
    this.#find = find;
  }

  draw(state: SideState): void {
    const { document, history, shown, difference, canEdit } = state;
    const key = JSON.stringify([document.id, history.version, history.oldest, history.named, shown, difference?.came, difference?.gone, difference?.changes.length, canEdit]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#drawNamed(state);
    this.#drawAuthors(history, shown);
    part(this.element, "[data-part=stat]").replaceChildren(...this.#stat(difference));
    const download = part<HTMLAnchorElement>(this.element, "[data-part=download]");
    download.href = downloadUrl(document.id, shown);
    download.download = document.name;
    download.setAttribute("aria-label", `Download ${document.name} at version ${shown}`);
    const oldest = part(this.element, "[data-part=oldest]");
    oldest.hidden = history.oldest === 0;
    oldest.textContent = `Versions before ${history.oldest} are not kept any more.`;
  }

  #drawNamed({ document, history, shown, canEdit }: SideState): void {
    const place = part(this.element, "[data-part=named]");
    const focused = place.querySelector<HTMLElement>(":focus")?.dataset["version"];
    place.replaceChildren(...[...history.named].reverse().map((named) => this.#named(document.id, named, shown)));
    if (focused !== undefined) place.querySelector<HTMLElement>(`[data-version="${focused}"]`)?.focus();
    part(this.element, "[data-part=unnamed]").hidden = history.named.length > 0;
    part(this.element, "[data-history=name]").hidden = !canEdit;
  }

  #named(id: number, { version, name, author, at }: NamedVersion, shown: number): HTMLElement {
    const person = this.#find(author);
    const link = el("a", "", null, { href: withVersion(location.href, id, version), "data-version": String(version), "aria-current": version === shown ? "true" : null });
    link.append(icon("bookmark"), el("b", "", name, { dir: "auto" }), el("span", "num", String(version)), el("small", "", `${person === null ? FORMER : firstName(person)}, ${shortWhen(at)}`));
    const item = el("li");
    item.append(link);
    return item;
  }

  #drawAuthors(history: History, shown: number): void {
    const shares = authorsSince(history, shown);
    const all = history.version - shown;
    part(this.element, "[data-part=since]").textContent = all === 1 ? "1 edit" : `${all} edits`;
    const most = shares[0]?.edits ?? 1;
    const items = shares.slice(0, AUTHORS_MOST).map(({ author, edits }) => {
      const person = this.#find(author);
      const item = el("li");
      const colour = person?.kind === "assistant" ? "c-ai" : author === null ? "" : colourClass(author);
      item.append(avatar(person, "xs"), el("span", "clip", person === null ? FORMER : firstName(person)), el("span", "num", String(edits)), meter(edits / most, colour));
      return item;
    });
    part(this.element, "[data-part=authors]").replaceChildren(...items);
    const rest = shares.length - items.length;
    const more = part(this.element, "[data-part=others]");
    more.hidden = all > 0 && rest <= 0;
    more.textContent = all === 0 ? "Nobody: this is the newest version." : `and ${rest} more`;
  }

  #stat(difference: Difference | null): (Node | string)[] {
    if (difference === null) return ["…"];
    const { came, gone, changes } = difference;
    if (changes.length === 0) return ["The text is the same."];
    const counts = el("span", "diffstat");
    counts.append(el("span", "p", `+${came}`), " ", el("span", "m", `−${gone}`));
    counts.setAttribute("aria-hidden", "true");
    const spoken = el("span", "sr", `${lines(came)} came, ${lines(gone)} went,`);
    return [counts, spoken, ` lines in ${changes.length === 1 ? "1 place" : `${changes.length} places`}`];
  }
}
