// The one view that stands on the stage: chooses it by the route, loads what it needs, and replaces it when the room
// is taken away. Made once by app.ts. The newest arrival wins; what an older one loads is dropped.

import { ApiError } from "../api";
import type { BrowseRoom, RoomRemoved, RoomView } from "../protocol";
import type { ConnectionState } from "../socket";
import type { Badge } from "./badge";
import { errorText } from "./dialogs";
import { barredGate, failedGate, GateView, NOT_FOUND, removedGate, type Gate } from "./gate_view";
import { HomeView } from "./home_view";
import { PHONE, type Rail } from "./rail";
import { RoomStage } from "./room_view";
import { labelOf } from "./rooms";
import type { Arrival, Router } from "./router";
import { lastRoom, rememberRoom } from "./last_room";
import { leadsTo, type Page, type Route } from "./routes";
import { untilText } from "../time";
import { Sanctions } from "./sanctions";
import type { ShellContext, View } from "./view";

type RoomRoute = Extract<Route, { key: string }>;

export class Stage {
  readonly #context: ShellContext;
  readonly #rail: Rail;
  readonly #badge: Badge;
  readonly #router: Router;
  #view: View | null = null;
  /** The room whose place a gate has taken, to come back when it opens again. */
  #gone: number | null = null;
  #turn = 0;
  #wantsCode = false;
  readonly #sanctions: Sanctions;
  readonly #known = new Map<number, RoomView>();

  constructor(context: ShellContext, rail: Rail, badge: Badge, router: Router) {
    this.#context = context;
    this.#rail = rail;
    this.#badge = badge;
    this.#router = router;
    const { session } = context.shell;
    this.#sanctions = new Sanctions(session, (notice) => context.shell.toast(notice));
    session.connection.onState((state) => this.#connectionChanged(state));
    session.connection.onEvent((event) => {
      if (event.type === "room.removed") this.#removed(event.data, event.at);
      // A direct room is called by its people.
      if (event.type === "person.changed" && this.roomStage !== null) this.#badge.setPlace(this.roomStage.label);
      if (event.type === "room.added" && event.data.summary.room.id === this.#gone) this.#router.arrive(true);
    });
  }

  /** The open room's view, when a room stands there. */
  get roomStage(): RoomStage | null {
    return this.#view instanceof RoomStage ? this.#view : null;
  }

  remember(rooms: readonly (RoomView | BrowseRoom)[]): void {
    for (const one of rooms) {
      const room = "room" in one ? one.room : one;
      this.#known.set(room.id, room);
    }
  }

  knownRoom(id: number): RoomView | null {
    return this.#known.get(id) ?? this.#context.shell.session.home.get().rooms.find((summary) => summary.room.id === id)?.room ?? null;
  }

  /** The address of the room that was open last on this device, if one is still in it. */
  lastUrl(): string | null {
    const last = lastRoom(this.#context.shell.session.me);
    return this.#context.shell.session.home.get().rooms.find((summary) => summary.room.id === last)?.room.url ?? null;
  }

  /** The room that a phone's Chat tab goes back to. */
  chatUrl(): string {
    const [first] = this.#rail.order();
    return this.lastUrl() ?? first?.room.url ?? "/browse/";
  }

  /** A phone's Code tab: the code of the open room, or of the one that was open last. */
  showCode(): void {
    if (this.roomStage !== null) return this.roomStage.showCode();
    this.#wantsCode = true;
    this.#router.go(this.chatUrl());
  }

  show({ route, home, quiet }: Arrival): void {
    const turn = (this.#turn += 1);
    const { connection } = this.#context.shell.session;
    if (connection.state === "banned") return this.showGate(this.#sanctions.gate());
    this.#gone = null;
    if ("key" in route) return void this.#showRoom(route, turn, quiet);
    if (route.name === "page") return void this.#showPage(route.page, turn, quiet);
    this.#leave();
    this.#view = new HomeView(this.#context);
    const rooms = PHONE.matches && !home;
    this.#stand(rooms ? "rooms" : "home", "home", null, rooms ? "Rooms" : "Home");
    if (!quiet) this.#focus();
  }

  async #showPage(page: Page, turn: number, quiet: boolean): Promise<void> {
    try {
      const { PAGES } = await import("../later");
      if (turn !== this.#turn) return;
      this.#leave();
      const { title, make } = PAGES[page];
      this.#view = make(this.#context);
      this.#stand(page, page, null, title);
      if (!quiet) this.#focus();
    } catch (error) {
      if (turn === this.#turn) this.showGate(failedGate("This page", errorText(error), () => this.#router.arrive(false)));
    }
  }

  #leave(): void {
    this.#close();
    this.#context.shell.session.closeRoom();
  }

  #focus(): void {
    if (document.querySelector("dialog[open]") === null) this.#view?.focus();
  }

  // Rooms

  #find(route: RoomRoute): RoomView | null {
    const { session } = this.#context.shell;
    const open = session.room.get()?.room;
    const mine = session.home.get().rooms.map((summary) => summary.room);
    return [...mine, ...(open === undefined ? [] : [open]), ...this.#known.values()].find((room) => leadsTo(route, room)) ?? null;
  }

  async #showRoom(route: RoomRoute, turn: number, quiet: boolean): Promise<void> {
    const room = this.#find(route);
    // A link to a room that this tab has not heard of: the server knows, and answers with the whole page.
    const { barred } = document.body.dataset;
    const none = barred === undefined ? NOT_FOUND : barredGate("", barred);
    if (room === null) return quiet ? this.showGate(none) : location.assign(location.href);
    const message = route.name === "room" ? route.message : null;
    if (this.#view instanceof RoomStage && route.name === "room" && this.#view.room.id === room.id) return this.#again(message, quiet);
    const view = await this.#viewOf(route, room);
    if (view === null || turn !== this.#turn) return;
    this.#view = view;
    if (this.#wantsCode) this.roomStage?.showCode();
    this.#wantsCode = false;
    this.#stand(view.name, "room", room.id, this.#labelOf(room));
    if (route.name === "board") this.#drawTabs("boards");
    rememberRoom(this.#context.shell.session.me, room.id);
    if (!quiet) this.#focus();
    const shown = await this.#load(room, message, turn);
    if (turn !== this.#turn || this.#view !== view) return;
    view.mount(shown);
    if (quiet && !PHONE.matches && document.activeElement === document.body) this.#focus();
  }

  async #viewOf(route: RoomRoute, room: RoomView): Promise<(View & { mount(message: string | null): void }) | null> {
    if (route.name === "room") {
      this.#close();
      return new RoomStage(this.#context, room);
    }
    const turn = this.#turn;
    try {
      const { RoomBoard, SettingsView } = await import("../later");
      if (turn !== this.#turn) return null;
      this.#close();
      return new (route.name === "board" ? RoomBoard : SettingsView)(this.#context, room);
    } catch (error) {
      if (turn === this.#turn) this.showGate(failedGate(this.#labelOf(room), errorText(error), () => this.#router.arrive(false)));
      return null;
    }
  }

  #again(message: string | null, quiet: boolean): void {
    document.body.dataset["view"] = "room";
    this.#drawTabs("room");
    this.roomStage?.code?.again();
    if (message !== null) this.roomStage?.pane?.reveal(message);
    else if (!quiet) this.#focus();
  }

  /** Loads the room; answers the message to show first. On failure a gate takes the place of the view. */
  async #load(room: RoomView, message: string | null, turn: number): Promise<string | null> {
    try {
      await this.#context.shell.session.openRoom(room.id, message);
      return message;
    } catch (error) {
      if (turn !== this.#turn) return null;
      if (error instanceof ApiError && error.code === "banned") {
        this.showGate(barredGate(this.#labelOf(room), error.message));
        return null;
      }
      const unknown = error instanceof ApiError && (error.status === 404 || error.status === 403);
      // The message may be gone while the room is not.
      if (message !== null && unknown) return this.#withoutMessage(room, turn);
      this.showGate(unknown ? NOT_FOUND : failedGate(this.#labelOf(room), errorText(error), () => this.#router.arrive(false)));
      return null;
    }
  }

  async #withoutMessage(room: RoomView, turn: number): Promise<null> {
    this.#router.rename(room.url);
    await this.#load(room, null, turn);
    if (turn === this.#turn) this.#context.shell.toast({ kind: "info", title: "That message is not here any more" });
    return null;
  }

  #labelOf(room: RoomView): string {
    const summary = this.#context.shell.session.home.get().rooms.find((one) => one.room.id === room.id);
    return summary === undefined ? `#${room.name}` : labelOf(summary);
  }

  // What happens to the open room

  #removed({ room, why, reason, until }: RoomRemoved, at: string | undefined): void {
    this.#known.delete(room);
    const { session } = this.#context.shell;
    const open = this.#openRoom();
    if (open?.id !== room) return;
    const label = this.#labelOf(open);
    if (why === "left") {
      this.#router.go("/", { replace: true, home: true });
      return this.#context.shell.toast({ kind: "info", title: `You left ${label}` });
    }
    this.#turn += 1;
    this.showGate(removedGate(label, at, reason, why === "banned" ? untilText(until) : null));
    this.#gone = room;
    session.closeRoom();
  }

  /** A room's live events are refused although it is open. */
  denied(room: number): void {
    const open = this.#openRoom();
    const state = this.#context.shell.session.room.get();
    // Somebody who only looks at a public room hears nothing of it: that is no removal.
    if (open?.id !== room || state?.role === "") return;
    this.#turn += 1;
    this.showGate(removedGate(this.#labelOf(open), undefined, ""));
    this.#gone = room;
  }

  #openRoom(): RoomView | null {
    const route = this.#router.route();
    return "key" in route ? this.#find(route) : null;
  }

  #connectionChanged(state: ConnectionState): void {
    // What could not be loaded for want of a connection comes by itself.
    if (state === "online" && this.#view instanceof GateView) this.#view.retry?.();
    if (state !== "banned") return;
    this.#turn += 1;
    this.showGate(this.#sanctions.gate());
  }

  showGate(gate: Gate): void {
    this.#close();
    this.#view = new GateView(gate);
    this.#stand("gate", "room", null, gate.where === "" ? gate.title : gate.where);
    this.#focus();
  }

  // The frame around the view

  #close(): void {
    this.#view?.close();
    this.#view = null;
  }

  #stand(screen: string, nav: string, room: number | null, title: string): void {
    document.body.dataset["view"] = screen;
    this.#rail.setCurrent(nav === "home" && screen === "rooms" ? "rooms" : nav, room);
    this.#badge.setPlace(title);
    this.#drawTabs(screen);
  }

  #drawTabs(screen: string): void {
    const current = screen === "rooms" || screen === "boards" ? screen : "chat";
    for (const tab of document.querySelectorAll<HTMLElement>(".tabbar [data-nav]")) {
      if (tab.dataset["nav"] === current) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const rail = document.getElementById("rail");
    rail?.setAttribute("role", screen === "rooms" && PHONE.matches ? "main" : "complementary");
  }
}
