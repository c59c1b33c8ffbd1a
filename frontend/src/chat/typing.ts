// Who is typing: tells the room that I do, at most every 3 s, and shows who else does, for 5 s each.
// Used by the room and by the thread, each with its own line. It never says anything to screen readers.

import { part } from "../dom";
import type { AnyEvent } from "../events";
import { firstName } from "../people";
import type { Session } from "../session";

const TELL_MS = 3_000;
const SHOWN_MS = 5_000;

/** "Ines is typing", "Ines and Teo are typing", "Several people are typing". */
export function typingText(names: readonly string[]): { who: string; rest: string } {
  if (names.length === 0) return { who: "", rest: "" };
  if (names.length === 1) return { who: names[0] ?? "", rest: " is typing" };
  if (names.length <= 3) return { who: `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`, rest: " are typing" };
  return { who: "Several people", rest: " are typing" };
}

export class Typing {
  readonly #session: Session;
  readonly #root: HTMLElement;
  readonly #room: number;
  readonly #thread: string | null;
  readonly #until = new Map<number, ReturnType<typeof setTimeout>>();
  #toldAt = -Infinity;
  readonly #stop: () => void;

  constructor(session: Session, root: HTMLElement, room: number, thread: string | null) {
    this.#session = session;
    this.#root = root;
    this.#room = room;
    this.#thread = thread;
    this.#stop = session.connection.onEvent((event) => this.#take(event));
    this.#draw();
  }

  dispose(): void {
    this.#stop();
    for (const timer of this.#until.values()) clearTimeout(timer);
  }

  /** The person typed a character. */
  told(): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS || this.#session.connection.state !== "online") return;
    this.#toldAt = now;
    void this.#session.command("typing.start", { thread: this.#thread }, this.#room).catch(() => undefined);
  }

  /** The person sent the message: the next character tells at once. */
  rest(): void {
    this.#toldAt = -Infinity;
  }

  #take(event: AnyEvent): void {
    if (event.topic !== `room:${this.#room}`) return;
    if (event.type === "typing" && event.data.thread === this.#thread && event.data.user !== this.#session.me) {
      const { user } = event.data;
      clearTimeout(this.#until.get(user));
      this.#until.set(user, setTimeout(() => this.#drop(user), SHOWN_MS));
      this.#draw();
    }
    if (event.type === "message.created" && event.data.message.author !== null) this.#drop(event.data.message.author);
  }

  #drop(user: number): void {
    const timer = this.#until.get(user);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#until.delete(user);
    this.#draw();
  }

  #draw(): void {
    const names = [...this.#until.keys()].map((id) => {
      const person = this.#session.people.get(id);
      return person === null ? "Somebody" : firstName(person);
    });
    const { who, rest } = typingText(names);
    part(this.#root, "[data-part=dots]").hidden = names.length === 0;
    const name = document.createElement("b");
    name.textContent = who;
    part(this.#root, "[data-part=typing-text]").replaceChildren(...(names.length > 0 ? [name, rest] : []));
  }
}
