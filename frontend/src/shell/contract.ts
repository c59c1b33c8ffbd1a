// The seam between the shell (rail, router, dialogs, notices) and the chat (log, composer, threads).
// The shell gives a Shell to the chat and mounts one RoomPane for each room it opens. Types only, nothing that acts.
//
// chat/room.ts exports `mountRoom: MountRoom`. By then the shell has cloned t-view-room into #view, filled its top bar
// (mark, title, purpose, here, settings, invite), and session.room holds the room; the chat fills data-part="chat".
// The shell acts on data-do: open-members, open-settings, open-invite, join-room, close-pane, show-rooms; the chat on
// all others of the room's view. Panes at the right (thread, history) are shown with shell.showPane.

import type { ChatHooks, Question } from "../chat/hooks";
import type { Session } from "../session";

/** What the chat may ask of the shell. */
export interface Shell extends ChatHooks {
  readonly session: Session;
  /** Like confirm, for a question with a line of text (a reason); null: no. */
  ask(question: Question & { field: string }): Promise<string | null>;
  /** Tells that something did not work, in the server's words. */
  fail(what: string, error: unknown): void;
  /** What may be done with a person: their name, write to them, mention them. */
  openPerson(user: number, anchor: HTMLElement): void;
  /** Shows a section.side beside the chat; what stood there is closed. The focus goes to its heading. */
  showPane(pane: HTMLElement, options: PaneOptions): void;
  /** Closes the pane, if one is open; the focus goes back to its opener. */
  closePane(): void;
}

export interface PaneOptions {
  /** Gets aria-expanded while the pane is open, and the focus back. */
  opener: HTMLElement | null;
  onClose(): void;
  /** False leaves the focus where it is, e.g. when a page opens with its thread. */
  focus?: boolean;
}

/** The chat of one open room. */
export interface RoomPane {
  /** Shows a message of the room and lights it for 2 s (permalinks; also while the room is open already). */
  reveal(message: string): void;
  /** Puts the caret into the composer, or the focus on what stands in its place. */
  focus(): void;
  /** Puts text into the composer at the caret, e.g. "@mina ". */
  insert(text: string): void;
  /** Esc: cancels an edit, drops a quote or closes a completion; answers whether there was something to do. */
  escape(): boolean;
  /** Marks everything in the room as read. */
  markRead(): void;
  /** Another view takes the place: stops listening; what is typed and the scroll position are kept. */
  unmount(): void;
}

export interface MountRequest {
  /** The clone of t-view-room, in the page already. */
  view: HTMLElement;
  shell: Shell;
  room: number;
  /** A message to show first. */
  message: string | null;
}

export type MountRoom = (request: MountRequest) => RoomPane;
