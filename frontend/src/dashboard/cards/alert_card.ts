// An alert in a message: what is wrong, since when, its curve, who has it; one line when it is over. Used by message_cards.ts.
// What one does is asked of the server; the change comes back as an event and is drawn then.

import { clone, el, icon, part } from "../../dom";
import { figureParts, figureWords } from "./figures";
import type { AlertCard, MessageView } from "../../protocol";
import { Curve } from "./curve";
import type { Box, CardHost } from "./message_cards";
import { mergedPoints, within } from "./points";
import { openQuiet } from "./quiet";
import { alertAbout, alertSpan, when } from "./words";

const LEVELS: Readonly<Record<string, string>> = { warn: "Warn", danger: "Danger" };

export class AlertBox implements Box {
  readonly element = el("div");
  readonly #host: CardHost;
  readonly #card = clone("t-alert-card");
  readonly #curve: Curve;
  #alert: AlertCard;
  #moved: number[][] = [];
  /** A resolved one that was asked for. */
  #whole = false;

  constructor(host: CardHost, message: MessageView) {
    this.#host = host;
    this.#alert = alertOf(message);
    this.#curve = new Curve(this.#view());
    part(this.#card, "[data-part=curve]").append(this.#curve.element);
    const act = (name: string, run: (button: HTMLButtonElement) => void) => {
      const button = part<HTMLButtonElement>(this.#card, `[data-alert=${name}]`);
      button.onclick = () => run(button);
    };
    act("acknowledge", (button) => void this.#acknowledge(button));
    act("quiet", (button) => openQuiet(this.#host.shell, button, this.#host.room, this.#alert.rule, this.#alert.quiet_until));
    act("fold", () => this.#fold());
  }

  show(message: MessageView): void {
    this.#alert = alertOf(message);
    if (this.#alert.state === "firing") this.#whole = false;
    this.#draw();
  }

  move(points: readonly number[][]): void {
    this.#moved = within(mergedPoints(this.#moved, points), this.#alert.seconds);
  }

  dispose(): void {
    this.#curve.dispose();
  }

  // Drawing

  #draw(): void {
    const folded = this.#alert.state !== "firing" && !this.#whole;
    if (folded) return this.#drawLine();
    if (this.element.firstElementChild !== this.#card) this.element.replaceChildren(this.#card);
    this.#fill();
  }

  #drawLine(): void {
    const words = `${this.#alert.title}, ${figureWords(this.#alert.peak, this.#alert.unit)} at worst`;
    const line = resolvedLine(words, alertSpan(this.#alert), () => {
      this.#whole = true;
      this.#draw();
      this.#host.grown();
      part(this.#card, "[data-alert=fold]").focus({ preventScroll: true });
    });
    this.element.replaceChildren(line);
  }

  #fold(): void {
    this.#whole = false;
    this.#draw();
    this.#host.grown();
    part(this.element, "[data-part=show]").focus({ preventScroll: true });
  }

  #fill(): void {
    const alert = this.#alert;
    const firing = alert.state === "firing";
    const text = (name: string, value: string) => (part(this.#card, `[data-part=${name}]`).textContent = value);
    this.#card.className = `alertcard ${firing ? alert.level : "done"}`;
    text("title", alert.title);
    text("about", alertAbout(alert, Date.now()));
    const [value, unit] = figureParts(firing ? this.#newest() : alert.peak, alert.unit);
    text("value", value);
    text("unit", unit);
    text("level", firing ? (LEVELS[alert.level] ?? "") : "Resolved");
    this.#drawAck(alert);
    const board = part<HTMLAnchorElement>(this.#card, "[data-part=board]");
    board.hidden = alert.url === "";
    board.href = alert.url;
    part(this.#card, "[data-alert=acknowledge]").hidden = !firing || alert.acknowledged_by !== null || !this.#host.member();
    part(this.#card, "[data-alert=quiet]").hidden = !this.#host.member();
    part(this.#card, "[data-alert=fold]").hidden = firing;
    const { quiet } = this;
    text("quiet-text", quiet === null ? "Quiet" : `Quiet until ${when(quiet)}`);
    this.#curve.show(this.#view());
  }

  /** Until when the rule is quiet, while it is. */
  get quiet(): string | null {
    const until = this.#alert.quiet_until;
    return until !== null && Date.parse(until) > Date.now() ? until : null;
  }

  #drawAck(alert: AlertCard): void {
    const place = part(this.#card, "[data-part=ack]");
    const { people } = this.#host.shell.session;
    const line: (Node | string)[] = [];
    if (alert.acknowledged_at !== null) {
      const words = el("span");
      words.append(el("b", "", people.get(alert.acknowledged_by)?.display_name ?? (alert.acknowledged_name || "Somebody")), ` has it, ${when(alert.acknowledged_at)}`);
      line.push(icon("circle-check"), words);
    } else if (alert.state === "firing") line.push(el("span", "muted", "Nobody has it yet"));
    else line.push(icon("circle-check"), el("span", "", `Over since ${when(alert.resolved_at ?? alert.fired_at)}`));
    if (this.quiet !== null && alert.quiet_by !== null) line.push(el("span", "muted", `quiet, by ${people.name(alert.quiet_by)}`));
    if (alert.others > 0) line.push(el("span", "muted", `${alert.others} more ${alert.others === 1 ? "rule fires" : "rules fire"} here`));
    place.replaceChildren(...line);
  }

  #points(): number[][] {
    return mergedPoints(this.#alert.points, this.#moved);
  }

  #newest(): number {
    const last = this.#moved[this.#moved.length - 1];
    const shown = this.#alert.points[this.#alert.points.length - 1];
    return last !== undefined && (last[0] ?? 0) > (shown?.[0] ?? 0) ? (last[1] ?? 0) : this.#alert.value;
  }

  #view() {
    const alert = this.#alert;
    const points = this.#points();
    const end = points[points.length - 1]?.[0] ?? Date.parse(alert.resolved_at ?? alert.fired_at) / 1000;
    const limit = `the limit is ${figureWords(alert.threshold, alert.unit)}`;
    const label = `${alert.title}: ${figureWords(this.#newest(), alert.unit)}, ${figureWords(alert.peak, alert.unit)} at worst; ${limit}`;
    return { points, seconds: alert.seconds, end, threshold: alert.threshold, unit: alert.unit, level: alert.state === "firing" ? alert.level : "", label };
  }

  async #acknowledge(button: HTMLButtonElement): Promise<void> {
    const { shell, room } = this.#host;
    button.disabled = true;
    try {
      await shell.session.command("alert.acknowledge", { alert: this.#alert.alert }, room);
      shell.announce("You have it");
    } catch (error) {
      shell.fail("The alert could not be acknowledged", error);
    } finally {
      button.disabled = false;
    }
  }
}

function alertOf(message: MessageView): AlertCard {
  const alert = message.card?.alert;
  if (alert == null) throw new Error("The message carries no alert.");
  return alert;
}

/** The line that stands for an alert that is over. */
function resolvedLine(words: string, span: string, show: () => void): HTMLElement {
  const line = clone("t-alert-resolved");
  part(line, "[data-part=text]").textContent = `${words}, ${span}`;
  part(line, "[data-part=show]").onclick = show;
  return line;
}
