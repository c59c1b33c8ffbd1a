// Tables, logs and text in a panel. Made by bodies.ts. Tables are sorted by their heads; what they list comes from the server.

import { clone, el, icon, setHTML } from "../../dom";
import { avatar, firstName } from "../../people";
import type { CellView, LogRow, PanelView, TableView } from "../../protocol";
import type { Body, Scene } from "./scene";
import { sortedRows, type Sorting } from "./sorting";
import { ago } from "./units";

function link(text: string, url: string): HTMLElement {
  return url === "" ? el("span", "", text) : el("a", "", text, { href: url });
}

function cellOf(cell: CellView, figures: boolean): HTMLElement {
  const place = el("td", figures ? "r" : "");
  if (cell.level !== "" && !figures) place.append(el("span", `led ${cell.level}`, null, { role: "img", "aria-label": cell.level }));
  for (const person of cell.people) place.append(withName(avatar(person, "xs"), person.display_name));
  if (cell.text !== "") place.append(link(cell.text, cell.url));
  if (figures && cell.level !== "") place.classList.add(cell.level);
  if (cell.note !== "") place.append(el("small", "note-of", cell.note));
  if (cell.share !== null) place.append(meter(cell.share, cell.level));
  return place;
}

function withName(face: HTMLElement, name: string): HTMLElement {
  face.title = name;
  return face;
}

function meter(share: number, level: string): HTMLElement {
  const bar = el("span", `meter ${level}`, null, { "aria-hidden": "true" });
  const fill = el("i");
  fill.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
  bar.append(fill);
  return bar;
}

/** What a table or a log says when the server could not read its rows; the other panels go on. */
function broken(incident: string, tag: "p" | "li"): HTMLElement {
  const note = el(tag, "none failed");
  note.append(icon("triangle-alert"), `This list could not be read. It was recorded as ${incident}, and is tried again.`);
  return note;
}

/** Draws rows anew. The focus stays on the link that had it, or with the list when that is gone. */
function keepingFocus(list: HTMLElement, draw: () => void): void {
  const had = document.activeElement;
  const link = had instanceof HTMLAnchorElement && list.contains(had) ? had : null;
  const around = link?.parentElement?.textContent;
  draw();
  if (link === null) return;
  const alike = [...list.querySelectorAll("a")].filter(({ href, textContent }) => href === link.href && textContent === link.textContent);
  (alike.find(({ parentElement }) => parentElement?.textContent === around) ?? alike[0] ?? list).focus({ preventScroll: true });
}

export class Table implements Body {
  readonly element = el("div", "tablewrap");
  readonly #scene: Scene;
  #view: PanelView;
  #sorting: Sorting | null = null;
  #drawn: TableView | null = null;

  constructor(scene: Scene, view: PanelView) {
    this.#scene = scene;
    this.#view = view;
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "region");
  }

  update(view: PanelView): void {
    this.#view = view;
    this.#drawn = null;
    this.draw();
  }

  draw(): void {
    const table = this.#scene.snapshot().tables.find(({ source }) => source === this.#view.source) ?? null;
    if (table === this.#drawn && table !== null) return;
    this.#drawn = table;
    this.element.setAttribute("aria-label", `${this.#view.title || "Panel"}, table`);
    if (table !== null && table.incident !== "") {
      this.element.replaceChildren(broken(table.incident, "p"));
      return;
    }
    if (table === null || table.rows.length === 0) {
      this.element.replaceChildren(el("p", "muted none", table === null && this.#view.source === "" ? "This panel lists nothing yet." : "Nothing to list right now."));
      return;
    }
    keepingFocus(this.element, () => this.#fill(table));
  }

  #fill(table: TableView): void {
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.getAttribute("data-column") : null;
    const figures = table.columns.map((_, column) => table.rows.some((row) => row[column]?.value != null && row[column]?.share == null));
    const head = el("tr");
    head.append(...table.columns.map((name, column) => this.#head(name, column, figures[column] === true)));
    const rows = sortedRows(table, this.#sorting).map((cells) => {
      const row = el("tr");
      row.append(...cells.map((cell, column) => cellOf(cell, figures[column] === true)));
      return row;
    });
    const [thead, tbody, made] = [el("thead"), el("tbody"), el("table", "tbl")];
    thead.append(head);
    tbody.append(...rows);
    made.append(thead, tbody);
    this.element.replaceChildren(made);
    if (focused != null) this.element.querySelector<HTMLElement>(`[data-column="${focused}"]`)?.focus({ preventScroll: true });
  }

  #head(name: string, column: number, figures: boolean): HTMLElement {
    const sorting = this.#sorting?.column === column ? (this.#sorting.down ? "descending" : "ascending") : null;
    const head = el("th", figures ? "r" : "", null, { scope: "col", "aria-sort": sorting });
    if (name === "") return head;
    const button = el("button", "", name, { type: "button", "data-column": String(column) });
    if (sorting !== null) button.append(sorting === "descending" ? icon("chevron-down") : icon("chevron-up"));
    button.onclick = () => this.#sort(column, figures);
    head.append(button);
    return head;
  }

  /** Figures begin with the most, words with A; a third click takes the order as it came. */
  #sort(column: number, figures: boolean): void {
    const now = this.#sorting;
    if (now?.column !== column) this.#sorting = { column, down: figures };
    else this.#sorting = now.down === figures ? { column, down: !figures } : null;
    if (this.#drawn !== null) this.#fill(this.#drawn);
  }

  dispose(): void {
    this.element.replaceChildren();
  }
}

const NOTHING: readonly LogRow[] = [];

export class Log implements Body {
  readonly element = el("ul", "feed");
  readonly #scene: Scene;
  #view: PanelView;
  #rows: readonly LogRow[] | null = null;

  constructor(scene: Scene, view: PanelView) {
    this.#scene = scene;
    this.#view = view;
    this.element.tabIndex = 0;
  }

  update(view: PanelView): void {
    this.#view = view;
    this.#rows = null;
    this.draw();
  }

  draw(): void {
    const log = this.#scene.snapshot().logs.find(({ source }) => source === this.#view.source);
    const rows = log?.rows ?? NOTHING;
    this.element.setAttribute("aria-label", `${this.#view.title || "Panel"}, newest first`);
    if (rows !== this.#rows) {
      this.#rows = rows;
      const none = el("li", "muted none", this.#view.source === "" ? "This panel lists nothing yet." : "Nothing has happened yet.");
      const some = log === undefined || log.incident === "" ? [none] : [broken(log.incident, "li")];
      keepingFocus(this.element, () => this.element.replaceChildren(...(rows.length === 0 ? some : rows.map((row) => this.#row(row)))));
    }
    this.#drawTimes(rows);
  }

  #row({ text, person, level, url, at }: LogRow): HTMLElement {
    const row = clone<HTMLElement>("t-log-row");
    const face = row.querySelector("[data-part=face]");
    if (person !== null) face?.replaceWith(avatar(person, "s"));
    else face?.classList.add(level);
    const words = row.querySelector("[data-part=text]");
    const name = person === null ? [] : [el("b", "", firstName(person)), " "];
    words?.append(...name, level === "info" ? "" : el("span", `level ${level}`, level === "danger" ? "Danger: " : "Warn: "), link(text, url));
    row.querySelector("time")?.setAttribute("datetime", at);
    return row;
  }

  #drawTimes(rows: readonly LogRow[]): void {
    const now = this.#scene.now();
    this.element.querySelectorAll("time").forEach((time, index) => {
      const since = now - Date.parse(rows[index]?.at ?? "") / 1000;
      const words = since < 3 ? "now" : ago(since);
      if (time.textContent !== words) time.textContent = words;
    });
  }

  dispose(): void {
    this.element.replaceChildren();
  }
}

/** Markdown that the server made ready. */
export class TextBody implements Body {
  readonly element = el("div", "textpanel prose");
  #html: string | null = null;

  constructor(view: PanelView) {
    this.element.tabIndex = 0;
    this.update(view);
  }

  update({ html, text, title }: PanelView): void {
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", `${title || "Panel"}, text`);
    const words = html === "" ? text : html;
    if (this.#html === words) return;
    this.#html = words;
    if (html !== "") setHTML(this.element, html);
    else this.element.replaceChildren(el("p", text === "" ? "muted" : "", text === "" ? "Nothing is written here yet." : text));
  }

  draw(): void {
    return undefined;
  }

  dispose(): void {
    this.element.replaceChildren();
  }
}
