// The page behind /mentions/: what addresses the person and what was said in threads that they follow. Shown by the stage.
// A mention is read when its room shows it, or by the double tick; the list follows what happens meanwhile.

import { attentionOf } from "../attention";
import { get } from "../api";
import { part } from "../dom";
import type { AnyEvent } from "../events";
import type { FollowedThread, MentionsPage, MentionView, ThreadsPage } from "../protocol";
import { hitRow } from "./hit_row";
import { ListView, type Loaded, type Nothing } from "./list_view";
import { countText } from "./rooms";
import type { ShellContext } from "./view";

type Tab = "all" | "unread" | "threads";

const NONE: Readonly<Record<Tab, Nothing>> = {
  all: { title: "Nobody has mentioned you yet", text: "Messages with your @name, or with @room, are listed here." },
  unread: { title: "Nothing is unread", text: "You have seen every mention." },
  threads: { title: "You follow no threads", text: "You follow a thread by starting it, replying, being mentioned in it, or from a message’s menu." },
};
const FOLLOW_MS = 400;

function whyOf({ message, everyone, root }: MentionView): string {
  if (message.kind === "alert") return "of a rule that you made";
  const who = everyone ? "to everybody in the room" : "to you";
  if (message.beside?.start != null) return `${who}, about lines of code`;
  return root === null ? who : `${who}, in a thread`;
}

export class InboxView extends ListView {
  #tab: Tab = "all";
  #before: number | null = null;
  #skip = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: ShellContext) {
    super(context, "t-view-mentions");
    const { session } = context.shell;
    context.actions.add({
      "mentions-show": (button) => this.#choose(button.dataset["show"] as Tab),
      "mentions-read": () => void this.#readAll(),
    });
    this.onClose(session.home.subscribe((home) => home.rooms, () => this.#drawCounts()));
    this.onClose(attentionOf(session).store.subscribe((state) => state?.threads, () => this.#drawCounts()));
    this.onClose(session.connection.onEvent((event) => this.#concerns(event) && this.#again()));
    this.onClose(() => clearTimeout(this.#timer));
    void this.load();
  }

  #choose(tab: Tab): void {
    this.#tab = tab;
    for (const button of this.element.querySelectorAll<HTMLElement>("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset["show"] === tab));
    }
    this.list.replaceChildren();
    void this.load();
  }

  #concerns(event: AnyEvent): boolean {
    const { me } = this.context.shell.session;
    if (event.type === "message.created") return event.data.message.mentions.includes(me) || event.data.message.thread_root !== null;
    if (event.type === "message.edited") return event.data.mentions.includes(me) || event.data.mentioned_before.includes(me);
    return ["message.deleted", "read.changed", "thread.changed", "room.added", "room.removed"].includes(event.type);
  }

  /** Bursts of events are one request. */
  #again(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), FOLLOW_MS);
  }

  #drawCounts(): void {
    const { session } = this.context.shell;
    const mentions = session.home.get().rooms.reduce((sum, { mentions }) => sum + mentions, 0);
    const threads = attentionOf(session).unreadThreads();
    part(this.element, "[data-show=unread]").textContent = mentions > 0 ? `Unread ${countText(mentions)}` : "Unread";
    part(this.element, "[data-show=threads]").textContent = threads > 0 ? `Threads ${countText(threads)}` : "Threads";
    part<HTMLButtonElement>(this.element, "[data-do=mentions-read]").hidden = mentions === 0 && threads === 0;
  }

  protected nothing(): Nothing {
    return NONE[this.#tab];
  }

  protected fetch(first: boolean): Promise<Loaded> {
    return this.#tab === "threads" ? this.#fetchThreads(first) : this.#fetchMentions(first);
  }

  async #fetchMentions(first: boolean): Promise<Loaded> {
    const { session } = this.context.shell;
    const page = await get<MentionsPage>("/api/mentions/", { show: this.#tab, before: first ? null : this.#before });
    session.people.add(...page.people);
    this.#before = page.mentions[page.mentions.length - 1]?.id ?? null;
    const rows = page.mentions.map((one) => hitRow(session, { message: one.message, why: whyOf(one), unread: one.unread }));
    return { rows: rows.filter((row): row is HTMLElement => row !== null), more: page.has_more };
  }

  async #fetchThreads(first: boolean): Promise<Loaded> {
    const { session } = this.context.shell;
    if (first) this.#skip = 0;
    const page = await get<ThreadsPage>("/api/threads/", { skip: this.#skip });
    session.people.add(...page.people);
    this.#skip += page.threads.length;
    const rows = page.threads.map((one) => this.#threadRow(one));
    return { rows: rows.filter((row): row is HTMLElement => row !== null), more: page.has_more };
  }

  #threadRow({ mark, root, last }: FollowedThread): HTMLElement | null {
    const { session } = this.context.shell;
    const whose = root.kind === "alert" ? "in the thread of an alert" : `in the thread of ${session.people.name(root.author)}`;
    const about = root.author === session.me ? "in your thread" : whose;
    return hitRow(session, { message: last ?? root, why: about, unread: mark.unread > 0, mark: `${countText(mark.unread)} new` });
  }

  /** Reads what is listed as unread: rooms with mentions, and threads. */
  async #readAll(): Promise<void> {
    const { session } = this.context.shell;
    const rooms = session.home.get().rooms.filter(({ mentions }) => mentions > 0);
    const threads = attentionOf(session).store.get()?.threads.filter((mark) => mark.following && mark.unread > 0) ?? [];
    try {
      await Promise.all([
        ...rooms.map(({ room, head_seq }) => session.command("read.set", { seq: head_seq }, room.id)),
        ...threads.map((mark) => session.command("thread.set_read", { root: mark.root, seq: mark.last_seq }, mark.room)),
      ]);
      this.context.announcer.say("All mentions are read");
    } catch (error) {
      this.context.shell.fail("Not everything could be marked read", error);
    }
  }
}
