// The assistant around the chat of an open room: who is offered to be asked, why nobody answered, how much is left.
// Begun by shell/room_view.ts for each room, after the first load. Answers themselves are drawn by answers.ts.

import type { Runs } from "../beside";
import { clone, closest, insertText, part } from "../dom";
import type { AnyEvent } from "../events";
import type { AssistantView, MessageView, RoomSnapshot } from "../protocol";
import type { Session } from "../session";
import type { Shell } from "../shell/contract";
import { PHONE } from "../shell/rail";
import { clock } from "../time";
import { choicesOf, isOffered, type Choices } from "./choice";

/** A limit is told of from here on. */
const TOLD_SHARE = 0.7;
const WARN_SHARE = 0.8;

export interface RoomAssistantOptions {
  shell: Shell;
  /** The clone of t-view-room. */
  view: HTMLElement;
  /** The room as it was when one came in. */
  entered: RoomSnapshot;
  /** One came for something that is to be seen first. */
  led: boolean;
  insert(text: string): void;
}

/** How the one who answers here is called in a text. */
export function callOf(view: AssistantView | null): string {
  return `@${view?.agent?.name ?? "assistant"} `;
}

/** What the code beside the chat may know of runs, and do. */
function runsOf(session: Session): Runs {
  const inView = (run: string): MessageView | undefined => {
    const messages = [...(session.thread.get()?.replies ?? []), ...(session.room.get()?.messages ?? [])];
    return messages.find((message) => message.run?.id === run);
  };
  return {
    stop: (run) => session.command("run.stop", { run }, session.room.get()?.room.id ?? null),
    askedBy: (run) => inView(run)?.run?.asker ?? null,
    called: (room) => {
      const view = choicesOf(session).of(room);
      return isOffered(view) ? (view?.agent?.name ?? null) : null;
    },
  };
}

export class RoomAssistant {
  readonly #options: RoomAssistantOptions;
  readonly #choices: Choices;
  readonly #room: number;
  readonly #chat: HTMLElement;
  readonly #abort = new AbortController();
  readonly #stops: (() => void)[] = [];
  #refused: { words: string; until: number } | null = null;
  #catchUp: { close(): void } | null = null;

  constructor(options: RoomAssistantOptions) {
    const { shell, view, entered } = options;
    this.#options = options;
    this.#room = entered.room.id;
    this.#choices = choicesOf(shell.session);
    this.#chat = part(view, "[data-part=chat]");
    this.#stops.push(this.#choices.subscribe((room) => room === this.#room && this.#draw()));
    this.#stops.push(shell.session.connection.onEvent((event) => this.#take(event)));
    this.#stops.push(shell.session.home.subscribe((home) => home.rooms, () => this.#drawRail()));
    this.#chat.addEventListener("click", (event) => this.#clicked(event), { signal: this.#abort.signal });
    shell.session.beside.runs ??= runsOf(shell.session);
    void this.#choices.load(this.#room);
    void this.#begin(entered);
  }

  dispose(): void {
    this.#abort.abort();
    for (const stop of this.#stops) stop();
    this.#catchUp?.close();
  }

  get #view(): AssistantView | null {
    return this.#choices.of(this.#room);
  }

  /** The card of what happened meanwhile, and in one's own session the memory. */
  async #begin(entered: RoomSnapshot): Promise<void> {
    const parts = await import("./parts").catch(() => null);
    if (parts === null || this.#abort.signal.aborted) return;
    const { shell, view, led } = this.#options;
    this.#catchUp = parts.beginCatchUp({ shell, view, entered, led });
    this.#stops.push(parts.offerMemory({ shell, view, room: entered.room.id }));
  }

  // Drawing

  #draw(): void {
    const view = this.#view;
    const offered = isOffered(view);
    // The empty room is drawn by the chat; whether it offers the assistant is said here.
    const session = view?.direct_room === this.#room;
    this.#chat.classList.toggle("asks", offered && !session);
    this.#drawPlaceholder(offered && !PHONE.matches && !session ? `, or ${callOf(view).trim()} to ask` : "");
    this.#drawNotice(view, offered);
    this.#drawQuota(offered ? (view?.quota ?? null) : null);
    this.#drawRail();
  }

  /** The chat asks for it with every drawing; now it is put there by hand. */
  #drawPlaceholder(end: string): void {
    const before = this.#chat.dataset["orAsk"] ?? "";
    this.#chat.dataset["orAsk"] = end;
    const field = this.#chat.querySelector<HTMLTextAreaElement>("[data-part=composer] textarea[data-part=text]");
    if (field !== null && field.placeholder.endsWith(before)) field.placeholder = field.placeholder.slice(0, field.placeholder.length - before.length) + end;
  }

  #below(): HTMLElement {
    return part(this.#chat, ".below");
  }

  /** Puts a line above the composer, or takes it away. */
  #put(name: string, element: HTMLElement | null): void {
    const before = this.#below().querySelector<HTMLElement>(`[data-ai="${name}"]`);
    if (element === null) return before?.remove();
    element.dataset["ai"] = name;
    if (before !== null) before.replaceWith(element);
    else part(this.#below(), "[data-part=composer]").before(element);
  }

  #drawNotice(view: AssistantView | null, offered: boolean): void {
    if (this.#refused !== null && this.#refused.until > Date.now()) return this.#put("notice", this.#problem(this.#refused.words));
    if (!offered || view?.tell_demo !== true || !view.ready) return this.#put("notice", null);
    this.#put("notice", clone("t-ask-demo"));
  }

  #problem(words: string): HTMLElement {
    const notice = clone("t-ask-refused");
    part(notice, "[data-part=text]").textContent = words;
    return notice;
  }

  #drawQuota(quota: AssistantView["quota"]): void {
    if (quota === null || quota.share < TOLD_SHARE) return this.#put("quota", null);
    const line = clone("t-quota");
    const full = quota.share >= 1;
    const whose = { person: "your tokens today", room: "this room’s tokens today", site: "the site’s tokens today" }[quota.scope] ?? "today";
    part(line, "[data-part=used]").textContent = quota.used;
    part(line, "[data-part=limit]").textContent = ` of ${quota.limit}, ${whose.replace(" tokens", "")}`;
    part(line, "[data-part=opens]").textContent = `new at ${clock(quota.opens_at)}`;
    part(line, "svg").setAttribute("class", `bar-meter ${full ? "danger" : quota.share >= WARN_SHARE ? "warn" : ""}`);
    part<SVGRectElement & HTMLElement>(line, "[data-part=bar]").setAttribute("width", String(Math.min(100, Math.round(quota.share * 100))));
    this.#put("quota", line);
  }

  /** Until one has a session of one's own the list of people has a way to it. */
  #drawRail(): void {
    const link = document.getElementById("ask-rail");
    if (link === null) return;
    const has = this.#options.shell.session.home.get().rooms.some(({ room, people }) => room.kind === "direct" && people[0]?.kind === "assistant");
    const view = this.#view;
    if (view !== null) link.hidden = has || view.hidden || view.agent === null || !view.ready;
    if (!link.hidden) document.getElementById("directs-none")?.setAttribute("hidden", "");
  }

  // What happens

  #take(event: AnyEvent): void {
    if (event.type !== "assistant.refused" || event.data.room !== this.#room) return;
    this.#refused = { words: event.data.words, until: Infinity };
    this.#draw();
    this.#options.shell.announce(event.data.words);
    void this.#choices.load(this.#room);
  }

  #clicked(event: MouseEvent): void {
    const button = closest(event, "[data-ask]");
    if (button === null) return;
    const name = button.dataset["ask"];
    if (name === "begin") this.#options.insert(callOf(this.#view));
    else if (name === "close-refused") {
      this.#refused = null;
      this.#draw();
    } else if (name === "close-demo") {
      this.#choices.chooseForMe({ told_demo: true }).catch((error: unknown) => this.#options.shell.fail("That was not saved", error));
    } else return;
    this.#chat.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
  }
}

/** Begins a question in the field that has the focus: whoever asks goes on writing there. */
export function beginQuestion(view: AssistantView | null): void {
  const field = document.activeElement;
  if (!(field instanceof HTMLTextAreaElement) || field.value.includes(callOf(view))) return;
  insertText(field, callOf(view));
}
