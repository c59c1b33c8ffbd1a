// The place of boards on the stage: /boards/, /boards/<id>/ and the board of a room. Reached through later.ts; made by the
// stage. It asks for the board and fetches what draws it; that is another bundle.

import * as api from "../api";
import { clone, part } from "../dom";
import { roomIcon, roomName } from "../people";
import type { BoardSnapshot, RoomView } from "../protocol";
import { errorText } from "../shell/dialogs";
import { focusHeading, stand, type ShellContext, type View } from "../shell/view";

const SKELETON_MS = 300;

interface Shown {
  dispose(): void;
}

class BoardPlace implements View {
  readonly name: "page" | "room";
  readonly element = clone("t-view-board");
  readonly #context: ShellContext;
  readonly #url: string;
  #shown: Shown | null = null;
  #slow: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(context: ShellContext, name: "page" | "room", url: string) {
    this.#context = context;
    this.name = name;
    this.#url = url;
    stand(this.element);
    part(this.element, "[data-part=again]").onclick = () => void this.load();
  }

  focus(): void {
    focusHeading(this.element);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#slow);
    this.#shown?.dispose();
    this.#shown = null;
  }

  async load(): Promise<void> {
    part(this.element, "[data-part=gone]").hidden = true;
    this.#slow = setTimeout(() => (part(this.element, "[data-part=bones]").hidden = false), SKELETON_MS);
    try {
      const [{ Board }, snapshot] = await Promise.all([import("./view/parts"), api.get<BoardSnapshot>(this.#url)]);
      if (this.#closed) return;
      part(this.element, "[data-part=bar]").hidden = false;
      this.#shown = new Board(this.#context.shell, this.element, snapshot, { gone: (reason) => this.#gone(reason) });
    } catch (error) {
      if (!this.#closed) this.#fail(error);
    } finally {
      clearTimeout(this.#slow);
      part(this.element, "[data-part=bones]").hidden = true;
    }
  }

  #fail(error: unknown): void {
    const unknown = error instanceof api.ApiError && (error.status === 404 || error.status === 403);
    if (unknown) this.#tell("There is nothing here", "The address is wrong, the board is gone, or it is not open to you.", false);
    else this.#tell("This board could not be loaded", errorText(error), true);
  }

  /** The board was taken away while one looked. */
  #gone(reason: string): void {
    this.#shown?.dispose();
    this.#shown = null;
    this.#tell("This board is gone", reason === "" ? "It was deleted, or is no longer open to you." : reason, false);
    if (document.activeElement === document.body) this.focus();
  }

  #tell(title: string, text: string, again: boolean): void {
    const place = part(this.element, "[data-part=gone]");
    part(this.element, "[data-part=grid]").hidden = part(this.element, "[data-part=none]").hidden = part(this.element, "[data-part=bar]").hidden = true;
    part(place, "[data-part=title]").textContent = title;
    part(place, "[data-part=text]").textContent = text;
    part(place, "[data-part=again]").hidden = !again;
    place.hidden = false;
  }
}

class ListPlace implements View {
  readonly name = "page";
  readonly #element = clone("t-view-boards");
  #shown: Shown | null = null;
  #closed = false;

  constructor(context: ShellContext) {
    stand(this.#element);
    import("./view/parts").then(
      ({ BoardsList }) => this.#closed || (this.#shown = new BoardsList(context.shell, this.#element)),
      (error: unknown) => context.shell.fail("The boards could not be loaded", error),
    );
  }

  focus(): void {
    focusHeading(this.#element);
  }

  close(): void {
    this.#closed = true;
    this.#shown?.dispose();
  }
}

/** The page of an address that begins with /boards/. */
export function boardsPage(context: ShellContext): View {
  const id = /^\/boards\/([1-9][0-9]*)\/$/.exec(location.pathname)?.[1];
  if (id === undefined) return new ListPlace(context);
  const place = new BoardPlace(context, "page", `/api/boards/${id}/`);
  void place.load();
  return place;
}

/** The board of a room, in the place of its chat. */
export class RoomBoard extends BoardPlace {
  constructor(context: ShellContext, room: RoomView) {
    super(context, "room", `/api/rooms/${room.id}/board/`);
    const { element } = this;
    const { session } = context.shell;
    const others = session.home.get().rooms.find((summary) => summary.room.id === room.id)?.people ?? [];
    part(element, "[data-part=mark]").replaceChildren(roomIcon(room));
    part(element, "[data-part=name]").textContent = roomName(room, others);
    part(element, "[data-part=switch]").hidden = false;
    part<HTMLAnchorElement>(element, "[data-part=to-chat]").href = room.url;
    part<HTMLAnchorElement>(element, "[data-part=to-board]").href = `${room.url}board/`;
  }

  /** The snapshot of the room is there. */
  mount(): void {
    void this.load();
  }
}
