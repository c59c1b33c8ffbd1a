// One message out of its room, as the pages of mentions and saved messages show it: where, when, who, and what.
// Used by inbox_view.ts and saved_view.ts. It decides nothing; its links are real addresses.

import { permalink } from "../chat/row";
import { viaTag } from "../chat/bridged";
import { alertFace } from "../dashboard/cards/face";
import { clone, icon, part, setHTML } from "../dom";
import { avatar, roomIcon } from "../people";
import type { MessageView } from "../protocol";
import type { Session } from "../session";
import { fullTime, shortTime } from "../time";
import { nameOf } from "./rooms";

export interface Hit {
  message: MessageView;
  /** "to you", "in a thread you follow" */
  why: string;
  unread: boolean;
  /** In place of "New". */
  mark?: string;
  /** A message whose place is opened instead, as the root of a thread. */
  open?: string;
}

/** Null for a message of a room that is not in one's list (any more). */
export function hitRow(session: Session, hit: Hit): HTMLElement | null {
  const { message } = hit;
  const summary = session.home.get().rooms.find((one) => one.room.id === message.room);
  if (summary === undefined) return null;
  const row = clone("t-kept");
  row.dataset["message"] = message.id;
  row.classList.toggle("unread", hit.unread);
  const name = nameOf(summary);
  part(row, "[data-part=mark]").replaceChildren(roomIcon(summary.room));
  part(row, "[data-part=room]").textContent = name;
  part(row, "[data-part=why]").textContent = hit.why;
  const fresh = part(row, "[data-part=new]");
  fresh.hidden = !hit.unread;
  fresh.textContent = hit.mark ?? "New";
  const open = part<HTMLAnchorElement>(row, "[data-part=open]");
  open.href = permalink(summary.room, hit.open ?? message.id);
  open.setAttribute("aria-label", `Open in ${name}`);
  const face = message.kind === "alert" ? alertFace() : avatar(session.people.get(message.author));
  part(row, "[data-part=avatar]").replaceChildren(face);
  const author = part(row, "[data-part=author]");
  author.textContent = session.people.author(message);
  if (message.kind === "bridge" && message.author !== null) author.after(viaTag(message.author));
  const time = part<HTMLTimeElement>(row, "[data-part=time]");
  time.dateTime = message.created_at;
  time.title = fullTime(message.created_at);
  time.textContent = shortTime(message.created_at);
  const body = part(row, "[data-part=body]");
  if (message.deleted_at !== null) body.replaceChildren(icon("trash-2"), " This message was deleted.");
  else {
    setHTML(body, message.html);
    for (const at of body.querySelectorAll<HTMLElement>(".at[data-user]")) at.classList.toggle("you", at.dataset["user"] === String(session.me));
  }
  return row;
}
