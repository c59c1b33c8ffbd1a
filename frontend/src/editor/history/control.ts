// The history of the document that the pane shows: the bar below the text, and the old version over it while one looks back.
// Made by the pane once there is a text. It ties the parts together; who wrote when and the texts come from Past.

import "../../kernel";

import { clone, closest, part } from "../../dom";
import { wantsNewTab } from "../../shell/actions";
import { WIDE } from "../../shell/code";
import type { Shell } from "../../shell/contract";
import type { Desk } from "../desk";
import type { Settings } from "../settings";
import { PastAddress, versionIn } from "./address";
import { Annotator } from "./annotator";
import { Bar } from "./bar";
import { ChatCut } from "./chat_cut";
import { stretchStep, timeAt } from "./chronicle";
import { nameVersion, restore } from "./deeds";
import { KeptSwitch } from "./kept_switch";
import { Looking } from "./looking";
import { Past } from "./past";
import { Player } from "./player";
import { madeBy, makerOf } from "./words";

/** The pane, as far as its history needs it. */
export interface HistoryHost {
  readonly element: HTMLElement;
  readonly shell: Shell;
  readonly room: number;
  readonly settings: Settings;
  readonly desk: Desk | null;
  readonly current: number | null;
  /** Lets the chat be seen where both do not fit. */
  toChat(): void;
}

/** Longer than any speed shortens to nothing. */
const LATER_MS = 60_000;

/** What a pane that was closed on a narrow screen left in the chat. */
let left: ChatCut | null = null;

export class HistoryControl {
  readonly #host: HistoryHost;
  readonly #bar: Bar;
  readonly #mode = clone("t-code-past-bar");
  readonly #place = clone("t-code-past");
  readonly #address = new PastAddress();
  readonly #player: Player;
  readonly #ending = new AbortController();
  readonly #stop: () => void;
  #past: Past | null = null;
  #looking: Looking | null = null;
  readonly #annotator: Annotator;
  readonly #cut: ChatCut;
  readonly #difference: KeptSwitch;
  #follows = false;
  #cameFromText = false;

  constructor(host: HistoryHost) {
    this.#host = host;
    const { element, shell } = host;
    this.#bar = new Bar({
      open: () => this.open(),
      move: (version) => this.go(version),
      rest: (byPointer) => this.#rested(byPointer),
      show: (version) => this.#show(version),
      step: (by) => this.#step(by),
      letGo: () => this.#redraw(),
      play: () => this.#play(),
      faster: () => this.#faster(),
      isAssistant: (author) => shell.session.people.get(author)?.kind === "assistant",
    });
    this.#player = new Player({ next: () => this.#playNext(), changed: () => this.draw() });
    this.#difference = new KeptSwitch(`collab-editor-difference-${shell.session.me}`);
    this.#annotator = new Annotator(shell, {
      chosen: (version) => this.#show(version),
      history: () => this.#past?.history ?? null,
      changed: () => this.#redraw(),
      said: (message) => this.#showMessage(message),
    });
    left?.close();
    left = null;
    this.#cut = new ChatCut(shell, host.room);
    part(element, "[data-part=tools]").prepend(this.#annotator.button);
    part(element, "[data-part=foot]").before(this.#annotator.line);
    part(element, "[data-part=foot]").replaceChildren(this.#bar.element);
    part(element, "[data-part=mode]").after(this.#mode);
    part(element, "[data-part=panel]").append(this.#place);
    const { signal } = this.#ending;
    document.addEventListener("keydown", (event) => this.#anyKey(event), { signal });
    element.addEventListener("keydown", (event) => this.#key(event), { signal });
    for (const one of [this.#mode, this.#place]) one.addEventListener("click", (event) => this.#clicked(event));
    part(this.#mode, "[data-part=difference]").addEventListener("change", (event) => {
      this.#difference.set((event.target as HTMLInputElement).checked);
      this.#redraw();
    });
    this.#stop = shell.session.connection.onEvent((event) => {
      if (event.type === "document.version_named" && event.data.document === this.#past?.desk.document.id) this.#past.named(event.data.named);
    });
  }

  close(): void {
    const stays = this.shown !== null && !WIDE.matches;
    this.#cut.leave(stays);
    if (stays) left = this.#cut;
    this.#stop();
    this.#ending.abort();
    this.#player.stop();
    this.#address.close();
    this.#past?.close();
    this.#looking?.close();
    this.#annotator.close();
    this.#bar.close();
    this.#mode.remove();
    this.#place.remove();
  }

  // Which document

  /** The pane has drawn: perhaps another document, perhaps new edits. */
  draw(): void {
    const { desk } = this.#host;
    const shown = desk?.view == null || desk.document.deleted_at !== null ? null : desk;
    if (shown !== this.#past?.desk) this.#change(shown);
    this.#past?.keepUp();
    this.#redraw();
  }

  #change(desk: Desk | null): void {
    this.#player.stop();
    this.#past?.close();
    this.#endLook();
    this.#past = desk === null ? null : new Past(desk, this.#host.shell.session, () => this.#redraw());
    if (desk !== null) void this.arrive();
  }

  /** The address may name a version, or none any more. */
  async arrive(): Promise<void> {
    const past = this.#past;
    if (past === null) return;
    const asked = versionIn(location.search, past.desk.document.id);
    if (asked === null) return past.wanted === null ? undefined : this.leave(false);
    if (past.wanted === asked) return;
    try {
      if (past.history === null || asked > past.newest) await past.load(true);
    } catch (error) {
      return this.#host.shell.fail("The history could not be loaded", error);
    }
    if (past !== this.#past || past.history === null) return;
    if (past.canShow(asked)) return this.go(asked);
    const text = asked < past.history.oldest ? `The oldest that is kept is version ${past.history.oldest}.` : `The newest is version ${past.newest}.`;
    this.#host.shell.toast({ kind: "info", title: `Version ${asked} cannot be shown`, text });
    this.#address.leave(past.desk.document.id);
  }

  // Looking back

  /** The version that is looked at; null for the text of now. */
  get shown(): number | null {
    return this.#past?.wanted ?? null;
  }

  /** Looks at a version; `follow` brings what it changed into view. */
  go(version: number, follow = false): void {
    const past = this.#past;
    if (past === null || past.history === null) return;
    if (past.wanted === null) {
      this.#cameFromText = past.desk.view?.hasFocus === true;
      past.desk.company.follow(null);
    }
    this.#follows = follow;
    past.go(version);
    if (past.wanted !== null) this.#address.show(past.desk.document.id, past.wanted);
    this.#cut.rest(past.wanted ?? version);
  }

  /** The clock, or Alt H: the slider takes the keys. */
  open(): void {
    const past = this.#past;
    if (past === null) return;
    if (past.history === null) return void past.load(true).then(() => this.open(), (error: unknown) => this.#host.shell.fail("The history could not be loaded", error));
    if (past.wanted === null) this.go(past.newest);
    this.#bar.focus();
  }

  #rested(byPointer: boolean): void {
    const past = this.#past;
    if (past === null || past.wanted === null) return;
    if (byPointer && past.wanted >= past.newest) this.leave(false);
    else this.#say();
  }

  #say(): void {
    const past = this.#past;
    if (past?.history == null || past.wanted === null) return;
    const { later } = this.#cut;
    const dimmed = later === 0 || !WIDE.matches ? "" : `. In the chat ${later === 1 ? "1 later message is" : `${later} later messages are`} dimmed`;
    this.#host.shell.announce(`Version ${past.wanted} of ${past.newest}, ${this.#maker(past.wanted)}${dimmed}`);
  }

  #step(by: -2 | -1 | 1 | 2): void {
    const past = this.#past;
    if (past?.history == null) return;
    this.#player.stop();
    const at = past.wanted ?? past.newest;
    const single = Math.abs(by) === 1;
    const next = single ? at + by : stretchStep(past.history, at, by > 0 ? 1 : -1);
    if (past.wanted === null && next >= past.newest) return;
    this.go(next, single);
  }

  #play(): void {
    const past = this.#past;
    if (past?.history == null) return;
    if (this.#player.isPlaying) return this.#player.stop();
    if (past.wanted === null || past.wanted >= past.newest) this.go(past.history.oldest);
    this.#player.start();
  }

  #faster(): void {
    this.#player.faster();
  }

  /** One edit on; how long it took to be typed, or null at the end and while it has not come. */
  #playNext(): number | null {
    const past = this.#past;
    if (past?.history == null || past.wanted === null || past.failure !== "") return null;
    if (past.wanted >= past.newest) return null;
    const before = past.momentAt(past.wanted)?.at ?? null;
    // Its text is on its way: wait for it.
    if (past.momentAt(past.wanted) === null) return LATER_MS;
    this.go(past.wanted + 1, true);
    const after = past.momentAt(past.wanted)?.at ?? null;
    return before === null || after === null ? 0 : Date.parse(after) - Date.parse(before);
  }

  /** Back to the text of now, to the place where one was. */
  leave(focus = true): void {
    const past = this.#past;
    if (past === null || past.wanted === null) return;
    this.#player.stop();
    this.#address.leave(past.desk.document.id);
    past.leave();
    this.#endLook();
    this.#redraw();
    this.#host.shell.announce("Back to live");
    if (!focus) return;
    const coarse = matchMedia("(pointer: coarse)").matches;
    if (this.#cameFromText || !coarse) past.desk.view?.focus();
    else part(this.#bar.element, "[data-part=open]").focus();
  }

  #endLook(): void {
    this.#looking?.close();
    this.#looking = null;
    this.#toggleVersions(false);
  }

  /** Where there is no room for it, the list of versions lies over the text. */
  #toggleVersions(open = !this.#place.classList.contains("showing")): void {
    this.#place.classList.toggle("showing", open);
    part(this.#mode, "[data-history=versions]").setAttribute("aria-expanded", String(open));
  }

  // Keys and buttons

  #anyKey(event: KeyboardEvent): void {
    const { altKey, ctrlKey, metaKey, shiftKey, code } = event;
    if (code !== "KeyH" || !altKey || ctrlKey || metaKey || shiftKey || event.defaultPrevented) return;
    if (this.#past === null || document.querySelector("dialog[open]") !== null) return;
    event.preventDefault();
    this.open();
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || this.shown === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.#place.classList.contains("showing")) return this.leave();
    this.#toggleVersions(false);
    part(this.#mode, "[data-history=versions]").focus();
  }

  #clicked(event: MouseEvent): void {
    const link = closest<HTMLAnchorElement>(event, "a[data-version]");
    if (link !== null && !wantsNewTab(event)) {
      // Before the router, which would come here by the address.
      event.preventDefault();
      return this.#show(Number(link.dataset["version"]));
    }
    const acts: Record<string, () => void> = {
      live: () => this.leave(),
      retry: () => this.#past?.retry(),
      name: () => this.#past?.wanted != null && void nameVersion(this.#past, this.#past.wanted, this.#host.shell),
      restore: () => void this.#restore(),
      versions: () => this.#toggleVersions(),
    };
    acts[closest(event, "[data-history]")?.dataset["history"] ?? ""]?.();
  }

  /** A version that was chosen by its name or by a line of it. */
  #show(version: number): void {
    this.go(version);
    // The keys of the slider go on from here, unless one is in a list that stays.
    const stays = this.#place.contains(document.activeElement) && !this.#place.classList.contains("showing");
    if (!stays) this.#bar.focus();
    this.#toggleVersions(false);
    this.#say();
  }

  #showMessage(message: string): void {
    const { shell, room } = this.#host;
    this.#host.toChat();
    shell.session.beside.talks.get(room)?.reveal(message, true);
  }

  async #restore(): Promise<void> {
    const past = this.#past;
    if (past === null || past.wanted === null) return;
    if ((await restore(past, past.wanted, this.#host.shell)) && past === this.#past) this.leave();
  }

  // Drawing

  #maker(version: number): string {
    const past = this.#past;
    if (past?.history == null) return "";
    return madeBy(past.history, version, past.moment, (id) => this.#host.shell.session.people.get(id));
  }

  #redraw(): void {
    // A text that was on its way when the pane was closed changes nothing any more, least of all what stays in the chat.
    if (this.#ending.signal.aborted) return;
    const { shown } = this;
    const past = this.#past;
    const host = this.#host;
    const bar = this.#bar;
    const history = past?.history ?? null;
    part(host.element, "[data-part=foot]").hidden = history === null;
    this.#drawMode(shown !== null);
    this.#annotator.draw(past?.desk ?? null);
    this.#drawCut();
    if (past === null || history === null) return;
    const text = shown === null ? `Live, version ${history.version}` : `Version ${shown} of ${history.version}, ${this.#maker(shown)}`;
    bar.draw({ history, shown, playing: this.#player.isPlaying, speed: this.#player.speed, text });
    if (shown === null) return;
    this.#looking ??= this.#look(past);
    this.#looking.draw(shown, this.#maker(shown), this.#follows, this.#difference.isOn);
  }

  #drawCut(): void {
    const past = this.#past;
    const version = this.shown;
    if (past?.history == null || version === null) return this.#cut.show(null);
    const { at } = makerOf(past.history, version, past.moment);
    // When a version was made is known with its text, if at all: until then the line stays where it was.
    if (at === null) return past.moment?.version === version ? this.#cut.show(null) : undefined;
    const next = version >= past.newest ? null : (past.momentAt(version + 1)?.at ?? timeAt(past.history, version + 1));
    this.#cut.show({ document: past.desk.document.id, version, at, next });
  }

  #drawMode(isLooking: boolean): void {
    const { element } = this.#host;
    const hosts = part(element, "[data-part=hosts]");
    if (isLooking && !element.classList.contains("looking")) hosts.style.width = `${hosts.clientWidth}px`;
    else if (!isLooking) hosts.style.width = "";
    element.classList.toggle("looking", isLooking);
    // More room, but nothing moves while the thumb is held.
    if (!this.#bar.isHeld) element.classList.toggle("roomy", isLooking);
    this.#mode.hidden = this.#place.hidden = !isLooking;
    part<HTMLInputElement>(this.#mode, "[data-part=difference]").checked = this.#difference.isOn;
  }

  #look(past: Past): Looking {
    const mode = this.#mode;
    const place = this.#place;
    const annotator = this.#annotator;
    const host = this.#host;
    return new Looking(past, { mode, place, annotator, shell: host.shell, wrap: host.settings.wrap, again: () => this.#redraw() });
  }
}
