// Who answers in a room and how one stands towards it (AssistantView), kept for each room of this tab.
// Asked once for a room, and again when its choice changes or one's own limits may have. It shows nothing.

import * as api from "../api";
import { roomOf } from "../events";
import type { AssistantView } from "../protocol";
import type { Session } from "../session";
import { isLive } from "./words";

export type Wish = { enabled?: boolean; agent?: number; model?: string; prompt?: string; may_edit?: boolean; answers_bridged?: boolean };
export type OwnWish = { hidden?: boolean; remembers?: boolean; told_demo?: boolean };

const ofSession = new WeakMap<Session, Choices>();

export function choicesOf(session: Session): Choices {
  const known = ofSession.get(session) ?? new Choices(session);
  ofSession.set(session, known);
  return known;
}

export class Choices {
  readonly #session: Session;
  readonly #views = new Map<number, AssistantView>();
  readonly #loading = new Map<number, Promise<AssistantView | null>>();
  readonly #listeners = new Set<(room: number) => void>();

  constructor(session: Session) {
    this.#session = session;
    session.connection.onEvent((event) => {
      const room = roomOf(event.topic);
      if (room === null || !this.#views.has(room)) return;
      if (event.type === "assistant.changed") void this.load(room);
      // What one has asked for counts against one's limits.
      if (event.type === "run.changed" && !isLive(event.data.run) && event.data.run.asker === session.me) void this.load(room);
    });
    // Outside the room nothing is heard of it: it is asked again when one comes back.
    session.connection.onState((state) => state === "online" && this.#again());
  }

  subscribe(listener: (room: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is known by now. */
  of(room: number): AssistantView | null {
    return this.#views.get(room) ?? null;
  }

  /** What is known, or what the server says; null when it cannot be asked. */
  async get(room: number): Promise<AssistantView | null> {
    return this.of(room) ?? this.load(room);
  }

  load(room: number): Promise<AssistantView | null> {
    const loading = this.#loading.get(room);
    if (loading !== undefined) return loading;
    const asked = api
      .get<AssistantView>(`/api/rooms/${room}/assistant/`)
      .then((view) => this.#set(room, view))
      // Without it nothing of the assistant is offered here; the next look asks again.
      .catch(() => null)
      .finally(() => this.#loading.delete(room));
    this.#loading.set(room, asked);
    return asked;
  }

  async choose(room: number, wish: Wish): Promise<AssistantView> {
    return this.#set(room, await api.post<AssistantView>(`/api/rooms/${room}/assistant/`, wish));
  }

  /** One's own choice holds in all rooms. */
  async chooseForMe(wish: OwnWish): Promise<void> {
    await api.post("/api/assistant/me/", wish);
    for (const [room, view] of this.#views) {
      this.#set(room, {
        ...view,
        hidden: wish.hidden ?? view.hidden,
        tell_demo: view.tell_demo && wish.told_demo !== true,
      });
    }
  }

  #set(room: number, view: AssistantView): AssistantView {
    this.#views.set(room, view);
    this.#session.people.add(view.agent, ...view.agents);
    for (const listener of [...this.#listeners]) listener(room);
    return view;
  }

  #again(): void {
    const open = this.#session.room.get()?.room.id;
    for (const room of [...this.#views.keys()]) if (room !== open) this.#views.delete(room);
    if (open !== undefined && this.#views.has(open)) void this.load(open);
  }
}

/** Whether one can ask here and wants to see that: then the page offers it. */
export function isOffered(view: AssistantView | null): boolean {
  return view !== null && view.agent !== null && view.enabled && !view.hidden;
}
