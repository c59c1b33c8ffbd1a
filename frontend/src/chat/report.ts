// Asking the moderators to look at a message, and deciding about its author. Opened from the menu of a message, from the
// members' settings and from the pane of reports. The server decides again.

import type { MessageView, PersonView, RoomSnapshot } from "../protocol";
import { excerpt } from "../reducers/messages";
import type { Shell } from "../shell/contract";
import { decide, type Choice, type Decision } from "../shell/decide";
import { withoutMarks } from "../words";
import { canModerate } from "./rights";

const RANKS: Readonly<Record<string, number>> = { "": 0, guest: 1, member: 2, moderator: 3, owner: 4 };
const NOTE = "What moderators should know (optional)";

const REASONS: readonly Choice[] = [
  { value: "spam", text: "Spam", help: "Advertising, or the same again and again", reason: NOTE, optional: true },
  { value: "abuse", text: "Abuse", help: "An insult, harassment or a threat", reason: NOTE, optional: true },
  { value: "private", text: "Private information", help: "Something secret, or about somebody", reason: NOTE, optional: true },
  { value: "illegal", text: "Against the law", help: "Something that must not be shown", reason: NOTE, optional: true },
  { value: "other", text: "Something else", help: "Say below what it is", reason: "What is it?" },
];

const READ = "Reason, which they will read";
export const SANCTIONS: readonly Choice[] = [
  { value: "mute", text: "Mute", help: "They read on and write nothing here", lasts: true, also: true, reason: READ },
  { value: "kick", text: "Remove", help: "They lose the room now, and may come back when the time is over", lasts: true, endless: "They may come back at once", also: true, danger: true, reason: READ },
  { value: "ban", text: "Ban", help: "They lose the room and cannot come back until it is over", lasts: true, also: true, danger: true, reason: READ },
];

/** Whether this person decides about somebody of this role: only about those below themselves. */
export function maySanction(state: RoomSnapshot, user: number, me: number): boolean {
  if (user === me || !canModerate(state)) return false;
  const role = state.members.find((member) => member.person.id === user)?.role ?? "";
  return (RANKS[role] ?? 0) < (RANKS[state.role] ?? 0);
}

/** Whether this message may be reported. */
export function mayReport(message: MessageView, me: number): boolean {
  return message.author !== me && message.kind !== "system" && message.kind !== "alert" && message.deleted_at === null;
}

export async function reportMessage(shell: Shell, message: MessageView): Promise<void> {
  const run = ({ choice, reason }: Decision) =>
    shell.session.command("message.report", { message: message.id, reason: choice, note: reason }, message.room);
  const text = "The moderators see it with what was said around it. Its author does not learn who reported.";
  const quote = withoutMarks(excerpt(message.body));
  const sent = await decide({ title: "Report this message", text, quote, legend: "What is wrong with it?", choices: REASONS, go: "Report", run });
  if (sent) shell.toast({ kind: "info", title: "Reported to the moderators" });
}

/** Whether this person may take the files of this message away. */
export function mayBlock(state: RoomSnapshot, message: MessageView): boolean {
  return canModerate(state) && message.attachments.some((file) => !file.blocked);
}

export async function blockFiles(shell: Shell, message: MessageView): Promise<void> {
  const count = message.attachments.filter((file) => !file.blocked).length;
  const files = count === 1 ? "the file" : `${count} files`;
  const run = ({ reason }: Decision) => shell.session.command("message.block_files", { message: message.id, reason }, message.room);
  const choice = { value: "block", text: `Block ${files}`, help: "Nobody can open them any more; the message stays", danger: true, reason: "Reason, for the record" };
  const text = "It happens at once and cannot be undone here. To take the text away as well, delete the message.";
  const quote = message.attachments.filter((file) => !file.blocked).map((file) => file.name).join(", ");
  const done = await decide({ title: "Block files", text, quote, legend: "What happens", choices: [choice], go: "Block", run });
  if (done) shell.toast({ kind: "info", title: count === 1 ? "The file is blocked" : `${count} files are blocked` });
}

/** Mutes, removes or bans somebody in a room. */
export async function sanctionPerson(shell: Shell, room: RoomSnapshot, person: PersonView, first = "mute"): Promise<boolean> {
  const choices = [...SANCTIONS].sort((a, b) => Number(b.value === first) - Number(a.value === first));
  const run = ({ choice, reason, seconds }: Decision) =>
    shell.session.command("member.sanction", { user: person.id, kind: choice, reason, seconds }, room.room.id);
  const title = `Decide about ${person.display_name}`;
  const text = `In #${room.room.name}. It happens at once, in all their tabs; what they wrote stays.`;
  const done = await decide({ title, text, legend: "What to do", choices, go: "Decide", run });
  if (done) shell.toast({ kind: "info", title: `Done: ${person.display_name} was told why` });
  return done;
}
