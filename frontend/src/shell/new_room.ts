// The dialog that makes a room: the address shows while the name is typed, and whether it is taken.
// Made once by app.ts. The server decides; its words stand at the field.

import * as api from "../api";
import { part, uuid4 } from "../dom";
import type { RoomView } from "../protocol";
import type { Session } from "../session";
import { CommandError } from "../socket";
import { clearErrors, dialog, openDialog } from "./dialogs";
import { once, showNote } from "./forms";
import { slugOf } from "./routes";

const WAIT_MS = 250;
const HELP = "Short and plain, like caret-drift.";

/** The line under the name: what the room's address will be. */
export function addressHelp(name: string, slug: string, open: boolean): string {
  if (name === "") return HELP;
  if (!open) return "Its address is made of the name and of letters that nobody can guess.";
  return slug === "" ? "Its address is chosen for you." : `Its address: /rooms/${slug}/`;
}

export class NewRoom {
  readonly #session: Session;
  readonly #made: (room: RoomView) => void;
  readonly #box = dialog("d-new-room");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #name = part<HTMLInputElement>(this.#box, "[name=name]");
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The lasting id of this creation: sending the same again after a lost answer makes no second room. */
  #sent = { cid: "", content: "" };

  constructor(session: Session, made: (room: RoomView) => void) {
    this.#session = session;
    this.#made = made;
    this.#name.addEventListener("input", () => this.#named());
    for (const choice of this.#form.querySelectorAll("[name=kind]")) choice.addEventListener("change", () => this.#named());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#create());
    });
  }

  open(): void {
    this.#form.reset();
    part(this.#box, "[data-part=slug-help]").textContent = HELP;
    openDialog(this.#box);
    this.#name.focus();
  }

  #named(): void {
    clearTimeout(this.#timer);
    clearErrors(this.#form);
    const name = this.#name.value.trim();
    const slug = slugOf(name);
    const open = this.#kind() === "public";
    part(this.#box, "[data-part=slug-help]").textContent = addressHelp(name, slug, open);
    // A private room's address gets an end that nobody guesses: it is never taken.
    if (slug !== "" && open) this.#timer = setTimeout(() => void this.#check(slug), WAIT_MS);
  }

  #kind(): string {
    return String(new FormData(this.#form).get("kind"));
  }

  /** Says "taken" while typing, for rooms that the person may see; of others only the server's answer tells. */
  async #check(slug: string): Promise<void> {
    const mine = this.#session.home.get().rooms.map((summary) => summary.room);
    // The check is a courtesy: when it fails, creating tells as well.
    const found = await api.browse(this.#name.value.trim(), false).catch(() => []);
    const taken = [...mine, ...found.map((one) => one.room)].some((room) => room.slug === slug);
    if (taken && this.#kind() === "public" && slugOf(this.#name.value) === slug) this.#refuseName("This name is taken.");
  }

  #refuseName(text: string): void {
    showNote(part(this.#box, "[data-part=name-error]"), text);
    this.#name.setAttribute("aria-invalid", "true");
  }

  async #create(): Promise<void> {
    const data = new FormData(this.#form);
    const text = (key: string) => String(data.get(key) ?? "").trim();
    const name = text("name");
    if (name === "") {
      this.#refuseName("A room needs a name.");
      return this.#name.focus();
    }
    const wish = { kind: text("kind"), name, slug: slugOf(name), purpose: text("purpose") };
    const content = JSON.stringify(wish);
    if (this.#sent.content !== content) this.#sent = { cid: uuid4(), content };
    try {
      const { room } = await this.#session.command("room.create", { cid: this.#sent.cid, ...wish });
      this.#sent = { cid: "", content: "" };
      this.#box.close();
      this.#made(room);
    } catch (error) {
      // The address is made from the name: its error belongs there.
      if (error instanceof CommandError && error.field === "slug") throw new CommandError(error.code, error.message, "name");
      throw error;
    }
  }
}
