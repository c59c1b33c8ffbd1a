// The doorway between the chat of a room and what stands open beside it: messages carry along what their author has
// open, and each side can lead to the other. Made by the session; both sides leave their word here. Knows no document.

import type { BesideView, RoomView } from "./protocol";

/** Lines that the next message is to be about. */
export interface About {
  topic: string;
  seq: number;
  start: number;
  end: number;
  /** As a person calls them: "session.py lines 16–18". */
  label: string;
}

/** What stands beside the chat. */
export interface Shown {
  /** Where it stands; null for nothing that a message could name. */
  now(): BesideView | null;
  /** Shows what a message is about. */
  open(topic: string, message: string): void;
}

/** The chat. */
export interface Talk {
  /** Lets the person write about these lines, after some words that stand there already. */
  ask(about: About, words?: string): void;
  /** Shows a message. */
  reveal(message: string, focus: boolean): void;
}

/** Runs of the assistant, as the chat knows them; what it does not say is not offered. */
export interface Runs {
  /** Ends a run. */
  stop(run: string): Promise<unknown>;
  /** Who asked for it. */
  askedBy(run: string): number | null;
  /** How the one who answers in a room is called in a text; null where nobody is offered. */
  called(room: number): string | null;
}

export class Beside {
  /** Null until the assistant's part of the chat is here. */
  runs: Runs | null = null;
  /** By room. */
  readonly shown = new Map<number, Shown>();
  readonly talks = new Map<number, Talk>();

  of(room: number): BesideView | null {
    return this.shown.get(room)?.now() ?? null;
  }
}

/** The address at which the room shows what somebody had open; null for what this page does not know. */
export function thenUrl(room: RoomView, beside: BesideView | null): string | null {
  return beside?.topic.startsWith("document:") === true ? `${room.url}?doc=${beside.topic.slice(9)}&v=${beside.seq}` : null;
}
