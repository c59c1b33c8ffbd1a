// The reports of a room for its moderators: a button with how many wait, and the pane with each message in its context.
// Made for a room by room_view.ts after the first load. It keeps nothing: the list is fetched anew when something changed.

import * as api from "../api";
import { clone, el, part } from "../dom";
import type { CaseView, MessageView, RoomSnapshot } from "../protocol";
import { excerpt } from "../reducers/messages";
import type { Shell } from "../shell/contract";
import { decide, type Choice, type Decision } from "../shell/decide";
import { clock, dayLabel } from "../time";
import { withoutMarks } from "../words";
import { SANCTIONS } from "./report";
import { canModerate } from "./rights";
import { permalink } from "./row";

const WORDS: Readonly<Record<string, string>> = {
  spam: "Spam",
  abuse: "Abuse",
  private: "Private information",
  illegal: "Against the law",
  other: "Something else",
  rule: "A word rule",
};
const WHY = "Reason, for the record";

function choicesFor(found: CaseView): Choice[] {
  const { message } = found;
  const choices: (Choice | false)[] = [
    { value: "dismiss", text: "Dismiss", help: "Nothing is wrong with it", reason: WHY },
    message.deleted_at === null && { value: "delete", text: "Delete the message", help: "A tombstone stays", danger: true, reason: WHY },
    message.attachments.length > 0 && { value: "block", text: "Block its files", help: "Nobody can open them any more", danger: true, reason: WHY },
    ...(message.author === null ? [] : SANCTIONS),
    { value: "lock", text: "Make the room read-only", help: "Only owners and moderators write", also: true, reason: WHY },
  ];
  return choices.filter((choice): choice is Choice => choice !== false);
}

/** "Spam, twice" */
export function reasonsText(found: CaseView): string {
  const counts = new Map<string, number>();
  for (const { reason } of found.reports) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${WORDS[reason] ?? reason}${count > 1 ? ` (${count})` : ""}`).join(", ");
}

function when(at: string): string {
  const day = dayLabel(at);
  return day === "Today" ? clock(at) : `${day}, ${clock(at)}`;
}

class ReportsPane {
  readonly element = clone("t-reports");
  readonly #shell: Shell;
  readonly #state: RoomSnapshot;
  readonly #list = part(this.element, "[data-part=list]");
  readonly #note = part(this.element, "[data-part=note]");

  constructor(shell: Shell, state: RoomSnapshot) {
    this.#shell = shell;
    this.#state = state;
  }

  /** Draws what waits; answers how much that is. */
  async load(): Promise<number> {
    const cases = await api.get<CaseView[]>(`/api/rooms/${this.#state.room.id}/reports/`);
    this.#list.replaceChildren(...cases.map((found) => this.#draw(found)));
    part(this.element, "[data-part=count]").textContent = String(cases.length);
    this.#note.textContent = cases.length === 0 ? "Nothing waits for you." : "";
    this.#note.hidden = cases.length > 0;
    return cases.length;
  }

  #draw(found: CaseView): HTMLElement {
    const row = clone("t-case");
    const { message } = found;
    const text = (name: string, value: string) => (part(row, `[data-part=${name}]`).textContent = value);
    text("who", this.#nameOf(found, message));
    text("when", when(message.created_at));
    text("said", found.said === "" ? "No text, only files" : found.said);
    text("reasons", reasonsText(found));
    const notes = found.reports.filter((report) => report.note !== "").map((report) => el("li", "", `“${report.note}”`));
    part(row, "[data-part=notes]").replaceChildren(...notes);
    const before = found.past.length;
    text("past", before === 0 ? "No sanctions before" : `${before} ${before === 1 ? "sanction" : "sanctions"} before: ${found.past.map((one) => one.kind).join(", ")}`);
    part(row, "[data-part=context]").replaceChildren(...found.context.map((one) => this.#line(found, one)));
    part<HTMLAnchorElement>(row, "[data-part=link]").href = permalink(this.#state.room, message.id);
    const button = part(row, "[data-part=decide]");
    button.setAttribute("aria-label", `Decide about the message of ${this.#nameOf(found, message)}`);
    button.onclick = () => void this.#decide(found);
    return row;
  }

  #line(found: CaseView, message: MessageView): HTMLElement {
    const item = el("li", message.id === found.message.id ? "reported" : "");
    const said = message.deleted_at === null ? withoutMarks(excerpt(message.body)) : "deleted";
    item.append(el("b", "", this.#nameOf(found, message)), el("span", "", said));
    return item;
  }

  #nameOf(found: CaseView, message: MessageView): string {
    if (message.kind === "system") return "Room";
    if (message.kind === "alert") return "Alert";
    return found.people.find((person) => person.id === message.author)?.display_name ?? "Somebody";
  }

  async #decide(found: CaseView): Promise<void> {
    const { message } = found;
    const run = ({ choice, reason, seconds, also }: Decision) =>
      this.#shell.session.command("report.settle", { message: message.id, action: choice, reason, seconds, delete: also }, message.room);
    const done = await decide({
      title: "Decide about this report",
      text: `${reasonsText(found)}. It happens at once; the reason stands in the trail.`,
      quote: withoutMarks(excerpt(found.said)),
      legend: "What to do",
      choices: choicesFor(found),
      also: "Delete the message as well",
      go: "Decide",
      run,
    });
    if (!done) return;
    this.#shell.toast({ kind: "info", title: "Decided" });
    part(this.element, "h2").focus({ preventScroll: true });
  }
}

/** The button in a room's top bar; absent for everybody who does not moderate there. */
export class Reports {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #button: HTMLElement;
  readonly #stops: (() => void)[] = [];
  #pane: ReportsPane | null = null;
  #waiting = 0;
  #asked = false;

  constructor(shell: Shell, room: number, button: HTMLElement) {
    this.#shell = shell;
    this.#room = room;
    this.#button = button;
    button.onclick = () => this.#toggle();
    this.#stops.push(
      shell.session.room.subscribe((state) => state, () => this.#draw()),
      shell.session.connection.onEvent((event) => {
        if (event.type !== "reports.changed" || event.data.room !== room) return;
        this.#waiting = event.data.open;
        this.#draw();
        if (this.#pane !== null) void this.#load(this.#pane);
      }),
    );
    this.#draw();
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#button.hidden = true;
  }

  get #state(): RoomSnapshot | null {
    const state = this.#shell.session.room.get();
    return state?.room.id === this.#room && canModerate(state) ? state : null;
  }

  #draw(): void {
    const state = this.#state;
    if (state !== null && !this.#asked) void this.#ask();
    this.#button.hidden = state === null || (this.#waiting === 0 && this.#pane === null);
    part(this.#button, "[data-part=reports-count]").textContent = String(this.#waiting);
    this.#button.setAttribute("aria-label", this.#waiting === 1 ? "1 report waits" : `${this.#waiting} reports wait`);
  }

  /** How many wait already; later the server tells. */
  async #ask(): Promise<void> {
    this.#asked = true;
    const cases = await api.get<CaseView[]>(`/api/rooms/${this.#room}/reports/`).catch(() => null);
    if (cases === null) return;
    this.#waiting = cases.length;
    this.#draw();
  }

  #toggle(): void {
    const state = this.#state;
    if (this.#pane !== null || state === null) return this.#shell.closePane();
    const pane = new ReportsPane(this.#shell, state);
    this.#shell.showPane(pane.element, {
      opener: this.#button,
      onClose: () => {
        this.#pane = null;
        this.#draw();
      },
    });
    this.#pane = pane;
    void this.#load(pane);
  }

  async #load(pane: ReportsPane): Promise<void> {
    try {
      this.#waiting = await pane.load();
      this.#draw();
    } catch (error) {
      this.#shell.fail("The reports could not be loaded", error);
    }
  }
}
