// Frames as the client sees them: every event and command with its data, typed from the generated protocol.
// Imported by the connection, the reducers and whoever listens. It holds types and guards, nothing that acts.

import type { Commands, DurableEvents, EphemeralEvents } from "./protocol";

type Events = DurableEvents & EphemeralEvents;
/** Events of `user:<id>`; all others are events of a room. */
type UserEventName =
  | "assistant.refused"
  | "bookmark.changed"
  | "draft.changed"
  | "preferences.changed"
  | "read.changed"
  | "reminder.dismissed"
  | "reminder.told"
  | "room.added"
  | "room.notify_changed"
  | "room.removed"
  | "sanction.applied"
  | "sanction.lifted"
  | "session.revoked"
  | "summary.changed"
  | "thread.changed";

type Frames<Kinds> = {
  [Name in keyof Kinds & string]: {
    readonly type: Name;
    readonly topic: string;
    /** Its place in the topic; absent in events that may be lost (typing, presence). */
    readonly seq?: number;
    readonly at?: string;
    readonly data: Kinds[Name];
  };
}[keyof Kinds & string];

/** An event of a room: its topic is `room:<id>`. */
export type RoomEvent = Frames<Omit<Events, UserEventName>>;
/** An event of the person: its topic is `user:<id>`. */
export type UserEvent = Frames<Pick<Events, UserEventName>>;
export type AnyEvent = RoomEvent | UserEvent;

export type CommandName = keyof Commands & string;
export type CommandData<Name extends CommandName> = Commands[Name]["data"];
export type CommandResult<Name extends CommandName> = Commands[Name]["result"];

export function roomTopic(room: number): string {
  return `room:${room}`;
}

/** The room of `room:12`, or null for another kind of topic. */
export function roomOf(topic: string): number | null {
  return topic.startsWith("room:") ? Number(topic.slice(5)) : null;
}

export function isRoomEvent(event: AnyEvent): event is RoomEvent {
  return event.topic.startsWith("room:");
}
