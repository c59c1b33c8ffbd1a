// The card of a room's settings with who is muted, removed for a time or banned, and until when. Made by settings_view.ts.
// The list is fetched when it opens and after each decision made here; time left counts down by itself.

import * as api from "../api";
import { clone, part } from "../dom";
import { avatar } from "../people";
import type { SanctionView } from "../protocol";
import type { Shell } from "./contract";
import { confirm } from "./forms";
import { Rows } from "./rows";

const WORDS: Readonly<Record<string, string>> = { mute: "Muted", kick: "Removed", ban: "Banned" };
const TICK_MS = 15_000;

/** "18 min left", "3 h left", "2 days left", "until it is lifted" */
export function timeLeft(until: string | null, now: number): string {
  if (until === null) return "until it is lifted";
  const seconds = Math.max(0, Math.round((new Date(until).getTime() - now) / 1000));
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h left` : `${Math.round(hours / 24)} days left`;
}

export class SanctionList {
  readonly #shell: Shell;
  readonly #room: number;
  readonly #card: HTMLElement;
  readonly #rows: Rows<SanctionView>;
  readonly #timer: ReturnType<typeof setInterval>;
  #held: SanctionView[] = [];

  constructor(view: HTMLElement, shell: Shell, room: number) {
    this.#shell = shell;
    this.#room = room;
    this.#card = part(view, "[data-part=sanctions-card]");
    this.#rows = new Rows<SanctionView>(part(view, "[data-part=sanctions]"), {
      key: (held) => held.id,
      make: (held) => this.#make(held),
      fill: (row, held) => this.#fill(row, held),
    });
    this.#timer = setInterval(() => this.#draw(), TICK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async load(): Promise<void> {
    try {
      this.#held = await api.get<SanctionView[]>(`/api/rooms/${this.#room}/sanctions/`);
      this.#draw();
    } catch (error) {
      this.#shell.fail("The list of sanctions could not be loaded", error);
    }
  }

  #draw(): void {
    const now = Date.now();
    this.#held = this.#held.filter((held) => held.until === null || new Date(held.until).getTime() > now);
    this.#card.hidden = this.#held.length === 0;
    this.#rows.show(this.#held);
  }

  #make(held: SanctionView): HTMLElement {
    const row = clone("t-sanction-row");
    part(row, "[data-part=avatar]").replaceChildren(avatar(held.person, "s"));
    part(row, "[data-part=name]").textContent = held.person.display_name;
    part(row, "[data-part=detail]").textContent = held.by === null ? held.reason : `by ${held.by.display_name}: ${held.reason}`;
    const lift = part(row, "[data-part=lift]");
    lift.hidden = held.person.id === this.#shell.session.me;
    lift.setAttribute("aria-label", `Lift: ${held.person.display_name}, ${WORDS[held.kind] ?? held.kind}`);
    lift.onclick = () => void this.#lift(held);
    return row;
  }

  #fill(row: HTMLElement, held: SanctionView): void {
    part(row, "[data-part=state]").textContent = `${WORDS[held.kind] ?? held.kind}, ${timeLeft(held.until, Date.now())}`;
  }

  async #lift(held: SanctionView): Promise<void> {
    const { session } = this.#shell;
    const run = (reason: string) => session.command("sanction.lift", { id: held.id, reason }, this.#room);
    const text = held.kind === "mute" ? "They may write here again, and are told so." : "They may come into the room again.";
    const question = { title: `Lift this for ${held.person.display_name}?`, text, field: "Reason, for the record (optional)", go: "Lift" };
    if ((await confirm(question, run)) === null) return;
    await this.load();
    this.#shell.toast({ kind: "info", title: `Lifted for ${held.person.display_name}` });
  }
}
