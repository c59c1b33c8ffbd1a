// What an answer of the assistant adds to its row: its text while it grows, Stop, its place in a queue, and when it has
// ended what one can do with it. One for each log (room, thread). It never draws another part of a row.

import * as api from "../api";
import { clone, closest, onceAFrame, part, setHTML, textOf, uuid4 } from "../dom";
import type { Log } from "../chat/log";
import { canPost } from "../chat/rights";
import { firstName } from "../people";
import type { MessageView, RoomSnapshot, RunTextView, RunView } from "../protocol";
import type { Shell } from "../shell/contract";
import { GrowingBody } from "./body";
import { openRunLog } from "./run_log";
import { drawSources } from "./sources";
import { streamsOf, type Streams } from "./streams";
import { isFailed, isLive, placeWords, waitSeconds } from "./words";
import { WroteCards } from "./wrote";

interface Row {
  element: HTMLElement;
  message: MessageView;
  /** The growing text; null once it has ended. */
  body: GrowingBody | null;
  /** The earlier answer that is shown in place of the newest one. */
  earlier: RunTextView | null;
  /** How the foot was drawn last. */
  foot: string;
}

export interface AnswersOptions {
  shell: Shell;
  log: Log;
  state(): RoomSnapshot | null;
}

/** Who has been told that an answer is being written, over all logs of the page. */
const told = new Set<string>();

export class Answers {
  readonly #options: AnswersOptions;
  readonly #streams: Streams;
  readonly #wrote: WroteCards;
  readonly #rows = new Map<string, Row>();
  readonly #grown = new Set<string>();
  readonly #abort = new AbortController();
  readonly #stops: (() => void)[] = [];
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#streams = streamsOf(options.shell.session);
    this.#wrote = new WroteCards(options.shell, (places) => options.log.grown(places));
    const draw = onceAFrame(() => this.#drawGrown());
    this.#stops.push(this.#streams.subscribe((message) => {
      this.#grown.add(message);
      draw();
    }));
    options.log.element.addEventListener("click", (event) => this.#clicked(event), { signal: this.#abort.signal });
  }

  dispose(): void {
    this.#abort.abort();
    clearInterval(this.#clock);
    for (const stop of this.#stops) stop();
    this.#wrote.dispose();
    this.#rows.clear();
  }

  /** Draws what belongs to a run; answers whether that was the body, too. */
  draw(element: HTMLElement, message: MessageView): boolean {
    const { run } = message;
    if (run === null) return false;
    const row = this.#rowOf(element, message);
    const before = row.message.run;
    if (before !== null && before.id !== run.id) row.earlier = null;
    row.message = message;
    const live = isLive(run);
    element.setAttribute("aria-busy", String(live));
    this.#tell(message, live);
    const own = live ? this.#drawLive(row) : this.#drawEnded(row);
    this.#drawFoot(row, before !== null && isLive(before));
    return own;
  }

  #rowOf(element: HTMLElement, message: MessageView): Row {
    const known = this.#rows.get(message.id);
    if (known?.element === element) return known;
    const row: Row = { element, message, body: null, earlier: known?.earlier ?? null, foot: "" };
    this.#rows.set(message.id, row);
    return row;
  }

  #drawLive(row: Row): boolean {
    const stream = this.#streams.of(row.message);
    if (stream === null) return false;
    row.earlier = null;
    row.element.classList.remove("settled");
    const body = part(row.element, "[data-part=body]");
    // What was written down when one came in stands there until the text so far is here.
    const waits = stream.growing.text === "" && row.message.body !== "";
    if (waits && row.body === null) return false;
    body.hidden = stream.growing.text === "" && row.message.run?.state === "waiting";
    if (row.body?.stands !== true) row.body = new GrowingBody(body);
    row.body.draw(stream.growing);
    return true;
  }

  #drawEnded(row: Row): boolean {
    row.body = null;
    const body = part(row.element, "[data-part=body]");
    body.hidden = row.earlier === null && row.message.body === "";
    if (row.earlier === null) return false;
    body.classList.remove("plain");
    setHTML(body, row.earlier.html);
    return true;
  }

  /** More has come of some: their text grows in place, and the end of the log stays in view. */
  #drawGrown(): void {
    for (const id of this.#grown) {
      const row = this.#rows.get(id);
      if (row === undefined || !row.element.isConnected || row.message.run === null || !isLive(row.message.run)) continue;
      this.#drawLive(row);
      this.#drawFoot(row, false);
    }
    this.#grown.clear();
    this.#options.log.scroll.restore();
    for (const [id, row] of this.#rows) if (!row.element.isConnected) this.#rows.delete(id);
  }

  /** A screen reader hears that an answer is coming, and then all of it at once. */
  #tell({ id, author, run, html }: MessageView, live: boolean): void {
    if (run === null) return;
    const { shell } = this.#options;
    const key = `${id} ${run.id}`;
    if (live && !told.has(key)) {
      told.add(key);
      shell.announce(`${shell.session.people.name(author)} is answering`);
    } else if (!live && told.delete(key)) shell.announceMessage(shell.session.people.name(author), [textOf(html), this.#endWords(run)].join(" ").trim());
  }

  #endWords(run: RunView): string {
    if (run.state === "stopped") return run.stopped_by === null ? "Stopped." : `Stopped by ${this.#nameOf(run.stopped_by)}.`;
    return isFailed(run) ? `Stopped: ${run.problem}` : "";
  }

  #nameOf(user: number | null): string {
    const person = this.#options.shell.session.people.get(user);
    return person === null ? "somebody" : firstName(person);
  }

  // The foot

  #drawFoot(row: Row, ended: boolean): void {
    const { run } = row.message;
    const place = part(row.element, "[data-part=run]");
    if (run === null) return place.replaceChildren();
    const mayPost = this.#mayPost();
    const activity = isLive(run) ? (this.#streams.of(row.message)?.activity ?? "") : "";
    const wait = isFailed(run) ? waitSeconds(run.retry_at, Date.now()) : 0;
    const drawn = JSON.stringify([run, mayPost, activity, wait > 0, row.earlier?.run ?? null, this.#options.shell.session.people.changes]);
    if (wait > 0) this.#tick();
    if (drawn === row.foot && place.childElementCount > 0) return this.#drawWait(place, wait);
    row.foot = drawn;
    const focused = place.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["run"] : undefined;
    place.hidden = false;
    place.replaceChildren(...(isLive(run) ? this.#live(row.message, run, activity, mayPost) : this.#ended(row, run, mayPost, ended)));
    this.#drawWait(place, wait);
    const stop = row.element.tabIndex;
    for (const one of place.querySelectorAll<HTMLElement>("a[href], button")) one.tabIndex = stop;
    if (focused !== undefined) (place.querySelector<HTMLElement>(`[data-run="${focused}"]:enabled`) ?? row.element).focus({ preventScroll: true });
    if (!isLive(run)) this.#options.log.grown([place]);
  }

  #mayPost(): boolean {
    const state = this.#options.state();
    return state !== null && canPost(state);
  }

  #live(message: MessageView, run: RunView, activity: string, mayPost: boolean): HTMLElement[] {
    const foot = clone(run.state === "waiting" ? "t-run-queued" : "t-run-live");
    const asker = this.#nameOf(run.asker);
    part(foot, "[data-run=stop]").hidden = !mayPost;
    const card = this.#wrote.draw(message, run);
    if (run.state === "waiting") {
      part(foot, "[data-part=asker]").textContent = asker;
      part(foot, "[data-part=place]").textContent = placeWords(run.place);
      return [foot];
    }
    part(foot, "[data-part=doing]").textContent = activity === "" ? "Answering" : activity;
    part(foot, "[data-part=asked]").textContent = `asked by ${asker}`;
    return card === null ? [foot] : [card, foot];
  }

  #ended(row: Row, run: RunView, mayPost: boolean, ended: boolean): HTMLElement[] {
    const parts: HTMLElement[] = [];
    if (isFailed(run) && row.earlier === null) {
      const fail = clone("t-run-failed");
      // What failed long ago is no alarm.
      if (ended) fail.setAttribute("role", "alert");
      part(fail, "[data-part=text]").textContent = `Stopped: ${run.problem === "" ? "the server was interrupted." : run.problem}`;
      part(fail, "[data-run=retry]").hidden = !mayPost;
      parts.push(fail);
    }
    const card = this.#wrote.draw(row.message, run);
    if (card !== null) parts.push(card);
    const sources = drawSources(row.earlier === null && row.message.body !== "" ? run.sources : []);
    if (sources !== null) parts.push(sources);
    parts.push(this.#foot(row, run, mayPost));
    return parts;
  }

  #foot(row: Row, run: RunView, mayPost: boolean): HTMLElement {
    const foot = clone("t-run-foot");
    part(foot, "[data-run=retry]").hidden = !mayPost || (isFailed(run) && row.earlier === null);
    part(foot, "[data-run=copy]").hidden = (row.earlier?.text ?? row.message.body) === "";
    const stopped = part(foot, "[data-part=stopped]");
    stopped.hidden = run.state !== "stopped" || row.earlier !== null;
    stopped.textContent = this.#endWords(run).replace(/\.$/, "");
    const versions = part(foot, "[data-part=versions]");
    versions.hidden = run.answers < 2;
    const shown = row.earlier?.answer_no ?? run.answers;
    part(versions, "[data-part=which]").textContent = `${shown} of ${run.answers}`;
    part<HTMLButtonElement>(versions, "[data-run=older]").disabled = shown <= 1;
    part<HTMLButtonElement>(versions, "[data-run=newer]").disabled = shown >= run.answers;
    return foot;
  }

  /** Retry counts down to the moment from which asking again makes sense. */
  #drawWait(place: HTMLElement, seconds: number): void {
    const button = place.querySelector<HTMLButtonElement>(".fail [data-run=retry]");
    if (button === null) return;
    button.disabled = seconds > 0;
    const text = part(button, "[data-part=retry-text]");
    const words = seconds > 0 ? `Retry in ${seconds} s` : "Retry";
    if (text.textContent !== words) text.textContent = words;
  }

  #tick(): void {
    this.#clock ??= setInterval(() => {
      let waits = false;
      for (const row of this.#rows.values()) {
        const { run } = row.message;
        if (run === null || !isFailed(run) || !row.element.isConnected) continue;
        const wait = waitSeconds(run.retry_at, Date.now());
        waits ||= wait > 0;
        this.#drawWait(part(row.element, "[data-part=run]"), wait);
      }
      if (waits) return;
      clearInterval(this.#clock);
      this.#clock = undefined;
    }, 1_000);
  }

  // What is done

  #clicked(event: MouseEvent): void {
    const button = closest<HTMLButtonElement>(event, "[data-run]");
    const id = button?.closest<HTMLElement>(".msg")?.dataset["id"];
    const row = id === undefined ? undefined : this.#rows.get(id);
    if (button === null || row === undefined) return;
    const acts: Record<string, () => unknown> = {
      stop: () => this.#stop(row, button),
      retry: () => this.#retry(row, button),
      copy: () => this.#copy(row),
      why: () => openRunLog(this.#options.shell, row.earlier?.run ?? row.message.run?.id ?? "", button),
      older: () => this.#version(row, -1),
      newer: () => this.#version(row, 1),
    };
    void acts[button.dataset["run"] ?? ""]?.();
  }

  async #stop({ message }: Row, button: HTMLButtonElement): Promise<void> {
    const { shell } = this.#options;
    if (message.run === null) return;
    button.disabled = true;
    try {
      await shell.session.command("run.stop", { run: message.run.id }, message.room);
    } catch (error) {
      button.disabled = false;
      shell.fail("The answer could not be stopped", error);
    }
  }

  async #retry({ message }: Row, button: HTMLButtonElement): Promise<void> {
    const { shell } = this.#options;
    button.disabled = true;
    try {
      await shell.session.command("run.repeat", { cid: uuid4(), message: message.id }, message.room);
    } catch (error) {
      button.disabled = false;
      shell.fail("It could not be asked again", error);
    }
  }

  async #copy(row: Row): Promise<void> {
    const { shell } = this.#options;
    try {
      await navigator.clipboard.writeText(row.earlier?.text ?? row.message.body);
      shell.toast({ kind: "info", title: "Text copied" });
    } catch {
      shell.toast({ kind: "error", title: "The browser did not allow copying" });
    }
  }

  /** Shows another answer to the same question. */
  async #version(row: Row, step: -1 | 1): Promise<void> {
    const { run } = row.message;
    if (run === null) return;
    const wanted = (row.earlier?.answer_no ?? run.answers) + step;
    if (wanted >= run.answers) row.earlier = null;
    else {
      try {
        const answers = await api.get<RunTextView[]>(`/api/messages/${row.message.id}/answers/`);
        row.earlier = answers.find((one) => one.answer_no === wanted) ?? null;
      } catch (error) {
        return this.#options.shell.fail("The earlier answer could not be shown", error);
      }
    }
    if (!this.draw(row.element, row.message)) setHTML(part(row.element, "[data-part=body]"), row.message.html);
    this.#options.shell.announce(row.earlier === null ? "The newest answer" : `Answer ${wanted} of ${run.answers}`);
  }
}
