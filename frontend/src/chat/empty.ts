// What stands in the log of a room in which nothing was said yet. Used by room.ts.

import { clone, part } from "../dom";
import { roomLabel } from "../people";
import type { PersonView, RoomSnapshot } from "../protocol";
import { canPost } from "./rights";

export function emptyRoom(state: RoomSnapshot, others: readonly PersonView[]): HTMLElement {
  const empty = clone("t-empty-room");
  const direct = state.room.kind === "direct" || state.room.kind === "group";
  const about = direct ? "Only the people of this conversation can read it." : state.room.purpose;
  part(empty, "[data-part=text]").textContent = about === "" ? `Be the first to write in ${roomLabel(state.room, others)}.` : about;
  part(empty, "[data-part=hello]").hidden = !canPost(state);
  part(empty, "[data-part=invite]").hidden = !state.permissions.includes("invite");
  return empty;
}
