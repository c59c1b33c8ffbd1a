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
  { value: "kick", text: "Remove", help: "They lose the room now; where the door is open they may come back", also: true, danger: true, reason: READ },
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
  return message.author !== me && message.kind !== "system" && message.deleted_at === null;
}

export async function reportMessage(shell: Shell, message: MessageView): Promise<void> {
  const run = ({ choice, reason }: Decision) =>
    shell.session.command("message.report", { message: message.id, reason: choice, note: reason }, message.room);
  const text = "The moderators see it with what was said around it. Its author does not learn who reported.";
  const quote = withoutMarks(excerpt(message.body));
  const sent = await decide({ title: "Report this message", text, quote, legend: "What is wrong with it?", choices: REASONS, go: "Report", run });
  if (sent) shell.toast({ kind: "info", title: "Reported to the moderators" });
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
