// "Tell a room when in danger": the rule that belongs to a panel. Used by the panel's form; it is sent with Apply.

import { el, part } from "../../dom";
import { roomLabel } from "../../people";
import type { PanelSeries, PanelView, RuleView, SeriesView } from "../../protocol";
import { withRule } from "../../reducers/board";
import { changeRule, LASTS, makeRule, removeRule } from "../alerts/rules";
import type { EditHost } from "./host";

type First = { series: SeriesView; of: PanelSeries } | null;

export class AlertSection {
  readonly #host: EditHost;
  readonly #place: HTMLElement;
  readonly #panel: string;
  readonly #on: HTMLInputElement;
  readonly #lasts: HTMLSelectElement;
  readonly #rooms: HTMLSelectElement;
  #touched = false;

  constructor(host: EditHost, place: HTMLElement, panel: string) {
    this.#host = host;
    this.#place = place;
    this.#panel = panel;
    this.#on = part(place, "[name=tell]");
    this.#lasts = part(place, "[name=lasts]");
    this.#rooms = part(place, "[name=room]");
    this.#lasts.replaceChildren(...LASTS.map(([seconds, text]) => el("option", "", text, { value: String(seconds) })));
    this.#lasts.value = "120";
  }

  dispose(): void {
    this.#place.hidden = true;
  }

  get touched(): boolean {
    return this.#touched;
  }

  typed(): void {
    this.#touched = true;
    this.#drawFields();
  }

  get #rule(): RuleView | null {
    return this.#host.board.get().rules.find((rule) => rule.panel === this.#panel) ?? null;
  }

  draw(view: PanelView, first: First): void {
    const danger = view.thresholds.find(({ level }) => level === "danger");
    const rule = this.#rule;
    this.#drawRooms(first?.series ?? null);
    if (!this.#touched) {
      this.#on.checked = rule?.enabled === true;
      if (rule !== null) {
        this.#lasts.value = String(rule.for_seconds);
        this.#rooms.value = String(rule.room);
      }
    }
    const ready = danger !== undefined && first !== null && this.#rooms.childElementCount > 0;
    this.#on.disabled = !ready && rule === null;
    const why = first === null ? "Choose a series first." : danger === undefined ? "Add a Danger threshold first." : "You are in no room that may be told of it.";
    const help = part(this.#place, "[data-part=why]");
    help.textContent = ready ? (rule !== null && rule.problem !== "" ? rule.problem : "") : why;
    help.hidden = help.textContent === "";
    this.#rooms.disabled = rule !== null;
    this.#drawFields();
  }

  #drawFields(): void {
    part(this.#place, "[data-part=fields]").hidden = !this.#on.checked;
  }

  /** A room's own figures are told in that room alone. */
  #drawRooms(series: SeriesView | null): void {
    const rooms = this.#host.shell.session.home.get().rooms.filter(({ room }) => room.archived_at === null && (series?.room == null || room.id === series.room));
    const drawn = rooms.map(({ room }) => room.id).join();
    if (this.#rooms.dataset["drawn"] === drawn) return;
    const chosen = this.#rooms.value;
    this.#rooms.dataset["drawn"] = drawn;
    this.#rooms.replaceChildren(...rooms.map(({ room, people }) => el("option", "", roomLabel(room, people), { value: String(room.id) })));
    const own = String(this.#host.board.get().board.room ?? "");
    this.#rooms.value = chosen === "" ? own : chosen;
    if (this.#rooms.value === "" && rooms[0] !== undefined) this.#rooms.value = String(rooms[0].room.id);
  }

  #keep(rule: RuleView): void {
    this.#host.board.update((board) => withRule(board, rule.id, rule));
  }

  /** Makes, changes or switches the rule off, as it is chosen here. */
  async apply(view: PanelView, first: First): Promise<void> {
    const rule = this.#rule;
    const danger = view.thresholds.find(({ level }) => level === "danger");
    if (!this.#on.checked || danger === undefined || first === null) {
      if (rule?.enabled === true && this.#touched) this.#keep(await changeRule(rule.id, { enabled: false }));
      this.#touched = false;
      return;
    }
    const { series, of } = first;
    const now = { aggregate: of.aggregate, above: !danger.below, threshold: danger.value, for_seconds: Number(this.#lasts.value), enabled: true };
    // A rule watches one series for good: another series is another rule.
    const same = rule?.series.id === series.id;
    if (rule !== null && !same) {
      await removeRule(rule.id);
      this.#host.board.update((board) => withRule(board, rule.id, null));
    }
    if (rule === null || !same) this.#keep(await makeRule(Number(this.#rooms.value), { ...now, series: series.id, title: "", level: "danger", board: this.#host.board.get().board.id, panel: this.#panel }));
    else if (this.#touched || rule.threshold !== danger.value || rule.above === danger.below) this.#keep(await changeRule(rule.id, { ...now, title: "" }));
    this.#touched = false;
  }
}
