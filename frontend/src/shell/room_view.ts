// A room on the stage: its top bar, the place of the chat, and what stands beside it.
// Shown by the stage. The chat itself is mounted into it as soon as the room's snapshot is there.

import { mountRoom } from "../chat/room";
import { clone, el, maybe, onceAFrame, part } from "../dom";
import { avatar, roomIcon, roomLabel, roomName } from "../people";
import type { PersonView, RoomSnapshot, RoomView } from "../protocol";
import type { CodePlace } from "./code";
import type { PaneOptions, RoomPane } from "./contract";
import { stateOf } from "./presence";
import { PHONE } from "./rail";
import { settingsUrl } from "./routes";
import { focusHeading, stand, type ShellContext, type View } from "./view";

const SKELETON_MS = 300;
const FACES = 3;

export class RoomStage implements View {
  readonly name = "room";
  readonly room: RoomView;
  pane: RoomPane | null = null;
  /** The place of the code pane; null until it is loaded. */
  code: CodePlace | null = null;
  readonly #context: ShellContext;
  #wantsCode = false;
  readonly #element = clone("t-view-room");
  readonly #stops: (() => void)[] = [];
  #skeleton: ReturnType<typeof setTimeout> | undefined;
  #beside: { element: HTMLElement; options: PaneOptions } | null = null;
  #wantsFocus = false;

  constructor(context: ShellContext, room: RoomView) {
    this.#context = context;
    this.room = room;
    stand(this.#element);
    this.#drawHead(room, null);
    this.#skeleton = setTimeout(() => part(this.#element, "[data-part=log]").append(clone("t-skeleton")), SKELETON_MS);
  }

  /** The snapshot is there: the chat begins. */
  mount(message: string | null): void {
    clearTimeout(this.#skeleton);
    maybe(this.#element, "[data-part=log] > .skeleton")?.remove();
    const { session } = this.#context.shell;
    const redraw = onceAFrame(() => this.#redraw());
    this.#stops.push(session.room.subscribe((state) => state, redraw), session.home.subscribe((state) => state, redraw));
    this.#redraw();
    const entered = session.room.get();
    this.pane = mountRoom({ view: this.#element, shell: this.#context.shell, room: this.room.id, message });
    if (this.#wantsFocus) this.focus();
    const led = message !== null || new URLSearchParams(location.search).has("v");
    this.#makeCode(entered, led).catch((error: unknown) => this.#context.shell.fail("The code pane could not be loaded", error));
  }

  async #makeCode(entered: RoomSnapshot | null, led: boolean): Promise<void> {
    const { AlertsButton, CodePlace, Reports, RoomAssistant } = await import("../later");
    if (this.pane === null) return;
    if (entered !== null) {
      const assistant = new RoomAssistant({ shell: this.#context.shell, view: this.#element, entered, led, insert: (text) => this.pane?.insert(text) });
      this.#stops.push(() => assistant.dispose());
    }
    const reports = new Reports(this.#context.shell, this.room.id, part(this.#element, "[data-part=reports]"));
    this.#stops.push(() => reports.dispose());
    const alerts = new AlertsButton(this.#context.shell, this.room.id, part(this.#element, "[data-part=bell]"));
    this.#stops.push(() => alerts.dispose());
    const { label } = this;
    const view = this.#element;
    this.code = new CodePlace({ view, label, shell: this.#context.shell, room: this.room.id, leave: () => this.focus() });
    this.code.begin(this.#wantsCode);
  }

  /** Opens the code pane, as soon as it can be. */
  showCode(): void {
    if (this.code === null) this.#wantsCode = true;
    else void this.code.open(null);
  }

  toggleCode(byKey: boolean): void {
    if (this.code === null) this.#wantsCode = true;
    else this.code.toggle(byKey);
  }

  focus(): void {
    this.#wantsFocus = this.pane === null;
    if (PHONE.matches || this.pane === null) focusHeading(this.#element);
    else this.pane.focus();
  }

  close(): void {
    clearTimeout(this.#skeleton);
    this.closePane(false);
    for (const stop of this.#stops) stop();
    this.code?.unmount();
    this.code = null;
    this.pane?.unmount();
    this.pane = null;
  }

  // The top bar

  #redraw(): void {
    const state = this.#context.shell.session.room.get();
    if (state?.room.id === this.room.id) this.#drawHead(state.room, state);
  }

  /** Those who name a room without a name. */
  #others(): PersonView[] {
    const home = this.#context.shell.session.home.get();
    return home.rooms.find((summary) => summary.room.id === this.room.id)?.people ?? [];
  }

  get label(): string {
    return roomLabel(this.room, this.#others());
  }

  #drawHead(room: RoomView, state: RoomSnapshot | null): void {
    const element = this.#element;
    const others = this.#others();
    const direct = room.kind === "direct" || room.kind === "group";
    part(element, "[data-part=mark]").replaceChildren(roomIcon(room));
    part(element, "[data-part=title]").textContent = roomName(room, others);
    const purpose = part(element, "[data-part=purpose]");
    purpose.textContent = room.archived_at !== null ? "Archived" : room.purpose;
    purpose.title = room.purpose;
    part(element, "[data-part=chat]").setAttribute("aria-label", `Messages in ${roomLabel(room, others)}`);
    const may = state?.permissions ?? [];
    part(element, "[data-part=invite]").hidden = !may.includes("invite");
    part(element, "[data-part=settings]").hidden = state === null || direct || state.role === "";
    part(element, "[data-do=open-members]").hidden = part(element, "[data-part=code-button]").hidden = state === null;
    const board = part<HTMLAnchorElement>(element, "[data-part=board]");
    board.href = `${room.url}board/`;
    board.hidden = part(element, "[data-part=pins]").hidden = part(element, "[data-part=bell]").hidden = state === null || state.role === "";
    this.#drawHere(state);
  }

  #drawHere(state: RoomSnapshot | null): void {
    const place = part(this.#element, "[data-part=here]");
    const { session } = this.#context.shell;
    const others = (state?.members ?? []).map((member) => member.person).filter((person) => person.id !== session.me);
    const here = others.filter((person) => stateOf(session, person.id) !== "offline");
    place.hidden = here.length === 0;
    place.setAttribute("aria-label", here.length === 1 ? "1 other person here now" : `${here.length} other people here now`);
    const faces = here.slice(0, FACES).map((person) => {
      const face = avatar(person, "s");
      face.title = person.display_name;
      return face;
    });
    const stack = el("div", "stack");
    stack.append(...faces);
    if (here.length > FACES) stack.append(el("span", "more", `+${here.length - FACES}`));
    place.replaceChildren(stack);
  }

  // Beside the chat

  showPane(pane: HTMLElement, options: PaneOptions): void {
    this.closePane(false);
    this.#beside = { element: pane, options };
    const place = part(this.#element, "[data-part=second]");
    place.replaceChildren(pane);
    place.hidden = false;
    options.opener?.setAttribute("aria-expanded", "true");
    if (options.focus !== false) maybe(pane, "h2")?.focus({ preventScroll: true });
  }

  /** Closes what stands beside the chat; answers whether there was something. */
  closePane(focus = true): boolean {
    const beside = this.#beside;
    if (beside === null) return false;
    this.#beside = null;
    const { opener, onClose } = beside.options;
    const had = beside.element.contains(document.activeElement) || document.activeElement === document.body;
    const place = part(this.#element, "[data-part=second]");
    place.hidden = true;
    place.replaceChildren();
    opener?.setAttribute("aria-expanded", "false");
    onClose();
    if (!focus) return true;
    if (opener?.isConnected === true) opener.focus({ preventScroll: true });
    else if (had) this.focus();
    return true;
  }

  /** Whether the focus stands in what is beside the chat. */
  besideHasFocus(): boolean {
    return this.#beside?.element.contains(document.activeElement) === true;
  }

  async toggleMembers(button: HTMLElement): Promise<void> {
    if (button.getAttribute("aria-pressed") === "true") return void this.closePane();
    const { MembersPane } = await import("../later");
    if (!this.#element.isConnected) return;
    const members = new MembersPane(this.#context.shell, this.room.id);
    this.showPane(members.element, {
      opener: button,
      onClose: () => {
        members.close();
        button.setAttribute("aria-pressed", "false");
        button.removeAttribute("aria-expanded");
      },
    });
    button.setAttribute("aria-pressed", "true");
    button.removeAttribute("aria-expanded");
  }

  get settingsUrl(): string {
    return settingsUrl(this.room);
  }
}
