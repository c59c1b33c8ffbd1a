// What a moderator decided about the person, in words: a mute as a notice, a ban as the page that takes all others' place.
// Made once by the stage. The server acts; this only says so.

import type { SanctionApplied } from "../protocol";
import type { Session } from "../session";
import { clock, dayKey, fullTime } from "../time";
import type { Notice } from "./contract";
import type { Gate } from "./gate_view";
import { labelOf } from "./rooms";

/** " until 09:00", on another day " until Sunday, 29 November 2026 at 09:00", or nothing for a sanction without an end. */
export function untilText(until: string | null, now: Date = new Date()): string {
  if (until === null) return "";
  return ` until ${dayKey(until) === dayKey(now) ? clock(until) : fullTime(until)}`;
}

export function suspendedGate(site: string, ban: SanctionApplied | null, words: string): Gate {
  const gate: Gate = { icon: "ban", where: "", title: "Your account is suspended", text: words, shut: true };
  if (ban === null) return { ...gate, text: words === "" ? `You cannot read or write in ${site}.` : words };
  const reason = ban.reason === "" ? {} : { facts: [["Reason", ban.reason]] as const };
  return { ...gate, text: `You cannot read or write in ${site}${untilText(ban.until)}.`, ...reason };
}

function matterOf(room: number | null): string {
  return `mute ${room ?? ""}`;
}

export function muteNotice(mute: SanctionApplied, place: string): Notice {
  const text = mute.reason === "" ? {} : { text: `The moderators: “${mute.reason}”` };
  return { kind: "error", matter: matterOf(mute.room), title: `You are muted${place}${untilText(mute.until)}`, ...text };
}

/** What a timer of the browser can wait. */
const LONGEST_MS = 2 ** 31 - 1;

export class Sanctions {
  readonly #session: Session;
  readonly #ends = new Map<number | null, ReturnType<typeof setTimeout>>();
  #ban: SanctionApplied | null = null;

  constructor(session: Session, toast: (notice: Notice) => void) {
    this.#session = session;
    session.connection.onEvent((event) => {
      if (event.type === "sanction.lifted" && event.data.kind === "mute") this.#free(event.data.room, toast);
      if (event.type !== "sanction.applied") return;
      const { kind, room, until } = event.data;
      if (kind === "mute") toast(muteNotice(event.data, this.#placeOf(room)));
      const left = kind === "mute" && until !== null ? new Date(until).getTime() - Date.now() : 0;
      clearTimeout(this.#ends.get(room));
      if (left > 0 && left < LONGEST_MS) this.#ends.set(room, setTimeout(() => this.#free(room, toast), left));
      if (event.data.kind === "ban" && event.data.room === null) this.#ban = event.data;
    });
  }

  gate(): Gate {
    return suspendedGate(this.#session.home.get().site_name, this.#ban, this.#session.connection.reason);
  }

  #free(room: number | null, toast: (notice: Notice) => void): void {
    clearTimeout(this.#ends.get(room));
    toast({ kind: "info", matter: matterOf(room), title: `You may write again${this.#placeOf(room)}` });
  }

  #placeOf(room: number | null): string {
    const summary = this.#session.home.get().rooms.find((one) => one.room.id === room);
    return summary === undefined ? "" : ` in ${labelOf(summary)}`;
  }
}
