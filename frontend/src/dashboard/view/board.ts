// A board as one reads it: its panels in step with the figures, the range, pause, zoom and the crosshair that all share.
// Made by parts.ts for an address. Editing takes its place and gives it back; what it shows it reads from its line.

import { part } from "../../dom";
import type { CommandData, CommandName, CommandResult } from "../../events";
import type { BoardSnapshot, PanelView, SeriesView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { errorText } from "../../shell/dialogs";
import type { Store } from "../../store";
import type { Samples } from "../samples";
import { packed } from "../edit/places";
import type { Drawn, EditHost } from "../edit/host";
import { hasWantedPanel, takeWantedPanel } from "../wanted";
import { PanelCard } from "./card";
import { openBoardMenu, openPanelMenu } from "./menus";
import { onTheme } from "./colours";
import { crossedWords } from "./crossed";
import { Drawing } from "./drawing";
import { BoardLine } from "./line";
import { inReadingOrder } from "./order";
import { Preview } from "./preview";
import { RangeMenu } from "./range_menu";
import { isLive, zoomedTo, type Range } from "./ranges";
import type { Scene } from "./scene";
import { TablesKept } from "./tables_kept";
import { ago } from "./units";

const SPEAK_MS = 300;

export interface BoardHooks {
  /** The board is not to be had any more. */
  gone(reason: string): void;
}

export class Board implements EditHost, Scene {
  readonly shell: Shell;
  readonly view: HTMLElement;
  readonly line: BoardLine;
  readonly #grid: HTMLElement;
  readonly #cards = new Map<string, PanelCard>();
  readonly #previews = new Set<Preview>();
  readonly #drawing: Drawing;
  readonly #editDrawing = new Drawing(null);
  readonly #ranges: RangeMenu;
  readonly #tables: TablesKept;
  readonly #stops: (() => void)[] = [];
  #saidLate = false;
  #pausedAt: number | null = null;
  /** The state while the picture stands still. */
  #frozen: BoardSnapshot | null = null;
  /** Where one was before zooming. */
  #before: Range | null = null;
  #crossed: number | null = null;
  #editing = false;
  /** The code for editing is on its way. */
  #entering = false;
  #speaking: ReturnType<typeof setTimeout> | undefined;
  #offsets = new Map<string, number>();

  constructor(shell: Shell, view: HTMLElement, snapshot: BoardSnapshot, hooks: BoardHooks) {
    this.shell = shell;
    this.view = view;
    this.#grid = part(view, "[data-part=grid]");
    this.#drawing = new Drawing(this.#grid);
    this.#tables = new TablesKept(shell.session.me);
    this.line = new BoardLine(snapshot, {
      ticked: () => this.#ticked(),
      stateChanged: () => this.#drawBar(),
      gone: (reason) => hooks.gone(reason),
      reload: () => location.reload(),
      failed: (error) => shell.fail("The board could not be read again", error),
    });
    this.#ranges = new RangeMenu(view, (range) => this.#choose(range));
    this.#listen();
    this.#drawPanels();
    void this.#load();
    if (snapshot.may_edit && hasWantedPanel()) void this.edit();
    else if (takeWantedPanel() !== null) shell.toast({ kind: "info", title: "You may not change this board", text: "Whoever looks after the room can add the chart." });
  }

  get board(): Store<BoardSnapshot> {
    return this.line.store;
  }

  get samples(): Samples {
    return this.line.samples;
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#speaking);
    for (const card of this.#cards.values()) card.dispose();
    this.#drawing.dispose();
    this.#editDrawing.dispose();
    this.line.dispose();
  }

  #listen(): void {
    const acts: Record<string, (button: HTMLElement) => void> = {
      pause: () => this.#pause(),
      unzoom: () => this.unzoom(),
      edit: () => void this.edit(),
      menu: (button) => this.#openMenu(button),
    };
    this.view.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-board-act]") : null;
      if (button !== null) acts[button.dataset["boardAct"] ?? ""]?.(button);
    });
    const shown = () => document.hidden || this.#ticked();
    document.addEventListener("visibilitychange", shown);
    this.#stops.push(
      () => document.removeEventListener("visibilitychange", shown),
      onTheme(() => this.#recolour()),
      this.board.subscribe((state) => state.panels, () => this.#drawPanels()),
      this.board.subscribe((state) => state.board, () => this.#drawBar()),
    );
  }

  /** On a phone it holds what has no room in the bar. */
  #openMenu(button: HTMLElement): void {
    const bar = (name: string) => part(this.view, `[data-board-act=${name}]`);
    const hidden = ["pause", "edit"].filter((name) => !bar(name).hidden && bar(name).offsetParent === null);
    const acts = { pause: () => this.#pause(), edit: () => void this.edit() };
    openBoardMenu(this.shell, { board: this.board.get(), anchor: button, paused: this.#pausedAt !== null, ...(hidden.includes("pause") ? { pause: acts.pause } : {}), ...(hidden.includes("edit") ? { edit: acts.edit } : {}) });
  }

  // Scene

  snapshot(): BoardSnapshot {
    return this.#frozen ?? this.line.guests.in(this.board.get());
  }

  range(): Range {
    return this.line.range;
  }

  now(): number {
    return this.#pausedAt ?? this.line.now();
  }

  start(): number {
    const { range } = this.line;
    return isLive(range) ? this.end() - range.seconds : range.from;
  }

  end(): number {
    const { range } = this.line;
    if (!isLive(range)) return range.to;
    return this.#pausedAt ?? Math.max(this.samples.tick + 1, Math.floor(this.line.now()));
  }

  isStale(): boolean {
    return this.#pausedAt === null && this.line.isStale;
  }

  offset(view: PanelView): number {
    return this.#offsets.get(view.id) ?? 0;
  }

  crossed(): number | null {
    return this.#crossed;
  }

  cross(at: number | null): void {
    if (at === this.#crossed) return;
    this.#crossed = at;
    for (const card of this.#cards.values()) card.cross();
  }

  zoom(from: number, to: number): void {
    const before = this.#before ?? this.line.range;
    this.#choose(zoomedTo(from, to)).then(
      () => {
        this.#before = before;
        this.#drawBar();
      },
      (error: unknown) => this.shell.fail("That part could not be shown", error),
    );
  }

  unzoom(): void {
    const before = this.#before;
    if (before !== null) this.#choose(before).catch((error: unknown) => this.shell.fail("The range could not be shown", error));
  }

  // Figures

  async #load(): Promise<void> {
    try {
      await this.line.show(this.line.range);
      this.#drawBar();
    } catch (error) {
      this.#saidLate = true;
      this.shell.toast({ kind: "error", title: "The figures could not be loaded", text: `${errorText(error)} They are asked for again.`, matter: "figures" });
    }
  }

  #arrived(): void {
    this.#grid.removeAttribute("aria-busy");
    if (this.#saidLate) this.shell.toast({ kind: "info", title: "The figures are here", matter: "figures" });
    this.#saidLate = false;
  }

  async #choose(range: Range): Promise<void> {
    await this.line.show(range);
    this.#before = null;
    this.#crossed = null;
    if (this.#pausedAt !== null) this.#pause();
    this.#drawBar();
    this.#ticked();
  }

  #ticked(): void {
    // Also of a tab that nobody looks at, which would grow for as long as it is left open.
    if (isLive(this.line.range)) this.samples.forget(this.start());
    if (document.hidden) return;
    if (this.line.loaded) this.#arrived();
    if (this.#pausedAt === null) this.#drawing.all();
    if (this.#editing) this.#editDrawing.all();
    this.#drawBehind();
    this.#drawLive();
  }

  #recolour(): void {
    for (const card of this.#cards.values()) card.recolour();
    for (const preview of this.#previews) preview.recolour();
  }

  // The bar

  #drawBar(): void {
    const { board, may_edit: mayEdit } = this.board.get();
    const { range } = this.line;
    const bar = (name: string) => part(this.view, `[data-board-act=${name}]`);
    if (this.#editing) return;
    const name = part(this.view, "[data-part=name]");
    if (board.kind !== "room") name.textContent = board.name;
    bar("edit").hidden = !mayEdit;
    bar("pause").hidden = !isLive(range);
    bar("unzoom").hidden = this.#before === null;
    part(this.view, "[data-part=unpublished]").hidden = !mayEdit || board.changed_at === null;
    this.#ranges.show(range, this.line.now());
    this.#drawLive();
  }

  #drawLive(): void {
    if (this.#editing) return;
    const live = part(this.view, "[data-part=live]");
    const online = this.line.connection.state === "online";
    const text = !isLive(this.line.range) ? "" : !online ? "Reconnecting" : this.#pausedAt !== null ? "Paused" : this.line.isStale ? "No figures" : "Live";
    live.hidden = text === "" || !this.line.loaded;
    if (live.textContent !== text) live.textContent = text;
    live.classList.toggle("off", text !== "Live");
  }

  #pause(): void {
    const paused = this.#pausedAt === null;
    this.#pausedAt = paused ? this.end() : null;
    this.#frozen = paused ? this.board.get() : null;
    const button = part(this.view, "[data-board-act=pause]");
    button.setAttribute("aria-pressed", String(paused));
    part(button, "[data-part=pause-text]").textContent = paused ? "Go on" : "Pause";
    part(button, "[data-part=pause-icon]").hidden = paused;
    part(button, "[data-part=play-icon]").hidden = !paused;
    if (!paused) this.#drawPanels();
    this.#ticked();
  }

  #drawBehind(): void {
    if (this.#editing) return;
    const pill = part(this.view, "[data-part=behind]");
    pill.hidden = this.#pausedAt === null;
    if (this.#pausedAt !== null) pill.textContent = `${ago(this.line.now() - this.#pausedAt)} behind`;
  }

  // Panels

  #drawPanels(): void {
    // Editing stands in its place; it is drawn when that is over.
    if (this.#frozen !== null || this.#editing) return;
    const { panels, may_edit: mayEdit } = this.board.get();
    const known = new Set(panels.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (known.has(id)) continue;
      this.#drawing.remove(card.element);
      card.dispose();
      this.#cards.delete(id);
    }
    this.#count(panels);
    const places = new Map(packed(panels.map(({ id, x, y, w, h }) => ({ id, x, y, w, h }))).map((place) => [place.id, place]));
    for (const panel of panels) this.#drawCard(panel, places.get(panel.id) ?? panel);
    inReadingOrder(this.#grid, panels.flatMap(({ id }) => this.#cards.get(id)?.element ?? []));
    const none = part(this.view, "[data-part=none]");
    none.hidden = panels.length > 0;
    this.#grid.hidden = panels.length === 0;
    part(none, "[data-board-act=edit]").hidden = !mayEdit;
  }

  #count(panels: readonly PanelView[]): void {
    const single = panels.filter(({ series, kind }) => series.length === 1 && kind !== "gauge");
    this.#offsets = new Map(single.map(({ id }, index) => [id, index]));
  }

  #drawCard(panel: PanelView, { x, y, w, h }: { x: number; y: number; w: number; h: number }): void {
    let card = this.#cards.get(panel.id);
    if (card === undefined) {
      const made = new PanelCard(this, { menu: (one, anchor) => this.#menu(one, anchor), step: (one, steps) => this.#step(one, steps), escape: () => this.#escape() }, panel, this.#tables.has(panel.id));
      card = made;
      this.#cards.set(panel.id, made);
      this.#drawing.add(made.element, () => this.line.loaded && made.draw());
    } else if (card.view.version !== panel.version || card.view.kind !== panel.kind) {
      card.update(panel);
      this.#drawing.one(card.element);
    }
    for (const [name, value] of Object.entries({ "--x": x + 1, "--y": y + 1, "--w": w, "--h": h })) card.element.style.setProperty(name, String(value));
  }

  #menu(card: PanelCard, anchor: HTMLElement): void {
    openPanelMenu(this.shell, {
      board: this.board.get(),
      panel: card.view,
      range: this.line.range,
      anchor,
      isChart: card.isChart,
      asTable: card.asTable,
      toggleTable: () => {
        this.#tables.set(card.view.id, !card.asTable);
        card.showAsTable(!card.asTable);
      },
      edit: () => void this.edit(),
    });
  }

  // Keys

  #step(card: PanelCard, steps: number): void {
    const { step, tick } = this.samples;
    const last = Math.min(this.end() - 1, tick);
    const from = this.#crossed ?? last + step;
    const at = Math.floor((from + steps * step) / step) * step;
    this.cross(Math.min(Math.max(at, Math.ceil(this.start() / step) * step), Math.floor(last / step) * step));
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => this.#speak(card), SPEAK_MS);
  }

  #speak(card: PanelCard): void {
    if (this.#crossed !== null) this.shell.announce(crossedWords(this, card.view, this.#crossed));
  }

  #escape(): void {
    if (this.#crossed !== null) this.cross(null);
    else this.unzoom();
  }

  // Editing

  command<Name extends CommandName>(type: Name, data: CommandData<Name>): Promise<CommandResult<Name>> {
    return this.line.command(type, data);
  }

  /** Opens the draft in place of the board. */
  async edit(): Promise<void> {
    if (this.#editing || this.#entering || !this.board.get().may_edit) return;
    this.#entering = true;
    try {
      const { edit } = await import("../edit/parts");
      if (!this.view.isConnected) return;
      if (this.#pausedAt !== null) this.#pause();
      this.#editing = true;
      const editing = edit(this);
      this.#stops.push(() => editing.leave());
    } catch (error) {
      this.#editing = false;
      this.shell.fail("Editing could not be loaded", error);
    } finally {
      this.#entering = false;
    }
  }

  draw(view: PanelView, place: HTMLElement): Drawn {
    const preview = new Preview(this, this.#editDrawing, view, place, (one) => this.#previews.delete(one));
    this.#previews.add(preview);
    return preview;
  }

  alsoShow(series: readonly SeriesView[]): void {
    this.line.guests.set(series, this.line.range);
  }

  left(): void {
    this.#editing = false;
    this.#drawPanels();
    this.#drawBar();
    this.#drawing.all();
    part(this.view, "h1").focus({ preventScroll: true });
  }
}
