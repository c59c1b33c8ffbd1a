// What the person may do in a room and with a message, as the page offers it. Pure; the server decides again.
// Used by rows, menus and the composer.

import type { MessageView, MuteView, RoomSnapshot } from "../protocol";
import { untilText } from "../time";

export function isMember(state: RoomSnapshot): boolean {
  return state.role !== "";
}

export function canModerate(state: RoomSnapshot): boolean {
  return state.permissions.includes("moderate");
}

export function canPost(state: RoomSnapshot): boolean {
  return isMember(state) && state.room.archived_at === null && state.permissions.includes("post");
}

export function canReact(state: RoomSnapshot): boolean {
  return isMember(state) && state.room.archived_at === null;
}

export function canEdit(state: RoomSnapshot, message: MessageView, me: number): boolean {
  return message.author === me && message.kind === "user" && message.deleted_at === null && canPost(state);
}

export function canDelete(state: RoomSnapshot, message: MessageView, me: number): boolean {
  if (message.deleted_at !== null || message.kind === "system" || !isMember(state)) return false;
  return message.author === me || canModerate(state);
}

/** Why nobody, or not this person, may write here; null when they may. */
export function whyShut(state: RoomSnapshot, mutes: readonly MuteView[]): { icon: string; text: string; join: boolean } | null {
  if (state.room.archived_at !== null) return { icon: "archive", text: "This room is archived. Everybody can read, nobody can write.", join: false };
  if (!isMember(state)) {
    const join = state.permissions.includes("join");
    return { icon: "lock", text: join ? `You are looking in from outside. Join to write, and to see what comes.` : "Only members can write here.", join };
  }
  const mute = mutes.find((one) => one.room === null || one.room === state.room.id);
  if (mute !== undefined) return { icon: "volume-x", text: `You are muted here${untilText(mute.until)}: “${mute.reason}”`, join: false };
  if (canPost(state)) return null;
  if (state.room.read_only) return { icon: "lock", text: "This room is read-only. Owners and moderators write here.", join: false };
  return { icon: "lock", text: "You may not write here.", join: false };
}

/** Seconds between two messages of this person; 0 for owners, moderators and rooms without slow mode. */
export function slowSeconds(state: RoomSnapshot): number {
  return canModerate(state) ? 0 : state.room.slow_mode_seconds;
}
