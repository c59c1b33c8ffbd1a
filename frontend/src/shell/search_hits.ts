// Draws what a search found: messages with context, files, documents. Used by search_view.ts.
// Marked words come as pieces of plain text; nothing here is HTML.

import { viaTag } from "../chat/bridged";
import { fileIcon, sizeWords } from "../chat/media/words";
import { alertFace } from "../dashboard/cards/face";
import { clone, el, part } from "../dom";
import { avatar, firstName, roomIcon, roomName } from "../people";
import type { DocumentFound, FileFound, MessageFound, PersonView, QuoteView, RoomView, SearchAnswer, SearchPiece } from "../protocol";
import type { Session } from "../session";
import { clock, dayLabel, fullTime } from "../time";
import { withoutMarks } from "../words";

/** Text nodes, <mark> and <code>; neighbours in code share one. */
export function pieceNodes(pieces: readonly SearchPiece[]): Node[] {
  const nodes: Node[] = [];
  let code: HTMLElement | null = null;
  for (const piece of pieces) {
    const node = piece.mark ? el("mark", "", piece.text) : document.createTextNode(piece.text);
    if (!piece.code) {
      code = null;
      nodes.push(node);
      continue;
    }
    if (code === null) nodes.push((code = el("code")));
    code.append(node);
  }
  return nodes;
}

export class Hits {
  readonly #session: Session;
  #rooms = new Map<number, RoomView>();
  #people = new Map<number, PersonView>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Everything of a page, in order. */
  draw(answer: SearchAnswer): HTMLElement[] {
    this.know(answer);
    return [
      ...answer.messages.map((hit) => this.#message(hit)),
      ...answer.files.map((hit) => this.#file(hit)),
      ...answer.documents.map((hit) => this.#document(hit)),
    ];
  }

  /** Takes over the rooms and people of an answer, for names. */
  know(answer: SearchAnswer): void {
    for (const room of answer.rooms) this.#rooms.set(room.id, room);
    for (const person of answer.people) this.#people.set(person.id, person);
  }

  person(id: number | null): PersonView | null {
    return id === null ? null : (this.#people.get(id) ?? this.#session.people.get(id));
  }

  roomName(id: number): string {
    const summary = this.#session.home.get().rooms.find((one) => one.room.id === id);
    const room = summary?.room ?? this.#rooms.get(id);
    return room === undefined ? "" : roomName(room, summary?.people ?? []);
  }

  #name(id: number | null, kind = ""): string {
    return kind === "alert" ? "Alert" : (this.person(id)?.display_name ?? "Somebody");
  }

  #firstName(id: number | null, kind = ""): string {
    const person = this.person(id);
    return person === null ? this.#name(id, kind) : firstName(person);
  }

  #frame(template: string, hit: { room: number; url: string }, when: string): HTMLElement {
    const element = clone(template);
    const room = this.#rooms.get(hit.room);
    if (room !== undefined) part(element, "[data-part=room-icon]").replaceChildren(roomIcon(room));
    part(element, "[data-part=room]").textContent = this.roomName(hit.room);
    part(element, "[data-part=when]").textContent = when;
    part<HTMLAnchorElement>(element, "[data-part=open]").href = hit.url;
    return element;
  }

  #message(hit: MessageFound): HTMLElement {
    const day = dayLabel(hit.created_at);
    const thread = hit.thread_root === null ? "" : `in a thread with ${this.#firstName(hit.thread_author)}, `;
    const element = this.#frame("t-hit", hit, thread === "" ? day : thread + (day.startsWith("T") || day.startsWith("Y") ? day.toLowerCase() : day));
    part(element, "[data-part=face]").replaceWith(hit.kind === "alert" ? alertFace() : avatar(this.person(hit.author)));
    part(element, "[data-part=author]").textContent = this.#name(hit.author, hit.kind);
    if (hit.author !== null && this.person(hit.author)?.kind === "bridge") part(element, "[data-part=author]").after(viaTag(hit.author));
    const time = part<HTMLTimeElement>(element, "[data-part=time]");
    time.textContent = clock(hit.created_at);
    time.dateTime = hit.created_at;
    time.title = fullTime(hit.created_at);
    part(element, "[data-part=text]").replaceChildren(...pieceNodes(hit.pieces));
    part(element, "[data-part=open]").setAttribute("aria-label", `Open the message of ${this.#name(hit.author, hit.kind)}, ${fullTime(hit.created_at)}`);
    part(element, "[data-part=about]").hidden = hit.beside?.start == null;
    const files = part(element, "[data-part=files]");
    files.hidden = hit.files === 0;
    part(files, "span").textContent = hit.files === 1 ? "1 file" : `${hit.files} files`;
    if (hit.context !== null) part(element, hit.context_first ? "[data-part=before]" : "[data-part=after]").append(this.#context(hit.context));
    return element;
  }

  #context(quote: QuoteView): HTMLElement {
    const element = clone("t-context");
    part(element, "[data-part=face]").replaceWith(avatar(this.person(quote.author), "xs"));
    part(element, "[data-part=author]").textContent = this.#firstName(quote.author, quote.kind);
    part(element, "[data-part=text]").textContent = withoutMarks(quote.excerpt);
    return element;
  }

  #file(hit: FileFound): HTMLElement {
    const element = this.#frame("t-file-hit", hit, dayLabel(hit.created_at));
    const { file } = hit;
    const name = part<HTMLAnchorElement>(element, "[data-part=name]");
    name.href = file.url;
    name.download = file.name;
    name.replaceChildren(...pieceNodes(hit.name));
    part(element, "[data-part=open]").setAttribute("aria-label", `Show ${file.name} in its room`);
    part(element, "[data-part=icon]").replaceChildren(fileIcon(file));
    part(element, "[data-part=detail]").textContent = `${sizeWords(file.size_bytes)} · ${this.#name(hit.author)}, ${clock(hit.created_at)}`;
    return element;
  }

  #document(hit: DocumentFound): HTMLElement {
    const element = this.#frame("t-document-hit", hit, `changed ${dayLabel(hit.edited_at)}`);
    const name = part(element, "[data-part=name]");
    name.replaceChildren(...pieceNodes(hit.name));
    part(element, "[data-part=open]").setAttribute("aria-label", `Open ${name.textContent}`);
    const text = part(element, "[data-part=text]");
    text.hidden = hit.line === null;
    if (hit.line !== null) text.replaceChildren(el("span", "num", `${hit.line} `), ...pieceNodes(hit.pieces));
    return element;
  }
}
