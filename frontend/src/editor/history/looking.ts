// One look back: the old text with its marks, the bar above it and the list beside it. Made by the history's control when
// a version is first shown, and gone with the way back. It decides nothing.

import * as api from "../../api";
import { part } from "../../dom";
import type { Blame } from "../../protocol";
import type { Shell } from "../../shell/contract";
import type { Annotator } from "./annotator";
import { differenceMarks, differenceOf, type Difference } from "./difference";
import type { Past } from "./past";
import { PastView } from "./past_view";
import { Side } from "./side";

/** While one drags, or others type, the difference follows at this pace. */
const DIFFERENCE_EVERY_MS = 250;
/** So long a version is looked at before the server is asked who wrote its lines. */
const REST_MS = 500;

export interface LookingParts {
  /** The bar above the text. */
  mode: HTMLElement;
  /** What lies over the living text. */
  place: HTMLElement;
  shell: Shell;
  annotator: Annotator;
  wrap: boolean;
  again(): void;
}

export class Looking {
  readonly #past: Past;
  readonly #parts: LookingParts;
  #view: PastView | null = null;
  readonly #side: Side;
  #difference: Difference | null = null;
  #compared: { version: number; now: unknown; at: number } = { version: -1, now: null, at: 0 };
  #marked: Difference | null = null;
  #asking: ReturnType<typeof setTimeout> | undefined;
  #blamed = -1;

  constructor(past: Past, parts: LookingParts) {
    this.#past = past;
    this.#parts = parts;
    this.#side = new Side(part(parts.place, "[data-part=side]"), (id) => parts.shell.session.people.get(id));
  }

  close(): void {
    clearTimeout(this.#asking);
    this.#view?.close();
    part(this.#parts.place, "[data-part=host]").replaceChildren();
  }

  /** Draws the version under the thumb, as far as it is here. */
  draw(shown: number, maker: string, follow: boolean, marks: boolean): void {
    const past = this.#past;
    const parts = this.#parts;
    part(parts.mode, "[data-part=title]").textContent = `Version ${shown} of ${past.newest}`;
    part(parts.mode, "[data-part=text]").textContent = maker === "" ? "Read-only" : `${maker}, read-only`;
    const isNamed = past.history?.named.some((one) => one.version === shown) === true;
    part(parts.mode, "[data-part=name-text]").textContent = isNamed ? "Rename" : "Name";
    const { canEdit } = past.desk.status;
    for (const name of ["name", "restore"]) part(parts.mode, `[data-history=${name}]`).hidden = !canEdit;
    const failed = part(parts.place, "[data-part=failed]");
    failed.hidden = past.failure === "";
    part(failed, "[data-part=why]").textContent = past.failure;
    part(parts.place, "[data-part=loading]").hidden = past.moment !== null || past.failure !== "";
    this.#drawText(follow);
    this.#compare();
    this.#mark(marks);
    if (past.history !== null) this.#side.draw({ document: past.desk.document, history: { ...past.history, version: past.newest }, shown, difference: this.#difference, canEdit });
  }

  #drawText(follow: boolean): void {
    const { moment, desk } = this.#past;
    if (moment === null) return;
    if (this.#view === null) {
      const host = part(this.#parts.place, "[data-part=host]");
      this.#view = new PastView(host, desk.document, moment.text, this.#parts.wrap, () => this.#coloured());
      this.#view.put(this.#parts.annotator.column());
      if (desk.view !== null) this.#view.scrollLike(desk.view);
    }
    if (this.#view.version === moment.version) return;
    // The marks of another text would stand in the wrong places.
    this.#unmark();
    this.#view.show(moment, desk.document.name, follow);
    clearTimeout(this.#asking);
    if (this.#parts.annotator.isOn) this.#asking = setTimeout(() => void this.#askBlame(), REST_MS);
  }

  // Difference to now

  #compare(): void {
    const { moment, desk } = this.#past;
    const now = desk.view?.state.doc ?? null;
    if (moment === null || now === null) return;
    const { version, now: before, at } = this.#compared;
    if (version === moment.version && before === now) return;
    const left = at + DIFFERENCE_EVERY_MS - Date.now();
    if (left > 0) return void setTimeout(() => this.#parts.again(), left);
    this.#difference = differenceOf(moment.text.toString(), now.toString());
    this.#compared = { version: moment.version, now, at: Date.now() };
  }

  #mark(wanted: boolean): void {
    if (this.#view === null) return;
    const fits = this.#compared.version === this.#view.version;
    const next = wanted && fits ? this.#difference : null;
    if (next === this.#marked) return;
    this.#marked = next;
    this.#view.mark(next === null ? [] : differenceMarks(next, this.#view.view.state));
  }

  #unmark(): void {
    if (this.#marked === null) return;
    this.#marked = null;
    this.#view?.mark([]);
  }

  /** The language is known by now: what came since is coloured, too. */
  #coloured(): void {
    this.#unmark();
    this.#parts.again();
  }

  // Who wrote a line

  async #askBlame(): Promise<void> {
    const view = this.#view;
    if (view === null || this.#blamed === view.version) return;
    const { version } = view;
    try {
      const blame = await api.get<Blame>(`/api/documents/${this.#past.desk.document.id}/blame/`, { v: version });
      if (view !== this.#view || view.version !== version) return;
      this.#blamed = version;
      this.#parts.annotator.show(view.view, blame);
    } catch {
      // The column stays empty; the next version asks again.
    }
  }
}
