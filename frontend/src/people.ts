// People as the page shows them: names, letters, colours, avatars, and the names of rooms without one.
// Called by everything that draws a person. It never fetches: people come with snapshots and events.

import { clone, icon, part } from "./dom";
import type { PersonView, RoomView } from "./protocol";

const COLOURS = 8;

/** The class of a person's colour: avatar here, caret in the editor. The server's templates use the same rule. */
export function colourClass(user: number): string {
  return `c${(user % COLOURS) + 1}`;
}

/** One or two letters: "Mina Okafor" gives MO, "lea" gives L. */
export function letters(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const first = words[0] ?? (name === "" ? "?" : name);
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return [first, last].map((word) => (word === undefined ? "" : [...word][0])).join("").toUpperCase();
}

/** The part of a name that people call each other by. */
export function firstName(person: PersonView): string {
  return person.display_name.split(/\s+/)[0] || person.display_name;
}

export type AvatarSize = "" | "xs" | "s" | "m";

/** An avatar; null draws somebody who is not known any more. `state` adds the presence dot. */
export function avatar(person: PersonView | null, size: AvatarSize = "", state: string | null = null): HTMLElement {
  const face = clone("t-avatar");
  if (size !== "") face.classList.add(size);
  if (person?.kind === "assistant") {
    face.classList.add("ai");
    part(face, "[data-part=letters]").replaceChildren(icon("sparkles"));
    return face;
  }
  face.classList.add(colourClass(person?.id ?? 0));
  part(face, "[data-part=letters]").textContent = letters(person?.display_name ?? "?");
  if (person?.avatar_url) showPicture(face, person.avatar_url);
  if (state !== null) {
    const dot = part(face, "[data-part=dot]");
    dot.hidden = false;
    if (state !== "online") dot.classList.add(state);
  }
  return face;
}

function showPicture(face: HTMLElement, url: string): void {
  const picture = part<HTMLImageElement>(face, "[data-part=picture]");
  const instead = part(face, "[data-part=letters]");
  picture.onerror = () => {
    picture.hidden = true;
    instead.hidden = false;
  };
  picture.src = url;
  picture.hidden = false;
  instead.hidden = true;
}

/** What a room is called: direct and group rooms by the other people in them. */
export function roomName(room: RoomView, others: readonly PersonView[]): string {
  if (room.name !== "") return room.name;
  if (others.length === 1) return (others[0] as PersonView).display_name;
  if (others.length > 1) return others.map(firstName).join(", ");
  return room.kind === "direct" || room.kind === "group" ? "Only you" : room.slug;
}

/** How a room is written in a sentence or a placeholder: "#general", or the name of the people. */
export function roomLabel(room: RoomView, others: readonly PersonView[]): string {
  const name = roomName(room, others);
  return room.kind === "direct" || room.kind === "group" ? name : `#${name}`;
}

/** The icon that stands for a kind of room. */
export function roomIcon(room: RoomView): SVGElement {
  if (room.kind === "private") return icon("lock");
  if (room.kind === "direct") return icon("message-square");
  return room.kind === "group" ? icon("users") : icon("hash");
}

function looksTheSame(a: PersonView, b: PersonView): boolean {
  return a.display_name === b.display_name && a.avatar_url === b.avatar_url && a.kind === b.kind;
}

/** Everybody this tab has heard of, by id. */
export class People {
  /** How often somebody who was known came to look different: what was drawn before that is drawn again. */
  changes = 0;
  readonly #known = new Map<number, PersonView>();

  add(...people: readonly (PersonView | null | undefined)[]): void {
    for (const person of people) {
      if (!person) continue;
      const before = this.#known.get(person.id);
      if (before !== undefined && !looksTheSame(before, person)) this.changes += 1;
      this.#known.set(person.id, person);
    }
  }

  get(id: number | null): PersonView | null {
    return id === null ? null : (this.#known.get(id) ?? null);
  }

  /** A name to show, also for somebody who is unknown by now. */
  name(id: number | null): string {
    return this.get(id)?.display_name ?? "Somebody";
  }

  /** Who says a message, or what is quoted of it; an alert is said by nobody. */
  author({ author, kind }: { author: number | null; kind: string }, first = false): string {
    const person = this.get(author);
    return kind === "alert" ? "Alert" : person !== null && first ? firstName(person) : this.name(author);
  }

  all(): PersonView[] {
    return [...this.#known.values()];
  }
}
