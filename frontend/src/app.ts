// The rooms' page: makes the session and the parts of the shell, and ties them together. Loaded by chat/app.html.
// It holds no logic of its own: what happens stands in shell/ and chat/.

import "./kernel";

import { closest, part } from "./dom";
import type { AttentionParts, Direct, Invite, NewRoom, Palette } from "./later";
import type { RoomView } from "./protocol";
import { Session, type Boot } from "./session";
import { Actions } from "./shell/actions";
import { Announcer } from "./shell/announcer";
import { Badge } from "./shell/badge";
import { Banner } from "./shell/banner";
import type { CommandActs, CommandState } from "./shell/commands";
import { closeOnScrim, dialog, openDialog } from "./shell/dialogs";
import { Idle } from "./shell/idle";
import { listenForKeys } from "./shell/keyboard";
import { OnceMade } from "./shell/once_made";
import { PageShell } from "./shell/page_shell";
import { Preferences } from "./shell/preferences";
import { PHONE, Rail } from "./shell/rail";
import { hasSettings, neighbour, totals } from "./shell/rooms";
import { Router } from "./shell/router";
import { Stage } from "./shell/stage";
import { Toasts } from "./shell/toasts";
import type { ShellContext } from "./shell/view";

const WARM_UP_MS = 1_500;
/** What links of other pages may open here: "/#new-room". */
const FROM_ELSEWHERE = new Set(["home", "open-palette", "new-room", "new-direct", "show-chat", "show-code"]);

/** Each made when it is first wanted. */
interface Dialogs {
  newRoom: OnceMade<NewRoom>;
  direct: OnceMade<Direct>;
  invite: OnceMade<Invite>;
  palette: OnceMade<Palette>;
  attention: OnceMade<AttentionParts>;
}

class App {
  readonly #boot: Boot;
  readonly #session: Session;
  readonly #actions = new Actions();
  readonly #announcer: Announcer;
  readonly #shell: PageShell;
  readonly #preferences: Preferences;
  readonly #rail: Rail;
  readonly #router: Router;
  readonly #stage: Stage;
  readonly #dialogs: Dialogs;
  readonly #banner: Banner;

  constructor(boot: Boot) {
    this.#boot = boot;
    this.#session = new Session(boot, {
      onReload: () => this.#reload(),
      onDenied: (room) => this.#stage.denied(room),
    });
    const status = part(document, "#announce");
    this.#announcer = new Announcer((text) => (status.textContent = text));
    const toasts = new Toasts(part(document, "#toasts"));
    this.#shell = new PageShell(this.#session, this.#announcer, toasts);
    this.#preferences = new Preferences(this.#session);
    this.#rail = new Rail(this.#session);
    // Before the router, which takes the links that are left.
    this.#actions.start();
    this.#router = new Router((arrival) => this.#stage.show(arrival));
    this.#stage = new Stage(this.#context(), this.#rail, new Badge(this.#session.home), this.#router);
    this.#dialogs = this.#makeDialogs();
    this.#banner = new Banner(part(document, "#banner"), this.#session.connection, this.#session.outbox, this.#announcer);
    this.#shell.join({ router: this.#router, stage: this.#stage, open: (room) => this.#open(room) });
  }

  #context(): ShellContext {
    const shell = this.#shell;
    const actions = this.#actions;
    const announcer = this.#announcer;
    return { shell, actions, announcer, remember: (rooms) => this.#stage.remember(rooms), join: (room) => this.#join(room) };
  }

  start(): void {
    const { room } = this.#boot;
    const asked = this.#asked();
    if (room !== null) this.#stage.remember([room.room]);
    // Coming to "/" from outside goes on in the last room; on a phone "/" is the list of rooms.
    const last = location.pathname === "/" && history.state === null && !PHONE.matches ? this.#stage.lastUrl() : null;
    if (last !== null) this.#router.rename(last);
    this.#act();
    this.#keys();
    closeOnScrim();
    this.#router.arrive(true);
    asked?.click();
    new Idle(this.#session);
    this.#remind();
    this.#session.start();
    this.#keepRightClicks();
    // Dialogs and pages come after the first load, so that they are there at once, and also without a connection.
    setTimeout(() => {
      for (const made of Object.values(this.#dialogs)) made.get().catch(() => undefined);
    }, WARM_UP_MS);
  }

  /** Rooms of the list have a menu of ours; a right click that comes before it waits for it. */
  #keepRightClicks(): void {
    const { attention } = this.#dialogs;
    const keep = (event: MouseEvent) => {
      const link = closest(event, "#rooms a, #directs a");
      if (link === null) return;
      event.preventDefault();
      this.#use(attention, () => {
        drop();
        link.dispatchEvent(new MouseEvent("contextmenu", event));
      });
    };
    const drop = () => document.removeEventListener("contextmenu", keep);
    document.addEventListener("contextmenu", keep);
    attention.get().then(drop, () => undefined);
  }

  /** Reminders come with the first of them. */
  #remind(): void {
    const stop = this.#session.home.subscribe(
      (home) => home.reminders.length > 0,
      (some) => {
        if (!some) return;
        // Without this part they are shown after a reload.
        import("./later").then(({ Reminders }) => new Reminders(this.#shell)).catch(() => undefined);
        setTimeout(() => stop());
      },
    );
  }

  /** What a link of another page wants to have opened; the address forgets it. */
  #asked(): HTMLElement | null {
    const name = location.hash.slice(1);
    if (!FROM_ELSEWHERE.has(name)) return null;
    this.#router.rename(location.pathname);
    return document.querySelector<HTMLElement>(`[data-do="${name}"], [data-nav="${name}"]`);
  }

  // Dialogs, each made when it is first wanted

  #makeDialogs(): Dialogs {
    const session = this.#session;
    const announcer = this.#announcer;
    const open = (room: RoomView) => this.#open(room);
    const done = (title: string) => this.#shell.toast({ kind: "info", title });
    return {
      newRoom: new OnceMade(async () => new (await import("./later")).NewRoom(session, open)),
      direct: new OnceMade(async () => new (await import("./later")).Direct(session, open)),
      invite: new OnceMade(async () => new (await import("./later")).Invite(session, announcer, done)),
      palette: new OnceMade(() => this.#makePalette()),
      attention: new OnceMade(async () => new (await import("./later")).AttentionParts(this.#shell)),
    };
  }

  async #makePalette(): Promise<Palette> {
    const { attentionCommands, Palette, paletteCommands } = await import("./later");
    return new Palette(this.#session, {
      commands: () => paletteCommands(this.#commandState(), this.#commandActs(), attentionCommands(this.#shell)),
      open: (url, newTab) => (newTab ? window.open(url, "_blank", "noopener") : this.#router.go(url)),
      remember: (rooms) => this.#stage.remember(rooms),
      write: (user) => this.#shell.write(user),
      announce: (text) => this.#announcer.say(text),
    });
  }

  #use<T>(later: OnceMade<T>, act: (made: T) => unknown): void {
    later.use(act).catch((error: unknown) => this.#shell.fail("This part of the page could not be loaded", error));
  }

  // Rooms

  #open(room: RoomView): void {
    this.#stage.remember([room]);
    this.#router.go(room.url);
  }

  async #join(room: RoomView): Promise<void> {
    try {
      const result = await this.#session.command("room.join", { room: room.id });
      if (this.#session.room.get()?.room.id === room.id) {
        await this.#session.loadLatest();
        // The composer comes with the next drawing.
        requestAnimationFrame(() => this.#stage.roomStage?.focus());
      } else this.#open(result.room);
      this.#announcer.say(`You joined #${room.name}`);
    } catch (error) {
      this.#shell.fail(`You could not join #${room.name}`, error);
    }
  }

  #joinFrom(button: HTMLElement): void {
    const id = Number(button.closest<HTMLElement>("[data-room]")?.dataset["room"] ?? 0);
    const room = id > 0 ? this.#stage.knownRoom(id) : (this.#session.room.get()?.room ?? null);
    if (room === null) return;
    button.setAttribute("aria-disabled", "true");
    void this.#join(room).finally(() => button.removeAttribute("aria-disabled"));
  }

  async #readAll(): Promise<void> {
    const unread = this.#session.home.get().rooms.filter((summary) => summary.unread > 0 || summary.mentions > 0);
    try {
      await Promise.all(unread.map(({ room, head_seq }) => this.#session.command("read.set", { seq: head_seq }, room.id)));
      this.#announcer.say("All rooms are read");
    } catch (error) {
      this.#shell.fail("Not all rooms could be marked read", error);
    }
  }

  #openInvite(): void {
    const room = this.#session.room.get();
    if (room !== null) this.#use(this.#dialogs.invite, (invite) => invite.open(room));
  }

  #openSettings(): void {
    const room = this.#session.room.get();
    if (hasSettings(room)) this.#router.go(`${room.room.url}settings/`);
  }

  // Actions and keys

  /** Opens the palette's field at once, so that what is typed next is its own; what fits comes with its part of the page. */
  #jump(): void {
    const box = dialog("d-palette");
    if (box.open) return box.close();
    // Over another dialog it would hide what is being filled in.
    if (document.querySelector("dialog[open]") !== null) return;
    part<HTMLInputElement>(box, "input").value = "";
    openDialog(box);
    this.#dialogs.palette.use((palette) => palette.show()).catch((error: unknown) => {
      box.close();
      this.#shell.fail("This part of the page could not be loaded", error);
    });
  }

  #act(): void {
    const router = this.#router;
    const stage = this.#stage;
    const dialogs = this.#dialogs;
    this.#actions.add({
      "open-palette": () => this.#jump(),
      "new-room": () => this.#use(dialogs.newRoom, (box) => box.open()),
      "new-direct": () => this.#use(this.#dialogs.direct, (box) => box.open()),
      "switch-theme": (button) => this.#shell.openMenu({ label: "Theme", anchor: button, items: this.#preferences.themeItems(this.#shell) }),
      "open-shortcuts": () => openDialog(dialog("d-shortcuts")),
      "close-dialog": (button) => button.closest("dialog")?.close(),
      "copy-link": () => this.#use(this.#dialogs.invite, (invite) => invite.copy()),
      "open-invite": () => this.#openInvite(),
      "open-settings": () => this.#openSettings(),
      "open-pins": (button) => this.#use(dialogs.attention, (parts) => parts.openPins(button)),
      "open-room-menu": (button) => this.#use(dialogs.attention, (parts) => parts.openRoomMenu(button)),
      "open-members": (button) => this.#toggleMembers(button),
      "close-pane": () => this.#shell.closePane(),
      "write-to": (button) => this.#shell.write(Number(button.dataset["user"])),
      "join-room": (button) => this.#joinFrom(button),
      "retry-now": () => this.#retry(),
      "show-rooms": () => router.go("/"),
      "show-chat": () => stage.roomStage?.code?.close() === true || router.go(stage.chatUrl()),
      "show-code": () => stage.showCode(),
      "toggle-code": () => stage.roomStage?.toggleCode(false),
      "sign-in-again": (link) => location.assign((link as HTMLAnchorElement).href),
    });
  }

  #keys(): void {
    listenForKeys({
      jump: () => this.#jump(),
      search: () => this.#router.go("/search/"),
      step: (step, unreadOnly) => this.#step(step, unreadOnly),
      shortcuts: () => openDialog(dialog("d-shortcuts")),
      escape: () => this.#escape(),
      letters: () => this.#preferences.get().letter_shortcuts,
      code: () => this.#stage.roomStage?.toggleCode(true),
    });
    if (/Mac|iPhone|iPad/.test(navigator.userAgent)) part(document, ".jump kbd").textContent = "⌘ K";
  }

  #step(step: 1 | -1, unreadOnly: boolean): void {
    const current = this.#stage.roomStage?.room.id ?? null;
    const next = neighbour(this.#rail.order(), current, step, unreadOnly);
    if (next !== null) this.#router.go(next.room.url);
    else this.#announcer.say(unreadOnly ? "Nothing else is unread" : "There is no other room");
  }

  /** Cancels what is being done, else closes what stands beside the chat, else marks the room read. */
  #escape(): void {
    const room = this.#stage.roomStage;
    // In the editor Esc lets the next Tab leave it.
    if (room?.pane == null || room.code?.hasFocus === true || room.pane.escape()) return;
    if (room.besideHasFocus() && room.closePane()) return;
    room.pane.markRead();
  }

  #toggleMembers(button: HTMLElement): void {
    this.#stage.roomStage?.toggleMembers(button).catch((error: unknown) => this.#shell.fail("The members could not be shown", error));
  }

  // Commands of the palette

  #commandState(): CommandState {
    const home = this.#session.home.get();
    const room = this.#stage.roomStage === null ? null : this.#session.room.get();
    return { canCreate: home.can_create_rooms, unread: totals(home).any, room, theme: home.preferences.theme };
  }

  #commandActs(): CommandActs {
    const router = this.#router;
    const dialogs = this.#dialogs;
    return {
      newRoom: () => this.#use(dialogs.newRoom, (box) => box.open()),
      newDirect: () => this.#use(dialogs.direct, (box) => box.open()),
      browse: () => router.go("/browse/"),
      boards: () => router.go("/boards/"),
      roomBoard: () => router.go(`${this.#session.room.get()?.room.url}board/`),
      search: () => router.go("/search/"),
      home: () => router.go("/", { home: true }),
      shortcuts: () => openDialog(dialog("d-shortcuts")),
      readAll: () => void this.#readAll(),
      theme: (theme) => void this.#preferences.setTheme(theme, this.#shell),
      account: () => location.assign("/account/profile/"),
      signOut: () => location.assign("/account/logout/"),
      invite: () => this.#openInvite(),
      members: () => part(document, "#view [data-do=open-members]").click(),
      settings: () => this.#openSettings(),
    };
  }

  // The connection

  #retry(): void {
    const { connection } = this.#session;
    if (connection.state === "offline") connection.retryNow();
    else location.reload();
  }

  /** A newer server: load the page again, but once, so that a server in the middle of an update is no endless loop. */
  #reload(): void {
    const key = "collab-reloaded-at";
    const last = Number(sessionStorage.getItem(key) ?? 0);
    sessionStorage.setItem(key, String(Date.now()));
    if (Date.now() - last > 60_000) location.reload();
    else this.#banner.outdated();
  }
}

const boot = JSON.parse(part(document, "#boot").textContent ?? "") as Boot;
new App(boot).start();
