// Editing a board: the panels with grips and corners, the form of one of them, the draft that is saved as one goes.
// Reached by import() from the view of a board. Others keep the published board until Publish; who edits at the same time
// is heard live. Every step can be taken back.

import { clone, onceAFrame, part, uuid4 } from "../../dom";
import type { BoardSnapshot, PanelView } from "../../protocol";
import type { MenuItem } from "../../shell/contract";
import { CommandError } from "../../socket";
import { takeWantedPanel } from "../wanted";
import { when } from "../cards/words";
import { Edits } from "./edits";
import { EditGrid } from "./grid";
import type { EditHost, PanelSet } from "./host";
import { emptyPanel, KINDS, titleOf } from "./kinds";
import { PanelForm } from "./panel_form";
import { changes, freePlace, packed, resized, stepped, leastOf, type Place } from "./places";

/** Panels of one board at most; the server holds it. */
const PANELS_MOST = 40;

let editing: EditMode | null = null;

/** Begins to edit; a board is edited once in a tab. */
export function edit(host: EditHost): EditMode {
  editing?.leave();
  editing = new EditMode(host);
  return editing;
}

export class EditMode {
  readonly #host: EditHost;
  readonly #element = clone("t-board-edit");
  readonly #before: Node[];
  readonly #grid: EditGrid;
  readonly #edits: Edits;
  readonly #redraw = onceAFrame(() => this.#draw());
  readonly #stops: (() => void)[] = [];
  readonly #name = part<HTMLInputElement>(this.#element, "[data-part=name]");
  /** The published version that this draft began from. */
  #version: number;
  #form: PanelForm | null = null;
  /** A panel that was added here and is to be opened when it comes. */
  #opening: string | null = null;
  #seen: BoardSnapshot;
  #gone = false;

  constructor(host: EditHost) {
    this.#host = host;
    this.#seen = host.board.get();
    this.#version = this.#seen.board.version;
    this.#edits = new Edits(host, this.#redraw);
    this.#grid = new EditGrid(part(this.#element, "[data-part=grid]"), {
      host,
      panels: () => this.#edits.panels(),
      placed: (words, places, matter) => this.#placed(words, places, matter),
      select: (id) => this.#open(id),
      menu: (id, button) => this.#menu(id, button),
      remove: (id) => void this.#remove(id),
      add: () => this.#askKind(),
    });
    this.#before = [...host.view.childNodes];
    host.view.replaceChildren(this.#element);
    host.view.classList.add("editing");
    this.#listen();
    this.#draw();
    part(this.#element, "h1").focus({ preventScroll: true });
    void this.#addWanted();
  }

  #listen(): void {
    this.#stops.push(this.#host.board.subscribe((state) => state, () => this.#changed()));
    const acts: Record<string, () => unknown> = {
      undo: () => this.#undo(),
      discard: () => this.#discard(),
      publish: () => this.#afterForm("Publish without them", () => void this.#publish()),
      done: () => this.#afterForm("Leave them", () => this.leave()),
    };
    this.#element.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-board]") : null;
      void acts[button?.dataset["board"] ?? ""]?.();
    });
    this.#name.addEventListener("change", () => void this.#rename());
    this.#name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#name.blur();
      if (event.key !== "Escape") return;
      this.#name.value = this.#host.board.get().board.name;
      this.#name.blur();
    });
    const keys = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (!typing && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) {
        event.preventDefault();
        void this.#undo();
      }
    };
    this.#element.addEventListener("keydown", keys);
  }

  /** The board stands in the view again; the draft stays as it is. */
  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    if (editing === this) editing = null;
    for (const stop of this.#stops) stop();
    this.#form?.dispose();
    this.#grid.dispose();
    this.#host.view.classList.remove("editing");
    this.#host.view.replaceChildren(...this.#before);
    this.#host.left();
  }

  // Drawing

  #draw(): void {
    if (this.#gone) return;
    const { board } = this.#host.board.get();
    if (this.#name !== document.activeElement) this.#name.value = board.name;
    const by = board.changed_by;
    const mine = by === null || by.id === this.#host.shell.session.me;
    const saved = board.changed_at === null ? "As it is published" : `Saved as a draft${mine ? "" : ` by ${by.display_name}`}, ${when(board.changed_at)}`;
    part(this.#element, "[data-part=saved]").textContent = saved;
    const undo = part<HTMLButtonElement>(this.#element, "[data-board=undo]");
    undo.disabled = this.#edits.undoes === null;
    undo.title = this.#edits.undoes === null ? "" : `Undo ${this.#edits.undoes}`;
    const fresh = board.changed_at === null;
    part<HTMLButtonElement>(this.#element, "[data-board=discard]").disabled = fresh;
    part<HTMLButtonElement>(this.#element, "[data-board=publish]").disabled = fresh;
    part(this.#element, "[data-part=add]").hidden = this.#edits.panels().length >= PANELS_MOST;
    this.#grid.draw();
    this.#form?.draw();
    if (this.#opening !== null) this.#open(this.#opening);
  }

  /** Something of the board came: what others did is named. */
  #changed(): void {
    const before = this.#seen;
    const now = this.#host.board.get();
    this.#seen = now;
    if (!now.may_edit || now.draft === null) return this.leave();
    const { id = "" } = this.#form ?? {};
    if (id !== "" && !now.draft.some((panel) => panel.id === id)) this.#formLost(before, now, id);
    this.#tellOthers(before, now);
    this.#redraw();
  }

  /** The panel whose settings are open is gone. Somebody else took it: that is said, or they would vanish without a word. */
  #formLost(before: BoardSnapshot, now: BoardSnapshot, id: string): void {
    const by = now.board.changed_by;
    const { shell } = this.#host;
    const had = this.#form?.element.contains(document.activeElement) === true;
    this.#close(false);
    if (had) part(this.#element, "h1").focus({ preventScroll: true });
    const panel = before.draft?.find((one) => one.id === id);
    if (panel === undefined || by?.id === shell.session.me) return;
    const text = by === null ? "The panel whose settings were open went with the draft." : `${by.display_name} removed the panel whose settings were open.`;
    shell.toast({ kind: "info", title: `${titleOf(panel)} is gone`, text, seconds: 10 });
  }

  #tellOthers(before: BoardSnapshot, now: BoardSnapshot): void {
    const by = now.board.changed_by;
    const { shell } = this.#host;
    if (now.board.version !== before.board.version && this.#version === before.board.version) shell.announce("The board was published");
    if (by === null || by.id === shell.session.me) return;
    const known = new Map((before.draft ?? []).map((panel) => [panel.id, panel]));
    const name = by.display_name;
    for (const panel of now.draft ?? []) {
      const was = known.get(panel.id);
      known.delete(panel.id);
      if (was?.version === panel.version) continue;
      shell.announce(`${name} ${was === undefined ? "added" : "changed"} ${titleOf(panel)}`);
      requestAnimationFrame(() => this.#grid.light(panel.id, name));
    }
    for (const panel of known.values()) shell.announce(`${name} removed ${titleOf(panel)}`);
  }

  // Doing

  async #do(what: string, run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      this.#host.shell.fail(what, error);
      return false;
    }
  }

  #panel(id: string): PanelView | null {
    return this.#edits.panels().find((panel) => panel.id === id) ?? null;
  }

  #places(): Place[] {
    return this.#edits.panels().map(({ id, x, y, w, h }) => ({ id, x, y, w, h }));
  }

  #placed(words: string, places: readonly Place[], matter: string): void {
    const set = places.map(({ id, x, y, w, h }) => ({ id, set: this.#placeSet(id, { x, y, w, h }) }));
    void this.#do("The panel could not be placed", () => this.#edits.change(words, set, matter));
  }

  #placeSet(id: string, place: Required<Pick<PanelSet, "x" | "y" | "w" | "h">>): PanelSet {
    const now = this.#panel(id);
    return Object.fromEntries(Object.entries(place).filter(([name, value]) => now?.[name as "x"] !== value)) as PanelSet;
  }

  async #rename(): Promise<void> {
    const name = this.#name.value.trim();
    if (name === "") this.#name.value = this.#host.board.get().board.name;
    else await this.#do("The board could not be renamed", () => this.#edits.rename(name));
  }

  async #undo(): Promise<void> {
    await this.#do("That could not be taken back", async () => {
      const words = await this.#edits.undo();
      this.#host.shell.announce(words === null ? "There is nothing to undo" : `Undone: ${words}`);
    });
  }

  // Panels

  #askKind(): void {
    const anchor = part(this.#element, "[data-part=add]");
    const items = KINDS.map(({ kind, text, symbol }) => ({ icon: symbol, text, run: () => void this.#add(kind, {}) }));
    this.#host.shell.openMenu({ label: "Add a panel", anchor, items });
  }

  async #add(kind: string, set: PanelSet): Promise<void> {
    const id = uuid4();
    const made = emptyPanel(id, kind, { x: 0, y: 0 });
    const panel = { ...made, ...freePlace(this.#places(), made.w, made.h), ...set };
    if (!(await this.#do("The panel could not be added", () => this.#edits.add(`adding ${titleOf(panel)}`, panel)))) return;
    // The answer may come before the event that brings the panel.
    this.#opening = id;
    this.#redraw();
  }

  /** A chart in a message led here. */
  async #addWanted(): Promise<void> {
    const wanted = takeWantedPanel();
    if (wanted === null) return;
    const { series, aggregate, title, unit } = wanted;
    await this.#add("line", { title, unit, series: [{ series, aggregate, label: "", divide: 1 }] });
  }

  async #remove(id: string): Promise<void> {
    const panel = this.#panel(id);
    if (panel === null) return;
    const title = titleOf(panel);
    if (!(await this.#do("The panel could not be removed", () => this.#edits.remove(`removing ${title}`, id)))) return;
    if (this.#form?.id === id) this.#close();
    this.#host.shell.toast({ kind: "info", title: `${title} removed`, seconds: 10, act: { label: "Undo", run: () => void this.#putBack(panel) } });
  }

  async #putBack(panel: PanelView): Promise<void> {
    if (this.#panel(panel.id) === null) await this.#do("The panel could not be put back", () => this.#edits.add(`putting ${titleOf(panel)} back`, panel));
  }

  #menu(id: string, button: HTMLElement): void {
    const panel = this.#panel(id);
    if (panel === null) return;
    const places = packed(this.#places());
    const step = (item: { icon: string; text: string }, way: "up" | "down"): MenuItem[] => {
      const next = stepped(places, id, way);
      return next === null ? [] : [{ ...item, run: () => this.#placed(`the place of ${titleOf(panel)}`, changes(this.#places(), next), "") }];
    };
    const size = (item: { icon: string; text: string }, w: number, h: number): MenuItem[] => {
      const next = resized(places, id, panel.w + w, panel.h + h, leastOf(panel.kind));
      return changes(places, next).length === 0 ? [] : [{ ...item, run: () => this.#placed(`the size of ${titleOf(panel)}`, changes(this.#places(), next), "") }];
    };
    const items: MenuItem[] = [
      { icon: "pencil-line", text: "Edit", key: "Enter", run: () => this.#open(id) },
      { icon: "copy", text: "Duplicate", run: () => void this.#duplicate(panel) },
      ...step({ icon: "arrow-up", text: "Move up" }, "up"),
      ...step({ icon: "arrow-down", text: "Move down" }, "down"),
      ...size({ icon: "unfold-horizontal", text: "Wider" }, 1, 0),
      ...size({ icon: "fold-horizontal", text: "Narrower" }, -1, 0),
      ...size({ icon: "unfold-vertical", text: "Higher" }, 0, 1),
      ...size({ icon: "fold-vertical", text: "Lower" }, 0, -1),
      { icon: "trash-2", text: "Remove", key: "Del", danger: true, line: true, run: () => void this.#remove(id) },
    ];
    this.#host.shell.openMenu({ label: `Menu of ${titleOf(panel)}`, anchor: button, items });
  }

  async #duplicate(panel: PanelView): Promise<void> {
    const { kind, title, w, h, series, unit, low, high, thresholds, source, text } = panel;
    await this.#add(kind, { title, w, h, series, unit, low, high, thresholds, source, text, ...freePlace(this.#places(), w, h) });
  }

  // The form

  #open(id: string): void {
    if (this.#form?.id === id) return this.#form.focus();
    const panel = this.#panel(id);
    if (panel === null) return;
    this.#opening = null;
    if (this.#form?.touched === true) return this.#afterForm("Leave them", () => this.#open(id));
    this.#close(false);
    this.#form = new PanelForm(
      {
        host: this.#host,
        panel: (one) => this.#panel(one),
        apply: (one, set) => this.#edits.change(titleOf(panel), [{ id: one, set }]),
        remove: (one) => void this.#remove(one),
        close: () => this.#close(),
      },
      panel,
    );
    const place = part(this.#element, "[data-part=form]");
    place.replaceChildren(this.#form.element);
    place.hidden = false;
    this.#grid.select(id);
    this.#form.focus();
  }

  /** What was typed for one panel is not lost by going on to something else. */
  #afterForm(go: string, run: () => void): void {
    if (this.#form?.touched !== true) return run();
    const question = { title: "These changes are not applied", text: "What you changed in the settings of this panel stays out unless you press Apply.", go };
    void this.#host.shell.confirm(question).then((answer) => {
      if (answer === null) return;
      this.#close(false);
      run();
    });
  }

  #close(focus = true): void {
    const form = this.#form;
    if (form === null) return;
    this.#form = null;
    form.dispose();
    const place = part(this.#element, "[data-part=form]");
    place.hidden = true;
    place.replaceChildren();
    this.#grid.select(null);
    if (focus) this.#grid.focus(form.id);
    this.#redraw();
  }

  // The draft as a whole

  async #discard(): Promise<void> {
    const question = { title: "Discard the draft?", text: "The board goes back to what is published, also for others who edit it. You cannot undo this.", go: "Discard", danger: true };
    const discard = () => {
      this.#close(false);
      return this.#host.command("board.discard", {});
    };
    const answer = await this.#host.shell.confirm(question, discard);
    if (answer === null) return;
    this.#edits.forget();
    this.#host.shell.toast({ kind: "info", title: "The draft is gone" });
  }

  async #publish(): Promise<void> {
    try {
      await this.#host.command("board.publish", { version: this.#version });
      this.#published();
    } catch (error) {
      if (error instanceof CommandError && error.code === "conflict") await this.#publishOver();
      else this.#host.shell.fail("The board could not be published", error);
    }
  }

  /** Somebody published meanwhile: theirs is in the draft already, for a draft is shared. */
  async #publishOver(): Promise<void> {
    const { board } = this.#host.board.get();
    const at = board.published_at === null ? "" : ` at ${when(board.published_at)}`;
    const text = `Somebody published this board${at}, after you began. Their panels are in this draft, with what was changed since. Publish it as it stands here?`;
    const question = { title: "The board was published meanwhile", text, go: "Publish this draft" };
    const { version } = board;
    const answer = await this.#host.shell.confirm(question, () => this.#host.command("board.publish", { version }));
    if (answer !== null) this.#published();
  }

  #published(): void {
    this.#edits.forget();
    this.#host.shell.toast({ kind: "info", title: "Published", text: "Everybody who looks at the board sees it now." });
    this.leave();
  }
}
