// The shell as the chat and the views see it: announcements, notices, questions, menus, people, going elsewhere.
// Made once by app.ts. It joins the parts and decides nothing itself.

import { part } from "../dom";
import type { RoomView } from "../protocol";
import type { Session } from "../session";
import type { Announcer } from "./announcer";
import type { MenuRequest, Notice, PaneOptions, Question, Shell } from "./contract";
import { errorText } from "./dialogs";
import type { Menu } from "./menu";
import { OnceMade } from "./once_made";
import type { Router } from "./router";
import type { Stage } from "./stage";
import type { Toasts } from "./toasts";

/** What is made after the shell itself, because it needs it. */
export interface Parts {
  router: Router;
  stage: Stage;
  /** Goes to a room that a command has just made or found. */
  open(room: RoomView): void;
}

export class PageShell implements Shell {
  readonly #announcer: Announcer;
  readonly #toasts: Toasts;
  /** Menus and questions come after the first load; once here they open within the click that asks for them. */
  readonly #later = new OnceMade(() => import("../later"));
  #menu: Menu | null = null;
  #parts: Parts | null = null;

  constructor(
    readonly session: Session,
    announcer: Announcer,
    toasts: Toasts,
  ) {
    this.#announcer = announcer;
    this.#toasts = toasts;
  }

  join(parts: Parts): void {
    this.#parts = parts;
  }

  get #with(): Parts {
    if (this.#parts === null) throw new Error("The shell is not put together yet.");
    return this.#parts;
  }

  announce(text: string): void {
    this.#announcer.say(text);
  }

  announceMessage(author: string, text: string): void {
    this.#announcer.message(`${author}: ${text}`);
  }

  toast(notice: Notice): void {
    this.#toasts.show(notice);
  }

  fail(what: string, error: unknown): void {
    this.#toasts.show({ kind: "error", title: what, text: errorText(error) });
  }

  async confirm(question: Question, run?: (typed: string) => Promise<unknown>): Promise<string | null> {
    const { confirm } = await this.#later.get();
    return confirm(question, run);
  }

  openMenu(request: MenuRequest): void {
    this.#use(({ Menu }) => (this.#menu ??= new Menu(part(document, "#menu"))).open(request));
  }

  #use(act: (later: typeof import("../later")) => unknown): void {
    this.#later.use(act).catch((error: unknown) => this.fail("This part of the page could not be loaded", error));
  }

  openPerson(user: number, anchor: HTMLElement): void {
    const room = this.session.room.get();
    const pane = this.#with.stage.roomStage?.pane ?? null;
    const may = pane !== null && room !== null && room.permissions.includes("post");
    const mention = may ? (text: string) => pane.insert(text) : null;
    const hooks = { openMenu: (request: MenuRequest) => this.openMenu(request), write: (id: number) => this.write(id), mention };
    this.#use(({ openPerson }) => openPerson(this, user, anchor, hooks));
  }

  /** Opens the direct room with somebody. */
  write(user: number): void {
    this.session.command("room.open_direct", { users: [user] }).then(
      ({ room }) => this.#with.open(room),
      (error: unknown) => this.fail("The conversation could not be opened", error),
    );
  }

  navigate(url: string, options: { replace?: boolean } = {}): void {
    this.#with.router.go(url, options);
  }

  showPane(pane: HTMLElement, options: PaneOptions): void {
    const stage = this.#with.stage.roomStage;
    if (stage === null) return options.onClose();
    stage.showPane(pane, options);
  }

  closePane(): void {
    this.#with.stage.roomStage?.closePane();
  }
}
