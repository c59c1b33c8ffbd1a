// A series in the conversation (`/chart`): moves for everybody while it is live, then stays a picture "as of".
// Used by message_cards.ts. It hears the figures that flow and fetches nothing.

import { clone, el, part } from "../../dom";
import { figureWords } from "./figures";
import type { ChartCard, MessageView } from "../../protocol";
import { fullTime } from "../../time";
import { moment } from "../view/units";
import { wantPanel } from "../wanted";
import { Curve } from "./curve";
import type { Box, CardHost } from "./message_cards";
import { mergedPoints, within } from "./points";
import { isLive, lastWords, when } from "./words";

const TABLE_ROWS = 200;

export class ChartBox implements Box {
  readonly element = clone("t-chart-card");
  readonly #host: CardHost;
  readonly #curve: Curve;
  #id: string;
  #chart: ChartCard;
  #moved: number[][] = [];
  #table = false;
  #ends: ReturnType<typeof setTimeout> | undefined;

  constructor(host: CardHost, message: MessageView) {
    this.#host = host;
    this.#id = message.id;
    this.#chart = chartOf(message);
    this.#curve = new Curve(this.#view());
    part(this.element, "[data-part=curve]").append(this.#curve.element);
    part(this.element, "[data-chart=table]").onclick = () => this.#toggleTable();
    const move = part<HTMLButtonElement>(this.element, "[data-chart=move]");
    move.onclick = () => void this.#move(move);
    part(this.element, "[data-chart=board]").onclick = () => this.#toBoard();
  }

  show(message: MessageView): void {
    const next = chartOf(message);
    this.#id = message.id;
    // A picture that was taken anew knows more than what flowed before it.
    if (!isLive(next, Date.now())) this.#moved = this.#moved.filter(([at = 0]) => at <= Date.parse(next.as_of) / 1000);
    this.#chart = next;
    this.#draw();
  }

  move(points: readonly number[][]): void {
    this.#moved = within(mergedPoints(this.#moved, points), this.#chart.seconds);
  }

  dispose(): void {
    clearTimeout(this.#ends);
    this.#curve.dispose();
  }

  // Drawing

  #draw(): void {
    const chart = this.#chart;
    const live = isLive(chart, Date.now());
    const member = this.#host.member();
    const text = (name: string, value: string) => (part(this.element, `[data-part=${name}]`).textContent = value);
    text("title", chart.title);
    text("range", lastWords(chart.seconds));
    part(this.element, "[data-part=live]").hidden = !live;
    text("note", live ? "Everybody here sees it move" : `as of ${when(chart.as_of)}`);
    part(this.element, "[data-part=note]").title = live ? "" : fullTime(chart.as_of);
    part(this.element, "[data-part=stop]").hidden = !live;
    part(this.element, "[data-part=go-on]").hidden = live;
    part(this.element, "[data-chart=move]").hidden = !member;
    part(this.element, "[data-chart=board]").hidden = !member;
    part(this.element, "[data-chart=table]").setAttribute("aria-pressed", String(this.#table));
    part(this.element, "[data-part=curve]").hidden = this.#table;
    part(this.element, "[data-part=table]").hidden = !this.#table;
    this.#curve.show(this.#view());
    if (this.#table) this.#drawTable();
    this.#watchEnd(live);
  }

  /** An hour is over without a word from the server: the card says so by itself. */
  #watchEnd(live: boolean): void {
    clearTimeout(this.#ends);
    if (!live || this.#chart.live_until === null) return;
    this.#ends = setTimeout(() => this.#draw(), Math.max(1_000, Date.parse(this.#chart.live_until) - Date.now() + 500));
  }

  #points(): number[][] {
    return within(mergedPoints(this.#chart.points, this.#moved), this.#chart.seconds);
  }

  #view() {
    const { title, unit, seconds, threshold, as_of } = this.#chart;
    const points = this.#points();
    const end = points[points.length - 1]?.[0] ?? Date.parse(as_of) / 1000;
    const figures = points.map((point) => point[1] ?? 0);
    const last = figures[figures.length - 1];
    const about = last === undefined ? "no figures" : `${figureWords(last, unit)} now, between ${figureWords(Math.min(...figures), unit)} and ${figureWords(Math.max(...figures), unit)}`;
    return { points, seconds, end, threshold, unit, level: "", label: `${title}, ${lastWords(seconds)}: ${about}` };
  }

  #drawTable(): void {
    const { unit, title } = this.#chart;
    const body = part(this.element, "[data-part=rows]");
    part(this.element, "[data-part=caption]").textContent = `${title}, newest first`;
    const points = this.#points();
    // Of several in one minute each has its own second.
    const step = points.some(([at = 0], index) => at - (points[index - 1]?.[0] ?? -Infinity) < 60) ? 1 : 60;
    const rows = points.reverse().slice(0, TABLE_ROWS).map(([at = 0, value = 0]) => {
      const row = el("tr");
      row.append(el("td", "", moment(at, step)), el("td", "r", figureWords(value, unit)));
      return row;
    });
    body.replaceChildren(...rows);
  }

  #toggleTable(): void {
    this.#table = !this.#table;
    this.#draw();
    this.#host.grown();
  }

  // What is done

  async #move(button: HTMLButtonElement): Promise<void> {
    const { shell, room } = this.#host;
    const live = !isLive(this.#chart, Date.now());
    button.disabled = true;
    try {
      await shell.session.command("chart.move", { message: this.#id, live }, room);
    } catch (error) {
      shell.fail(live ? "The chart does not move" : "The chart was not stopped", error);
    } finally {
      button.disabled = false;
    }
  }

  /** Opens the room's board with a panel of this series, which the person may place. */
  #toBoard(): void {
    const { shell } = this.#host;
    const { series, aggregate, title, unit } = this.#chart;
    const state = shell.session.room.get();
    if (state === null) return;
    wantPanel({ series, aggregate, title, unit });
    shell.navigate(`${state.room.url}board/`);
  }
}

function chartOf(message: MessageView): ChartCard {
  const chart = message.card?.chart;
  if (chart == null) throw new Error("The message carries no chart.");
  return chart;
}
