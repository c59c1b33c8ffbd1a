// "Why this answer": what a run was given, what it did, how long it took and what it cost. A pane beside the chat.
// Everybody who can read the answer can open it. It is read again when the run goes on; it changes nothing.

import * as api from "../api";
import { clone, el, icon, part } from "../dom";
import { firstName } from "../people";
import type { RunLogView, SourceView, StepView } from "../protocol";
import type { Shell } from "../shell/contract";
import { errorText } from "../shell/dialogs";
import { clock } from "../time";
import { countWords, isLive, moneyWords, tookWords } from "./words";

/** The longest detail that is shown without being asked for. */
const SHORT_CHARS = 160;

const SOURCE_ICONS: Record<string, () => SVGElement> = {
  pin: () => icon("pin"),
  document: () => icon("file-code"),
  file: () => icon("paperclip"),
  memory: () => icon("notebook-pen"),
  metric: () => icon("chart-column"),
};

let open: RunLog | null = null;

/** Opens the log of a run, or closes it when it stands open. */
export function openRunLog(shell: Shell, run: string, opener: HTMLElement): void {
  if (open?.run === run) return shell.closePane();
  const log = new RunLog(shell, run);
  const closed = () => {
    log.close();
    opener.setAttribute("aria-pressed", "false");
    if (open === log) open = null;
  };
  shell.showPane(log.element, { opener, onClose: closed });
  // The pane that stood there before has said good-bye by now.
  open = log;
  opener.setAttribute("aria-pressed", "true");
}

class RunLog {
  readonly element = clone("t-run-log");
  readonly #shell: Shell;
  readonly #place = part(this.element, "[data-part=log]");
  readonly #stop: () => void;
  #view: RunLogView | null = null;
  #turn = 0;

  constructor(
    shell: Shell,
    readonly run: string,
  ) {
    this.#shell = shell;
    this.#stop = shell.session.connection.onEvent((event) => event.type === "run.changed" && event.data.run.id === run && void this.#load());
    part(this.element, "[data-log=copy]").addEventListener("click", () => void this.#copy());
    this.#place.addEventListener("click", (event) => event.target instanceof Element && event.target.closest("[data-log=again]") !== null && void this.#load());
    void this.#load();
  }

  close(): void {
    this.#stop();
    this.#turn = -1;
  }

  async #load(): Promise<void> {
    if (this.#turn < 0) return;
    const turn = (this.#turn += 1);
    try {
      const view = await api.get<RunLogView>(`/api/runs/${this.run}/log/`);
      if (turn !== this.#turn) return;
      this.#view = view;
      part(this.element, "[data-log=copy]").hidden = false;
      this.#place.replaceChildren(...this.#blocks(view));
    } catch (error) {
      if (turn !== this.#turn) return;
      const failed = clone("t-run-log-failed");
      part(failed, "[data-part=text]").textContent = errorText(error);
      this.#place.replaceChildren(failed);
    }
    this.#place.removeAttribute("aria-busy");
  }

  // Drawing

  #blocks(view: RunLogView): HTMLElement[] {
    const { run, steps } = view;
    const of = (...kinds: string[]) => steps.filter((step) => kinds.includes(step.kind));
    const asker = this.#shell.session.people.get(run.asker);
    const rights = asker === null ? "" : `with ${firstName(asker)}’s rights`;
    const problems = of("problem");
    const rounds = view.rounds > 0 ? `${view.rounds} ${view.rounds === 1 ? "round" : "rounds"}` : "";
    const given = [...givenItems(of("context"), view.sources), ...hiddenItem(view.hidden_sources)];
    return [
      ...this.#notices(view),
      figures(view),
      facts(view),
      ...block("Prompt", "", of("prompt").map(promptItem), "prompts"),
      ...block("What it was given", rights, given),
      ...block("What it did", rounds, of("tool", "model").map((step) => stepItem(step, step.refused ? "ban" : "check", step.refused ? "bad" : "good"))),
      ...block("Errors", problems.length === 0 ? "" : `${problems.length}${run.state === "done" ? ", recovered" : ""}`, problems.map((step) => stepItem(step, "circle-alert", "bad", clock(step.at)))),
    ];
  }

  #notices({ run }: RunLogView): HTMLElement[] {
    const notices: HTMLElement[] = [];
    if (run.demo) notices.push(clone("t-run-demo"));
    if (run.problem !== "") {
      const notice = clone("t-run-problem");
      part(notice, "[data-part=text]").textContent = run.problem;
      notices.push(notice);
    }
    return notices;
  }

  async #copy(): Promise<void> {
    if (this.#view === null) return;
    try {
      await navigator.clipboard.writeText(asText(this.#view));
      this.#shell.toast({ kind: "info", title: "Log copied" });
    } catch {
      this.#shell.toast({ kind: "error", title: "The browser did not allow copying" });
    }
  }
}

function figures(view: RunLogView): HTMLElement {
  const figs = clone("t-run-figures");
  const end = view.ended_at ?? new Date().toISOString();
  const took = view.started_at === null ? null : Date.parse(end) - Date.parse(view.started_at);
  const figure = (name: string, value: string, unit: string) => part(figs, `[data-part=${name}]`).replaceChildren(`${value} `, el("small", "", unit));
  const [time, ...unit] = took === null ? ["–"] : tookWords(took).split(" ");
  figure("took", time ?? "–", unit.join(" "));
  const about = view.estimated ? "tokens, estimated" : "tokens";
  figure("read", countWords(view.input_tokens), about);
  figure("wrote", countWords(view.output_tokens), about);
  figure("cost", moneyWords(view.cost_micros), view.run.demo ? "local" : view.currency);
  return figs;
}

/** One line of what else one may want to know. */
function facts(view: RunLogView): HTMLElement {
  const line = el("p", "runfacts");
  const said = [view.run.model === "" ? "" : `Model ${view.run.model}`, `asked ${clock(view.asked_at)}`];
  if (view.first_text_at !== null && view.started_at !== null) said.push(`first words after ${tookWords(Date.parse(view.first_text_at) - Date.parse(view.started_at))}`);
  if (view.run.answers > 1) said.push(`answer ${view.answer_no} of ${view.run.answers}`);
  if (isLive(view.run)) said.push("still writing");
  line.textContent = said.filter((one) => one !== "").join(" · ");
  return line;
}

function block(title: string, aside: string, items: readonly HTMLElement[], kind = "list"): HTMLElement[] {
  if (items.length === 0) return [];
  const section = clone("t-run-block");
  part(section, "[data-part=title]").textContent = title;
  part(section, "[data-part=aside]").textContent = aside;
  const list = part(section, "[data-part=list]");
  list.className = kind;
  list.append(...items);
  return [section];
}

function promptItem(step: StepView): HTMLElement {
  const item = el("li");
  if (step.title !== "") item.append(el("small", "", step.title));
  const well = el("p", "well", step.detail, { tabindex: "0" });
  well.dir = "auto";
  item.append(well);
  return item;
}

function stepItem(step: StepView, symbol: string, kind = "", end = step.ms === null ? "" : tookWords(step.ms)): HTMLElement {
  const item = el("li", kind);
  const text = el("span", "grow");
  text.append(el("b", "", step.title));
  if (step.refused) text.append(el("span", "sr", " refused"));
  if (step.detail !== "") text.append(detail(step.detail));
  item.append(icon(symbol), text, el("span", "num", end));
  return item;
}

/** What is long is folded: the log stays one that can be looked over. */
function detail(text: string): HTMLElement {
  if (text.length <= SHORT_CHARS) return el("small", "", text);
  const more = el("details");
  more.append(el("summary", "", "Show"), el("pre", "well", text, { tabindex: "0" }));
  return more;
}

/** What it was given, each once: a step that is a source as well leads to its place. */
function givenItems(steps: readonly StepView[], sources: readonly SourceView[]): HTMLElement[] {
  const left = new Map(sources.map((source) => [source.label, source]));
  const items = steps.map((step) => {
    const source = left.get(step.title);
    left.delete(step.title);
    const item = stepItem(step, "message-square");
    if (source === undefined) return item;
    item.querySelector("svg")?.replaceWith(sourceIcon(source.kind));
    item.querySelector(".num")?.replaceWith(...linkTo(source));
    return item;
  });
  return [...items, ...[...left.values()].map(sourceItem)];
}

function sourceIcon(kind: string): SVGElement {
  return (SOURCE_ICONS[kind] ?? (() => icon("message-square")))();
}

function linkTo(source: SourceView): HTMLElement[] {
  return source.url === "" ? [] : [el("a", "num", "Open", { href: source.url, "aria-label": `Open ${source.label}` })];
}

function sourceItem(source: SourceView): HTMLElement {
  const item = el("li");
  item.append(sourceIcon(source.kind), el("span", "grow", source.label, { dir: "auto" }), ...linkTo(source));
  return item;
}

function hiddenItem(count: number): HTMLElement[] {
  if (count === 0) return [];
  const item = el("li");
  item.append(icon("lock"), el("span", "grow", count === 1 ? "1 source you cannot see" : `${count} sources you cannot see`));
  return [item];
}

/** The log as one would paste it into a message. */
export function asText(view: RunLogView): string {
  const head = [
    `Run ${view.run.id}, ${view.run.state}${view.run.problem === "" ? "" : `: ${view.run.problem}`}`,
    `Model ${view.run.model}; ${view.input_tokens} tokens read, ${view.output_tokens} written${view.estimated ? " (estimated)" : ""}; cost ${moneyWords(view.cost_micros)} ${view.currency}`,
    `Asked ${view.asked_at}; began ${view.started_at ?? "never"}; first words ${view.first_text_at ?? "never"}; ended ${view.ended_at ?? "not yet"}`,
  ];
  const steps = view.steps.map((step) => `[${step.kind}] ${step.title}${step.refused ? " (refused)" : ""}${step.ms === null ? "" : `, ${tookWords(step.ms)}`}${step.detail === "" ? "" : `\n${step.detail}`}`);
  const sources = view.sources.map((source) => `[source] ${source.label}${source.url === "" ? "" : ` ${source.url}`}`);
  return [...head, ...steps, ...sources].join("\n");
}
