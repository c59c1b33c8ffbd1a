// Draws one line of a log: clones a template and fills its parts. Called by log.ts.
// It decides nothing: what may be done with a message is decided in actions.ts, what stands where in entries.ts.

import { clone, icon, part, setHTML, textOf } from "../dom";
import type { OutboxItem } from "../outbox";
import { avatar, firstName, type People } from "../people";
import type { MessageView, ReactionView, RoomView } from "../protocol";
import { excerpt } from "../reducers/messages";
import { clock, dayLabel, fullTime, shortTime } from "../time";
import { withoutMarks } from "../words";
import { emojiName } from "./emoji_names";
import type { Entry } from "./entries";

export interface RowContext {
  me: number;
  people: People;
  room: RoomView;
  /** Whether reactions may be given here. */
  canReact: boolean;
  /** Whether the person may write here: reply, quote, edit. */
  canPost: boolean;
  /** False inside a thread: its root shows no chip. */
  chips: boolean;
  /** The message whose thread or history stands open beside the log. */
  open: string | null;
  online: boolean;
  /** Puts what a message is about under its text. */
  about(place: HTMLElement, message: MessageView): void;
  /** Puts its files there. */
  files(place: HTMLElement, message: MessageView): void;
  /** Draws what belongs to an answer of the assistant; answers whether that was its text, too. */
  run(row: HTMLElement, message: MessageView): boolean;
  /** Draws the card that it carries. */
  card(row: HTMLElement, message: MessageView): void;
}

export function permalink(room: RoomView, message: string): string {
  return `${room.url}m/${message}/`;
}

/** A new element for an entry, filled. */
export function createRow(entry: Entry, context: RowContext): HTMLElement {
  switch (entry.kind) {
    case "day": {
      const day = clone("t-day");
      day.textContent = entry.label;
      return day;
    }
    case "new":
      return clone("t-new-mark");
    case "start":
      return startRow(context);
    case "count": {
      const count = clone("t-count");
      count.textContent = plural(entry.replies, "reply", "replies");
      return count;
    }
    case "system":
      return systemRow(entry.message);
    case "message": {
      const row = clone("t-message");
      fillMessage(row, entry, context);
      return row;
    }
  }
}

/** Draws an entry into its element again; false when it needs a new one. */
export function updateRow(row: HTMLElement, entry: Entry, context: RowContext): boolean {
  if (entry.kind !== "message") return false;
  fillMessage(row, entry, context);
  return true;
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function startRow(context: RowContext): HTMLElement {
  const start = clone("t-start");
  const { room } = context;
  const direct = room.kind === "direct" || room.kind === "group";
  part(start, "[data-part=mark]").replaceChildren(icon(direct ? "message-square" : room.kind === "private" ? "lock" : "hash"));
  part(start, "[data-part=title]").textContent = direct ? "The beginning" : `#${room.name}`;
  const about = direct ? "Only the people of this conversation can read it." : room.purpose;
  part(start, "[data-part=text]").textContent = about === "" ? "This is the beginning of the room." : about;
  return start;
}

/** System lines are plain text: names in them are only names. */
function systemRow(message: MessageView): HTMLElement {
  const row = clone("t-system");
  row.dataset["id"] = message.id;
  const text = part(row, "[data-part=text]");
  text.textContent = message.body;
  text.dir = "auto";
  const time = part<HTMLTimeElement>(row, "[data-part=time]");
  fillTime(time, message.created_at);
  return row;
}

function fillTime(time: HTMLTimeElement, at: string): void {
  time.dateTime = at;
  time.title = fullTime(at);
  time.textContent = clock(at);
}

function fillMessage(row: HTMLElement, entry: Extract<Entry, { kind: "message" }>, context: RowContext): void {
  const { message, pending } = entry;
  const gone = message.deleted_at !== null;
  const mentioned = message.mentions.includes(context.me);
  const kept = ["hot", "lit", "settled", "editing"].filter((name) => row.classList.contains(name));
  row.className = "msg";
  row.classList.add(...kept);
  row.classList.toggle("follow", entry.follow);
  row.classList.toggle("gone", gone);
  row.classList.toggle("mention", mentioned);
  row.classList.toggle("ai", message.kind === "assistant");
  row.classList.toggle("sending", pending !== null && pending.state !== "failed");
  row.classList.toggle("failed", pending?.state === "failed");
  row.classList.toggle("open", context.open === message.id);
  row.dataset["id"] = message.id;
  row.dataset["seq"] = String(message.seq);
  row.setAttribute("aria-label", spoken(message, context));
  if (gone) return fillTomb(row, message, context);
  fillHead(row, message, pending, context);
  fillQuote(row, message, context);
  if (message.run === null || !context.run(row, message)) fillBody(row, message, context);
  if (message.beside?.start != null) context.about(part(row, "[data-part=about]"), message);
  if (message.attachments.length > 0) context.files(part(row, "[data-part=files]"), message);
  if (message.card !== null) context.card(row, message);
  fillReactions(row, message, pending === null, context);
  fillChip(row, message, context);
  fillState(row, pending, context);
}

function spoken(message: MessageView, context: RowContext): string {
  if (message.deleted_at !== null) return "Deleted message";
  return `${nameOf(message, context)}, ${dayLabel(message.created_at)} ${clock(message.created_at)}: ${excerpt(message.html === "" ? message.body : textOf(message.html))}${filesSpoken(message)}`;
}

/** An alert is said by nobody. */
function nameOf(message: MessageView, context: RowContext): string {
  return message.card?.alert == null ? context.people.author(message) : "Alert";
}

/** "2 files: plan.png, notes.txt" */
function filesSpoken({ attachments }: MessageView): string {
  if (attachments.length === 0) return "";
  return ` ${plural(attachments.length, "file", "files")}: ${attachments.map((file) => file.name || "taken away").join(", ")}`;
}

function fillTomb(row: HTMLElement, message: MessageView, context: RowContext): void {
  const byModerator = message.deleted_by === "moderator";
  const author = context.people.get(message.author);
  const words = byModerator ? "Removed by a moderator" : `${author === null ? "Somebody" : firstName(author)} deleted a message`;
  part(row, "[data-part=ghost]").replaceChildren(byModerator ? icon("shield") : icon("trash-2"));
  part(row, "[data-part=tomb-text]").textContent = words;
  fillTime(part<HTMLTimeElement>(row, "[data-part=tomb-time]"), message.created_at);
  // Nothing of the text may stay in the page.
  part(row, "[data-part=body]").replaceChildren();
  part(row, "[data-part=quote]").hidden = true;
  part(row, "[data-part=about]").replaceChildren();
  part(row, "[data-part=files]").replaceChildren();
  part(row, "[data-part=run]").replaceChildren();
  part(row, "[data-part=card]").replaceChildren();
  row.ariaBusy = null;
  part(row, "[data-part=reactions]").replaceChildren();
  fillChip(row, message, context);
}

function fillHead(row: HTMLElement, message: MessageView, pending: OutboxItem | null, context: RowContext): void {
  const person = context.people.get(message.author);
  part(row, "[data-part=avatar]").replaceChildren(avatar(person));
  const author = part(row, "[data-part=author]");
  author.textContent = nameOf(message, context);
  author.dir = "auto";
  const tag = part(row, "[data-part=tag]");
  const kind = person?.kind ?? message.kind;
  tag.hidden = kind !== "assistant" && kind !== "bridge" && kind !== "bot";
  tag.textContent = kind === "assistant" ? "AI" : kind === "bot" ? "Bot" : "Bridge";
  tag.classList.toggle("plain", kind !== "assistant");
  if ((kind === "bridge" || message.kind === "bridge") && message.author !== null) void import("./bridged").then(({ fillRow }) => fillRow(row, tag, message), () => {});
  fillTime(part<HTMLTimeElement>(row, "[data-part=time]"), message.created_at);
  fillTime(part<HTMLTimeElement>(row, "[data-part=gutter]"), message.created_at);
  const when = part<HTMLAnchorElement>(row, "[data-part=when]");
  if (pending === null) when.href = permalink(context.room, message.id);
  else when.removeAttribute("href");
  const edited = part<HTMLButtonElement>(row, "[data-part=edited]");
  edited.hidden = message.edited_at === null;
  edited.textContent = "edited";
  if (message.edited_at !== null) edited.title = fullTime(message.edited_at);
}

function fillQuote(row: HTMLElement, message: MessageView, context: RowContext): void {
  const quote = part<HTMLButtonElement>(row, "[data-part=quote]");
  const quoted = message.reply_to;
  quote.hidden = quoted === null;
  if (quoted === null) return;
  quote.classList.toggle("lost", quoted.deleted);
  part(quote, "[data-part=quote-name]").textContent = context.people.author(quoted, true);
  const text = part(quote, "[data-part=quote-text]");
  text.textContent = quoted.deleted ? "deleted message" : withoutMarks(quoted.excerpt) || "a file";
  text.dir = "auto";
  quote.dataset["quoted"] = quoted.id;
}

function markMentions(root: HTMLElement, me: number): void {
  for (const at of root.querySelectorAll<HTMLElement>(".at[data-user]")) at.classList.toggle("you", at.dataset["user"] === String(me));
}

function fillBody(row: HTMLElement, message: MessageView, context: RowContext): void {
  const body = part(row, "[data-part=body]");
  body.dir = "auto";
  // A message on its way has no HTML yet: it is shown as it was typed.
  body.classList.toggle("plain", message.html === "");
  if (message.html === "") body.textContent = message.body;
  else {
    setHTML(body, message.html);
    markMentions(body, context.me);
  }
}

/** "Mina, Teo and 2 others" */
function whoReacted(reaction: ReactionView, context: RowContext): string {
  const names = reaction.users.map((id) => (id === context.me ? "you" : firstNameOf(id, context)));
  if (names.length > 6) return `${names.slice(0, 5).join(", ")} and ${names.length - 5} others`;
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}` : (names[0] ?? "");
}

function firstNameOf(id: number, context: RowContext): string {
  const person = context.people.get(id);
  return person === null ? "somebody" : firstName(person);
}

function fillReactions(row: HTMLElement, message: MessageView, known: boolean, context: RowContext): void {
  const place = part(row, "[data-part=reactions]");
  place.hidden = message.reactions.length === 0;
  const buttons = message.reactions.map((reaction) => {
    const button = clone<HTMLButtonElement>("t-reaction");
    const mine = reaction.users.includes(context.me);
    button.dataset["emoji"] = reaction.emoji;
    button.setAttribute("aria-pressed", String(mine));
    button.setAttribute("aria-label", `${emojiName(reaction.emoji)}, ${whoReacted(reaction, context)}`);
    button.title = whoReacted(reaction, context);
    button.disabled = !context.canReact || !known;
    part(button, "[data-part=emoji]").textContent = reaction.emoji;
    part(button, "[data-part=count]").textContent = String(reaction.users.length);
    return button;
  });
  const focused = place.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["emoji"] : undefined;
  place.replaceChildren(...buttons);
  if (message.reactions.length > 0 && context.canReact && known) place.append(clone("t-react"));
  if (focused !== undefined) (buttons.find((button) => button.dataset["emoji"] === focused) ?? row).focus();
}

function fillChip(row: HTMLElement, message: MessageView, context: RowContext): void {
  const chip = part<HTMLButtonElement>(row, "[data-part=thread]");
  const thread = context.chips ? message.thread : null;
  chip.hidden = thread === null;
  if (thread === null) return;
  // Who is no member may be unknown here: no face is better than one that asks.
  const faces = thread.people.map((id) => context.people.get(id)).filter((person) => person !== null);
  part(chip, "[data-part=thread-people]").replaceChildren(...faces.map((person) => avatar(person, "xs")));
  part(chip, "[data-part=thread-count]").textContent = plural(thread.replies, "reply", "replies");
  part(chip, "[data-part=thread-last]").textContent = `last ${shortTime(thread.last_at)}`;
  chip.setAttribute("aria-expanded", String(context.open === message.id));
}

function fillState(row: HTMLElement, pending: OutboxItem | null, context: RowContext): void {
  const place = part(row, "[data-part=state]");
  place.hidden = pending === null || pending.state === "sent";
  if (pending === null || pending.state === "sent") return place.replaceChildren();
  if (pending.state === "failed") {
    const failed = clone("t-state-failed");
    part(failed, "[data-part=text]").textContent = pending.error?.message ?? "the server did not take it.";
    return place.replaceChildren(failed);
  }
  const state = clone(context.online ? "t-state-sending" : "t-state-waiting");
  if (pending.error !== null) part(state, "[data-part=text]").textContent = `${pending.error.message} It is sent again by itself.`;
  place.replaceChildren(state);
}
