// The assistant beside the text: the bar over its suggestions, the bar of a run that writes, and their keys.
// Made by the discussions' panel once there is a text. What becomes of a change is decided on the server.

import "../../kernel";

import { clone, icon, part } from "../../dom";
import { firstName } from "../../people";
import type { SuggestionView } from "../../protocol";
import type { PanelHost } from "../discussions/panel";
import type { Desk } from "../desk";
import type { Decision, Shown } from "./hunks";
import { Places } from "./places";
import { openRevert } from "./revert";
import { Runs, type Run } from "./runs";

interface Parts {
  places: Places;
  runs: Runs;
}

function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export class AgentControl {
  readonly #host: PanelHost;
  readonly #desks = new Map<Desk, Parts>();
  readonly #asking = clone("t-agent-asking");
  readonly #writing = clone("t-agent-writing");
  readonly #ending = new AbortController();

  constructor(host: PanelHost) {
    this.#host = host;
    const { element } = host;
    part(element, "[data-part=mode]").after(this.#asking, this.#writing);
    this.#asking.hidden = this.#writing.hidden = true;
    const { signal } = this.#ending;
    element.addEventListener("keydown", (event) => this.#pressed(event), { signal, capture: true });
    for (const bar of [this.#asking, this.#writing]) bar.addEventListener("click", (event) => this.#clicked(event), { signal });
  }

  close(): void {
    this.#ending.abort();
    for (const desk of [...this.#desks.keys()]) this.part(desk);
    this.#asking.remove();
    this.#writing.remove();
  }

  meet(desk: Desk): void {
    const { shell, room } = this.#host;
    const places = new Places(desk, room, shell.session, {
      changed: () => this.#host.redraw(),
      decide: (hunk, decision) => this.#decide(hunk, decision),
      announce: (text) => shell.announce(text),
      failed: (error) => shell.fail("The suggestion could not be decided", error),
    });
    const runs = new Runs(desk, {
      changed: () => this.#host.redraw(),
      announce: (text) => shell.announce(text),
      name: (user) => shell.session.people.name(user),
    });
    this.#desks.set(desk, { places, runs });
  }

  part(desk: Desk): void {
    const parts = this.#desks.get(desk);
    parts?.places.close();
    parts?.runs.close();
    this.#desks.delete(desk);
  }

  get #now(): (Parts & { desk: Desk }) | null {
    const { desk } = this.#host;
    const parts = desk === null ? undefined : this.#desks.get(desk);
    return desk === null || parts === undefined ? null : { desk, ...parts };
  }

  // Deciding

  #decide(hunk: number, decision: Decision): void {
    const places = this.#now?.places;
    const one = places?.all.find((other) => other.id === hunk);
    if (places === undefined || one === undefined) return;
    const next = decision === "undo" ? null : places.open.find((other) => other.span[0] > one.span[0]) ?? places.open.find((other) => other.id !== hunk);
    const hadKeys = places.current?.id === hunk;
    void places.decide(one.suggestion, hunk, decision).then(() => {
      if (hadKeys && next != null && this.#now?.places === places) places.go(places.all.find((other) => other.id === next.id) ?? next);
    });
  }

  #go(one: Shown | null): void {
    const now = this.#now;
    if (now === null || one === null) return this.#host.shell.announce("There are no suggested changes here");
    now.places.go(one);
    const { open } = now.places;
    const state = now.places.fits(one) ? one.note : `Changed by ${one.who === "" ? "somebody" : one.who} since`;
    this.#host.shell.announce(`Change ${open.findIndex((other) => other.id === one.id) + 1} of ${open.length}. ${state}`);
  }

  #pressed(event: KeyboardEvent): void {
    const places = this.#now?.places;
    if (places === undefined || places.open.length === 0) return;
    const { altKey, ctrlKey, metaKey, shiftKey } = event;
    const { current } = places;
    if (altKey && !ctrlKey && !metaKey && !shiftKey && (event.code === "BracketRight" || event.code === "BracketLeft")) {
      this.#go(places.step(event.code === "BracketRight" ? 1 : -1));
    } else if ((ctrlKey || metaKey) && !altKey && !shiftKey && current !== null && current.mayDecide && (event.key === "Enter" || event.key === "Backspace")) {
      if (event.key === "Backspace" || places.fits(current)) this.#decide(current.id, event.key === "Enter" ? "accept" : "reject");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #clicked(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-agent]") : null;
    const now = this.#now;
    if (button === null || now === null) return;
    const { places, runs, desk } = now;
    const suggestion = this.#suggestion(places);
    const run = runs.shown;
    const acts: Record<string, () => void> = {
      previous: () => this.#go(places.step(-1)),
      next: () => this.#go(places.step(1)),
      "accept-rest": () => suggestion !== null && void places.decide(suggestion.id, null, "accept"),
      "reject-rest": () => suggestion !== null && void places.decide(suggestion.id, null, "reject"),
      follow: () => run !== null && desk.company.follow(desk.company.following === run.author ? null : run.author),
      stop: () => run !== null && void this.#stop(run),
      revert: () => run !== null && openRevert({ shell: this.#host.shell, room: this.#host.room, what: { run: run.id, document: desk.document.id, name: desk.document.name } }),
      close: () => run !== null && (run.closed = true),
    };
    acts[button.dataset["agent"] ?? ""]?.();
    this.#host.redraw();
  }

  async #stop(run: Run): Promise<void> {
    try {
      await this.#host.shell.session.beside.runs?.stop(run.id);
    } catch (error) {
      this.#host.shell.fail("The run could not be stopped", error);
    }
  }

  // Drawing

  /** The suggestion that the bar is about: that of the change one stands at, else the first with an open one. */
  #suggestion(places: Places): SuggestionView | null {
    const { current, open } = places;
    const id = (current ?? open[0])?.suggestion;
    return places.live.find((one) => one.id === id) ?? null;
  }

  draw(): void {
    const now = this.#now;
    now?.runs.look();
    const looksBack = this.#host.beside?.seq !== now?.desk.replica?.version;
    if (now === null || now.desk.view === null || looksBack) {
      this.#asking.hidden = this.#writing.hidden = true;
      return;
    }
    now.places.look();
    this.#narrow(now.desk);
    this.#drawAsking(now.places, now.desk);
    this.#drawWriting(now.runs, now.desk);
  }

  /** Between lines that run on to the right the bars keep to what is in view. */
  #narrow({ view }: Desk): void {
    const gutters = view?.dom.querySelector<HTMLElement>(".cm-gutters")?.offsetWidth ?? 0;
    view?.dom.style.setProperty("--hunk", `${view.scrollDOM.clientWidth - gutters - 3}px`);
  }

  #drawAsking(places: Places, desk: Desk): void {
    const bar = this.#asking;
    const suggestion = this.#suggestion(places);
    bar.hidden = suggestion === null;
    if (suggestion === null) return;
    const { open, current } = places;
    const count = suggestion.hunks.length;
    const { people } = this.#host.shell.session;
    set(part(bar, "[data-part=title]"), `${people.name(suggestion.author)} suggests ${count === 1 ? "1 change" : `${count} changes`}`);
    set(part(bar, "[data-part=text]"), this.#about(suggestion, places, desk));
    const at = open.findIndex((one) => one.id === current?.id);
    set(part(bar, "[data-part=count]"), at < 0 ? `${open.length} open` : `${at + 1} of ${open.length}`);
    const mine = open.filter((one) => one.suggestion === suggestion.id);
    const isRest = mine.length < count;
    const accept = part<HTMLButtonElement>(bar, "[data-agent=accept-rest]");
    const reject = part<HTMLButtonElement>(bar, "[data-agent=reject-rest]");
    set(accept, isRest ? "Accept rest" : "Accept all");
    set(reject, isRest ? "Reject rest" : "Reject all");
    accept.hidden = reject.hidden = !desk.canEdit;
    const busy = mine.some((one) => one.busy);
    accept.disabled = busy || !mine.some((one) => places.fits(one));
    reject.disabled = busy;
  }

  #about({ asked_by, author, base_version, id }: SuggestionView, places: Places, desk: Desk): string {
    const person = this.#host.shell.session.people.get(asked_by);
    const asked = person === null || asked_by === author ? "" : `asked by ${firstName(person)}, `;
    const version = desk.replica?.version ?? desk.document.version;
    const stale = places.open.filter((one) => one.suggestion === id && !places.fits(one)).length;
    if (stale > 0) return `${asked}written for version ${base_version}, ${stale === 1 ? "1 fits" : `${stale} fit`} no longer`;
    return version === base_version ? `${asked}written for this version` : `${asked}written for version ${base_version}, still fits version ${version}`;
  }

  #drawWriting(runs: Runs, desk: Desk): void {
    const bar = this.#writing;
    const run = runs.shown;
    bar.hidden = run === null;
    if (run === null) return;
    const { people, beside } = this.#host.shell.session;
    const name = people.name(run.author);
    set(part(bar, "[data-part=title]"), run.isWriting ? `${name} is editing` : `${name} edited ${desk.document.name}`);
    const asker = people.get(beside.runs?.askedBy(run.id) ?? null);
    const asked = asker === null ? "" : `asked by ${firstName(asker)}, `;
    const count = run.edits === 1 ? "1 edit" : `${run.edits} edits`;
    set(part(bar, "[data-part=text]"), `${asked}${count}${run.isWriting ? " so far" : ""}, saved as version ${run.version}`);
    const follow = part(bar, "[data-agent=follow]");
    const follows = desk.company.following === run.author;
    follow.setAttribute("aria-pressed", String(follows));
    follow.hidden = !run.isWriting;
    part(bar, "[data-agent=stop]").hidden = !run.isWriting || beside.runs === null;
    part(bar, "[data-agent=revert]").hidden = !desk.canEdit;
    part(bar, "[data-agent=close]").hidden = run.isWriting;
    const sign = part(bar, "[data-part=sign]");
    if (sign.childElementCount === 0) sign.append(icon("sparkles"));
  }
}
