// The place of the code pane in a room: opening and closing it, its edge, and the address that names the open document.
// Made by the room's view. The pane itself is another bundle, fetched when it is first wanted.

import type { CodePane } from "../editor/pane";
import { part } from "../dom";

import type { Shell } from "./contract";
import { documentIn, withDocument } from "./code_address";
import { Split } from "./split";

export interface CodeRequest {
  view: HTMLElement;
  shell: Shell;
  room: number;
  label: string;
  /** Puts the focus back to where one talks. */
  leave(): void;
}

/** Both stand beside each other. */
export const WIDE = matchMedia("(min-width: 1101px)");
const ROOMS_MOST = 100;

type OpenRooms = Record<string, number>;

/** Rooms whose pane was open when they were left, on this device, with the document; 0 for none. */
class Remembered {
  readonly #key: string;

  constructor(account: number) {
    this.#key = `collab-code-${account}`;
  }

  #read(): OpenRooms {
    try {
      const found: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "{}");
      return typeof found === "object" && found !== null ? (found as OpenRooms) : {};
    } catch {
      return {};
    }
  }

  of(room: number): number | null {
    const document = this.#read()[String(room)];
    return typeof document === "number" ? document : null;
  }

  set(room: number, document: number | null): void {
    const others = Object.entries(this.#read()).filter(([key]) => key !== String(room));
    const all = document === null ? others : [...others.slice(1 - ROOMS_MOST), [String(room), document] as const];
    try {
      localStorage.setItem(this.#key, JSON.stringify(Object.fromEntries(all)));
    } catch {
      // Full or forbidden: the pane opens as the address says.
    }
  }
}

export class CodePlace {
  pane: CodePane | null = null;
  readonly #request: CodeRequest;
  readonly #place: HTMLElement;
  readonly #edge: HTMLElement;
  readonly #button: HTMLElement;
  readonly #remembered: Remembered;
  #turn = 0;

  constructor(request: CodeRequest) {
    this.#request = request;
    const { view, shell } = request;
    this.#place = part(view, "[data-part=code]");
    this.#edge = part(view, "[data-part=split]");
    this.#button = part(view, "[data-part=code-button]");
    this.#remembered = new Remembered(shell.session.me);
    new Split(this.#edge, part(view, "[data-part=panes]"), shell.session.me);
    shell.session.beside.shown.set(request.room, {
      now: () => this.pane?.beside ?? null,
      open: (topic, message) => void this.open(Number(topic.slice(9))).then((pane) => pane?.reveal(Number(topic.slice(9)), message)),
    });
  }

  get isOpen(): boolean {
    return !this.#place.hidden;
  }

  /** The room is there: opens what the address names, or what was open on this device. */
  begin(wanted: boolean): void {
    const asked = documentIn(location.search);
    const before = WIDE.matches ? this.#remembered.of(this.#request.room) : null;
    if (wanted || asked !== null || before !== null) void this.open(asked ?? (before || null));
  }

  /** One came to the room again, perhaps by an address that names a document. */
  again(): void {
    const asked = documentIn(location.search);
    if (asked !== null) void this.open(asked);
    this.#markTab();
  }

  /** Opens the pane; with null the document that comes first. */
  async open(document: number | null, focus = false): Promise<CodePane | null> {
    const { pane } = this;
    if (pane !== null) {
      if (document !== null) pane.open(document);
      if (focus) pane.focus();
      return pane;
    }
    const turn = (this.#turn += 1);
    this.#show(true);
    try {
      const { CodePane } = await import("../editor/pane");
      if (turn !== this.#turn) return null;
      const place = this.#place;
      const request = this.#request;
      const opened = (id: number | null) => this.#opened(id);
      const link = (id: number) => new URL(withDocument(location.pathname, id), location.href).href;
      const toChat = () => void (!WIDE.matches && this.close() && request.leave());
      const made = new CodePane({ place, shell: request.shell, room: request.room, roomLabel: request.label, opened, link, toChat });
      this.pane = made;
      await made.start(document);
      if (focus) made.focus();
      return made;
    } catch (error) {
      if (turn !== this.#turn) return null;
      this.#show(false);
      this.#request.shell.fail("The code pane could not be loaded", error);
      return null;
    }
  }

  /** Closes it as a person does: it stays closed when one comes back. Answers whether it was open. */
  close(): boolean {
    if (!this.isOpen) return false;
    this.#remembered.set(this.#request.room, null);
    this.#rename(null);
    this.#drop();
    this.#show(false);
    return true;
  }

  /** Opens or closes; by the keyboard the focus goes along, into the editor and back to the composer. */
  toggle(byKey: boolean): void {
    if (!this.isOpen) void this.open(this.#remembered.of(this.#request.room) || null, byKey);
    else if (this.close() && byKey) this.#request.leave();
  }

  /** The room is left: what is open is remembered. */
  unmount(): void {
    this.#request.shell.session.beside.shown.delete(this.#request.room);
    this.#drop();
  }

  #drop(): void {
    this.#turn += 1;
    this.pane?.close();
    this.pane = null;
  }

  get hasFocus(): boolean {
    return this.#place.contains(document.activeElement);
  }

  #show(open: boolean): void {
    this.#place.hidden = this.#edge.hidden = !open;
    this.#button.setAttribute("aria-pressed", String(open));
    this.#markTab();
  }

  /** A phone's tabs say which of the two stands there. */
  #markTab(): void {
    for (const tab of document.querySelectorAll<HTMLElement>(".tabbar [data-nav=chat], .tabbar [data-nav=code]")) {
      if ((tab.dataset["nav"] === "code") === this.isOpen) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  }

  #opened(document: number | null): void {
    if (this.pane === null) return;
    this.#remembered.set(this.#request.room, document ?? 0);
    this.#rename(document);
  }

  #rename(document: number | null): void {
    const next = withDocument(location.href, document);
    if (next !== location.pathname + location.search) history.replaceState(history.state, "", next);
  }
}
