// The seam between the shell (rail, router, dialogs, notices) and the chat (log, composer, threads).
// The shell gives a Shell to the chat and mounts one RoomPane for each room it opens; neither imports the other's insides.
//
// chat/room.ts exports `mountRoom: MountRoom`. The shell has cloned t-view-room into #view by then, filled its top bar
// (mark, title, purpose, here, settings, invite) and session.room holds the room; the chat fills data-part="chat".
// The shell acts on: open-members, open-settings, open-invite, join-room, close-pane, show-rooms. The chat on the rest
// of the room's view. A pane at the right (thread, history) is shown with shell.showPane.

import type { Session } from "../session";

export interface Notice {
  /** "error" stays until it is closed and is spoken at once; "info" goes after 5 s. */
  kind: "info" | "error";
  title: string;
  text?: string;
  act?: { label: string; run(): void };
  /** How long it stays, when 5 s are too short to think it over; 0: until it is closed. */
  seconds?: number;
  /** Another notice of the same matter takes its place. */
  matter?: string;
  /** The person has closed it, or done what it offers. */
  closed?(): void;
}

export interface Question {
  title: string;
  text: string;
  /** A message or name that the question is about, shown as a quotation. */
  quote?: string;
  /** The word on the button that does it. */
  go: string;
  danger?: boolean;
  /** Asks for a line of text as well (a reason); it may stay empty. */
  field?: string;
  /** What stands in that line at first. */
  value?: string;
}

export interface MenuItem {
  icon: string;
  text: string;
  key?: string;
  danger?: boolean;
  /** What holds now, of several of which one does. */
  chosen?: boolean;
  /** Draws a line above the item. */
  line?: boolean;
  /** The click says which keys were held: Shift skips a question. */
  run(event: MouseEvent): void;
}

export interface MenuRequest {
  label: string;
  /** What the menu hangs on; it gets aria-expanded and the focus back. */
  anchor: HTMLElement;
  /** Where the pointer was, for a right click. */
  at?: { x: number; y: number };
  /** A line of text at the top. */
  cap?: string;
  /** Quick reactions: emoji and what they are called; the last button, "More emoji", calls more(). */
  quick?: { emoji: readonly { emoji: string; name: string }[]; pick(emoji: string): void; more(): void };
  items: MenuItem[];
}

/** What the chat may ask of the shell. */
export interface Shell {
  readonly session: Session;
  /** Says something politely to a screen reader; messages of one second become one announcement. */
  announce(text: string): void;
  /** A new message of the open room: "Mina: text", at most 3 in a second, then "5 new messages". */
  announceMessage(author: string, text: string): void;
  toast(notice: Notice): void;
  /** Shows what went wrong with a command or request; offline errors say so in their own words. */
  fail(what: string, error: unknown): void;
  /** Asks; null: no. Else the text of the field, or "". `run` keeps the dialog open and shows the error when it rejects. */
  confirm(question: Question, run?: (typed: string) => Promise<unknown>): Promise<string | null>;
  openMenu(request: MenuRequest): void;
  /** What may be done with a person: their name, write to them, mention them. */
  openPerson(user: number, anchor: HTMLElement): void;
  /** Goes to an address of this page ("/rooms/general/") without loading it anew; others are loaded. */
  navigate(url: string, options?: { replace?: boolean }): void;
  /** Shows an element (section.side) beside the chat; what stood there is closed. Focus goes to its heading. */
  showPane(pane: HTMLElement, options: PaneOptions): void;
  /** Closes the pane, if one is open; the focus goes back to its opener. */
  closePane(): void;
}

export interface PaneOptions {
  /** Gets aria-expanded while the pane is open, and the focus back. */
  opener: HTMLElement | null;
  onClose(): void;
  /** False leaves the focus where it is. */
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
