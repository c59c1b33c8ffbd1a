// The alerts of a room beside its chat: what fires, who has it, what is over, what is watched and what is quiet; and the form
// of a rule. Opened by button.ts. It is read again when a card of the room changes; what one does is asked of the server.

import { clone, el, icon, maybe, part } from "../../dom";
import { firstName } from "../../people";
import type { AlertView, RuleList, RuleView } from "../../protocol";
import type { MenuItem, Shell } from "../../shell/contract";
import { errorText } from "../../shell/dialogs";
import { Curve } from "../cards/curve";
import { figureWords } from "../cards/figures";
import { openQuiet } from "../cards/quiet";
import { lasting, when } from "../cards/words";
import { RuleForm } from "./rule_form";
import { alertsOf, changeRule, removeRule, rulesOf, stateWords, unitOf } from "./rules";

const OVER_MOST = 20;
const AGAIN_MS = 15_000;
/** How long a message of long ago may take to come. */
const PATIENCE_MS = 10_000;

export class AlertsPane {
  readonly element = clone("t-alerts");
  readonly #shell: Shell;
  readonly #room: number;
  readonly #told: (firing: number) => void;
  readonly #list = part(this.element, "[data-part=list]");
  readonly #curves: Curve[] = [];
  readonly #clock = setInterval(() => document.hidden || void this.load(), AGAIN_MS);
  #form: RuleForm | null = null;
  #rules: RuleList = { rules: [], may_create: false, series: [] };
  #turn = 0;

  constructor(shell: Shell, room: number, told: (firing: number) => void) {
    this.#shell = shell;
    this.#room = room;
    this.#told = told;
    part(this.element, "[data-alerts=new]").onclick = () => this.#openForm(null);
    void this.load();
  }

  close(): void {
    clearInterval(this.#clock);
    this.#dropCurves();
    this.#turn = -1;
  }

  /** Reads everything again. */
  async load(): Promise<void> {
    if (this.#turn < 0) return;
    const turn = (this.#turn += 1);
    try {
      const [rules, found] = await Promise.all([rulesOf(this.#room), alertsOf(this.#room)]);
      if (turn !== this.#turn) return;
      this.#shell.session.people.add(...found.people);
      this.#rules = rules;
      this.#draw(found.alerts);
    } catch (error) {
      if (turn !== this.#turn) return;
      const failed = clone("t-alerts-failed");
      part(failed, "[data-part=text]").textContent = errorText(error);
      part(failed, "[data-part=again]").onclick = () => void this.load();
      if (this.#list.childElementCount === 0 || this.#list.hasAttribute("aria-busy")) this.#list.replaceChildren(failed);
    }
    this.#list.removeAttribute("aria-busy");
  }

  // Drawing

  #draw(alerts: readonly AlertView[]): void {
    const { rules, may_create } = this.#rules;
    const firing = alerts.filter(({ card }) => card.state === "firing");
    const over = alerts.filter(({ card }) => card.state !== "firing").slice(0, OVER_MOST);
    this.#told(firing.length);
    part(this.element, "[data-alerts=new]").hidden = !may_create || this.#form !== null;
    const focused = this.#focusKey();
    this.#dropCurves();
    const open = firing.filter(({ card }) => card.acknowledged_by === null);
    const known = firing.filter(({ card }) => card.acknowledged_by !== null);
    const parts = [
      ...open.map((alert) => this.#firing(alert)),
      ...this.#block("", known.map((alert) => this.#alertRow(alert))),
      ...this.#block("Rules", [...rules].sort((a, b) => Number(b.state === "firing") - Number(a.state === "firing")).map((rule) => this.#ruleRow(rule, firing))),
      ...this.#block("Over", over.map((alert) => this.#alertRow(alert))),
    ];
    if (parts.length === 0) parts.push(this.#nothing(may_create));
    this.#list.replaceChildren(...parts);
    if (focused !== null) maybe(this.#list, `[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  /** The pane is drawn anew while somebody is in it. */
  #focusKey(): string | null {
    const at = document.activeElement;
    return at instanceof HTMLElement && this.#list.contains(at) ? (at.dataset["key"] ?? null) : null;
  }

  #dropCurves(): void {
    for (const curve of this.#curves.splice(0)) curve.dispose();
  }

  #nothing(may: boolean): HTMLElement {
    const empty = clone("t-alerts-none");
    part(empty, "[data-part=text]").textContent = may ? "A rule tells this room when a figure goes too far." : "Owners and moderators make rules here.";
    return empty;
  }

  #block(title: string, rows: readonly HTMLElement[]): HTMLElement[] {
    if (rows.length === 0) return [];
    const block = el("section", "block");
    if (title !== "") block.append(el("h3", "", title));
    const list = el("ul", "rowlist alertlist");
    list.append(...rows);
    block.append(list);
    return [block];
  }

  #name(user: number | null): string {
    const person = this.#shell.session.people.get(user);
    return person === null ? "somebody" : firstName(person);
  }

  /** What nobody has taken yet stands first, with its curve. */
  #firing({ card, message }: AlertView): HTMLElement {
    const box = clone("t-alert-firing");
    box.classList.add(card.level);
    part(box, "[data-part=title]").textContent = card.title;
    part(box, "[data-part=text]").textContent = `${figureWords(card.value, card.unit)} for ${lasting((Date.now() - Date.parse(card.since)) / 1000)}, nobody has it yet`;
    const end = card.points[card.points.length - 1]?.[0];
    if (end !== undefined) {
      const curve = new Curve({ points: card.points, seconds: card.seconds, end, threshold: card.threshold, unit: card.unit, level: card.level, label: `${card.title}, ${figureWords(card.peak, card.unit)} at worst` });
      this.#curves.push(curve);
      part(box, "[data-part=curve]").append(curve.element);
    }
    const take = part<HTMLButtonElement>(box, "[data-part=take]");
    take.dataset["key"] = `take ${card.alert}`;
    take.onclick = () => void this.#acknowledge(card.alert, take);
    const reply = part(box, "[data-part=reply]");
    reply.dataset["key"] = `reply ${card.alert}`;
    reply.hidden = message === null;
    reply.onclick = () => message !== null && this.#reply(message);
    return box;
  }

  #alertRow({ card, message_url }: AlertView): HTMLElement {
    const firing = card.state === "firing";
    const row = el("li", firing ? "bad" : "good");
    const words = firing
      ? `firing ${lasting((Date.now() - Date.parse(card.since)) / 1000)}, ${this.#name(card.acknowledged_by)} has it`
      : `resolved ${when(card.resolved_at ?? card.fired_at)}${card.acknowledged_by === null ? "" : `, ${this.#name(card.acknowledged_by)} had it`}`;
    const title = message_url === "" ? el("b", "", card.title) : el("a", "", card.title, { href: message_url, "data-key": `to ${card.alert}` });
    const text = el("span", "grow");
    text.append(title, el("small", "", words));
    row.append(firing ? icon("circle-alert") : icon("circle-check"), text, el("span", "num", figureWords(firing ? card.value : card.peak, card.unit)));
    return row;
  }

  #ruleRow(rule: RuleView, firing: readonly AlertView[]): HTMLElement {
    const fires = firing.some(({ card }) => card.rule === rule.id);
    const quiet = rule.quiet_until !== null && Date.parse(rule.quiet_until) > Date.now();
    const row = el("li", rule.problem !== "" ? "bad" : fires ? "bad" : "");
    const text = el("span", "grow");
    text.append(el("b", "", rule.title), el("small", "", stateWords(rule, (user) => this.#name(user))));
    const value = rule.value === null ? "" : figureWords(rule.value, unitOf(rule));
    const symbol = rule.problem !== "" ? icon("triangle-alert") : !rule.enabled ? icon("ban") : quiet ? icon("bell-off") : icon("bell");
    row.append(symbol, text, el("span", "num", value));
    const menu = el("button", "btn quiet small icon-only", null, { type: "button", "aria-label": `Menu of ${rule.title}`, "aria-haspopup": "menu", "aria-expanded": "false", "data-key": `menu ${rule.id}` });
    menu.append(icon("ellipsis"));
    menu.onclick = () => this.#menu(rule, menu);
    row.append(menu);
    return row;
  }

  // What is done

  #menu(rule: RuleView, anchor: HTMLElement): void {
    const quiet: MenuItem = { icon: "volume-x", text: "Quiet for a time…", run: () => openQuiet(this.#shell, anchor, this.#room, rule.id, rule.quiet_until) };
    const own: MenuItem[] = [
      { icon: "pencil-line", text: "Change", run: () => this.#openForm(rule) },
      { icon: rule.enabled ? "ban" : "bell", text: rule.enabled ? "Switch off" : "Switch on", run: () => void this.#switch(rule) },
      { icon: "trash-2", text: "Delete", danger: true, line: true, run: () => void this.#remove(rule) },
    ];
    this.#shell.openMenu({ label: `Menu of ${rule.title}`, anchor, items: rule.may_change ? [quiet, ...own] : [quiet] });
  }

  async #acknowledge(alert: string, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      await this.#shell.session.command("alert.acknowledge", { alert }, this.#room);
      this.#shell.announce("You have it");
      part(this.element, "h2").focus({ preventScroll: true });
      await this.load();
    } catch (error) {
      button.disabled = false;
      this.#shell.fail("The alert could not be acknowledged", error);
    }
  }

  /** A reply acknowledges: the composer quotes the alert. */
  #reply(message: string): void {
    this.#shell.session.beside.talks.get(this.#room)?.reveal(message, false);
    this.#quote(message, performance.now() + PATIENCE_MS);
  }

  /** Quotes the message and no other: one of long ago is still being fetched. */
  #quote(message: string, until: number): void {
    const row = document.querySelector<HTMLElement>(`#view .log .msg[data-id="${CSS.escape(message)}"]`);
    if (row === null) {
      if (performance.now() < until && this.#turn >= 0) requestAnimationFrame(() => this.#quote(message, until));
      return;
    }
    row.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" }));
    maybe(row, ".tools [data-do=quote-message]")?.click();
  }

  async #switch(rule: RuleView): Promise<void> {
    try {
      await changeRule(rule.id, { enabled: !rule.enabled });
      this.#shell.announce(rule.enabled ? "Switched off" : "Switched on");
      await this.load();
    } catch (error) {
      this.#shell.fail("The rule was not changed", error);
    }
  }

  async #remove(rule: RuleView): Promise<void> {
    const text = "What it told stays in the room. An alert that fires ends with it.";
    const answer = await this.#shell.confirm({ title: `Delete “${rule.title}”?`, text, go: "Delete", danger: true }, () => removeRule(rule.id));
    if (answer === null) return;
    this.#shell.toast({ kind: "info", title: "Rule deleted" });
    await this.load();
    part(this.element, "h2").focus({ preventScroll: true });
  }

  #openForm(rule: RuleView | null): void {
    const form = new RuleForm({
      room: this.#room,
      rule,
      series: this.#rules.series,
      done: (made) => {
        this.#closeForm();
        this.#shell.announce(rule === null ? `Rule made: ${made.title}` : "Rule saved");
        void this.load();
      },
      closed: () => this.#closeForm(),
    });
    this.#form = form;
    part(this.element, "[data-part=form]").replaceChildren(form.element);
    part(this.element, "[data-part=scroll]").scrollTop = 0;
    part(this.element, "[data-alerts=new]").hidden = true;
    form.focus();
  }

  #closeForm(): void {
    this.#form = null;
    part(this.element, "[data-part=form]").replaceChildren();
    const again = part(this.element, "[data-alerts=new]");
    again.hidden = !this.#rules.may_create;
    (again.hidden ? part(this.element, "h2") : again).focus({ preventScroll: true });
  }
}
