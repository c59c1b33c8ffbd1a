// What a moderator decided about the person, in words: a mute as a notice, a ban as the page that takes all others' place.
// Made once by the stage. The server acts; this only says so.

import type { MuteView, SanctionApplied } from "../protocol";
import type { Session } from "../session";
import { untilText } from "../time";
import type { Notice } from "./contract";
import type { Gate } from "./gate_view";
import { labelOf } from "./rooms";

const SUSPENDED = "Your account is suspended";

/** `words` came with the close: the reason too, where the page did not hear of the ban before it. */
export function suspendedGate(site: string, ban: SanctionApplied | null, words: string): Gate {
  const reason = ban?.reason ?? words;
  const facts = reason === "" || reason === `${SUSPENDED}.` ? {} : { facts: [["Reason", reason]] as const };
  const until = ban === null ? "" : untilText(ban.until);
  return { icon: "ban", where: "", title: SUSPENDED, text: `You cannot read or write in ${site}${until}.`, shut: true, ...facts };
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
  readonly #toast: (notice: Notice) => void;
  #ends: ReturnType<typeof setTimeout>[] = [];
  #ban: SanctionApplied | null = null;

  constructor(session: Session, toast: (notice: Notice) => void) {
    this.#session = session;
    this.#toast = toast;
    session.home.subscribe((home) => home.mutes, (mutes) => this.#watch(mutes));
    session.connection.onEvent((event) => {
      if (event.type === "sanction.lifted" && event.data.kind === "mute" && event.data.left === null) this.#free(event.data.room);
      if (event.type !== "sanction.applied") return;
      if (event.data.kind === "mute") toast(muteNotice(event.data, this.#placeOf(event.data.room)));
      if (event.data.kind === "ban" && event.data.room === null) this.#ban = event.data;
    });
  }

  gate(): Gate {
    return suspendedGate(this.#session.home.get().site_name, this.#ban, this.#session.connection.reason);
  }

  /** A mute that runs out is over here as well. */
  #watch(mutes: readonly MuteView[]): void {
    this.#ends.forEach(clearTimeout);
    this.#ends = mutes.flatMap((mute) => {
      const left = mute.until === null ? Infinity : Date.parse(mute.until) - Date.now();
      return left < LONGEST_MS ? [setTimeout(() => this.#over(mute), left)] : [];
    });
  }

  #over(mute: MuteView): void {
    this.#session.home.update((home) => ({ ...home, mutes: home.mutes.filter((one) => one !== mute) }));
    this.#free(mute.room);
  }

  #free(room: number | null): void {
    this.#toast({ kind: "info", matter: matterOf(room), title: `You may write again${this.#placeOf(room)}` });
  }

  #placeOf(room: number | null): string {
    const summary = this.#session.home.get().rooms.find((one) => one.room.id === room);
    return summary === undefined ? "" : ` in ${labelOf(summary)}`;
  }
}
