// The dialog that starts a direct message, with one person or a few. Made once by app.ts.
// The room is the same each time: the server finds it or makes it.

import { clone, part } from "../dom";
import { avatar } from "../people";
import type { PersonView, RoomView } from "../protocol";
import type { Session } from "../session";
import { clearErrors, dialog, openDialog } from "./dialogs";
import { once, showNote } from "./forms";
import { PeopleFinder } from "./people_finder";
import { presenceOf } from "./presence";

/** The others of a group room: with oneself they are nine, what a row of the list can name. */
const MOST = 8;

export class Direct {
  readonly #session: Session;
  readonly #opened: (room: RoomView) => void;
  readonly #box = dialog("d-direct");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #input = part<HTMLInputElement>(this.#box, "[data-part=person]");
  readonly #finder: PeopleFinder;
  #chosen: PersonView[] = [];

  constructor(session: Session, opened: (room: RoomView) => void) {
    this.#session = session;
    this.#opened = opened;
    const none = part(this.#box, "[data-part=none]");
    this.#finder = new PeopleFinder(this.#input, part(this.#box, "[data-part=people]"), {
      without: () => new Set([session.me, ...this.#chosen.map((person) => person.id)]),
      pick: (person) => this.#choose(person),
      none: (text) => {
        none.textContent = text;
        none.hidden = text === "";
      },
      presence: (user) => presenceOf(session.home.get(), user),
      eager: true,
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && this.#input.value === "") this.#drop(this.#chosen.length - 1);
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#go());
    });
  }

  open(): void {
    this.#chosen = [];
    this.#draw();
    this.#finder.reset();
    openDialog(this.#box);
    this.#input.focus();
  }

  #choose(person: PersonView): void {
    clearErrors(this.#form);
    if (this.#chosen.length >= MOST) return showNote(part(this.#form, "[data-part=error]"), `A conversation has at most ${MOST} others. Make a room for more.`);
    this.#chosen = [...this.#chosen, person];
    this.#draw();
    this.#finder.reset();
    this.#input.focus();
  }

  #drop(index: number): void {
    this.#chosen = this.#chosen.filter((_, at) => at !== index);
    this.#draw();
    this.#finder.reset();
    this.#input.focus();
  }

  #draw(): void {
    const chips = this.#chosen.map((person, index) => {
      const chip = clone("t-chip");
      part(chip, "[data-part=avatar]").replaceChildren(avatar(person, "xs"));
      part(chip, "[data-part=name]").textContent = person.display_name;
      const drop = part<HTMLButtonElement>(chip, "[data-do=drop-person]");
      drop.type = "button";
      drop.setAttribute("aria-label", `Remove ${person.display_name}`);
      drop.onclick = () => this.#drop(index);
      return chip;
    });
    part(this.#box, "[data-part=chosen]").replaceChildren(...chips);
    const go = part(this.#box, "[data-part=go]");
    go.textContent = this.#chosen.length > 1 ? "Start the conversation" : "Open";
  }

  async #go(): Promise<void> {
    if (this.#chosen.length === 0) {
      showNote(part(this.#form, "[data-part=error]"), "Choose at least one person.");
      return this.#input.focus();
    }
    const { room } = await this.#session.command("room.open_direct", { users: this.#chosen.map((person) => person.id) });
    this.#box.close();
    this.#opened(room);
  }
}
