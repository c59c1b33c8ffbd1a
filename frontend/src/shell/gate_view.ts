// The page in place of a room that is not to be had: unknown, gone, taken away, or the whole account suspended.
// Shown by the stage, without loading the page anew.

import { clone, el, icon, part } from "../dom";
import { clock } from "../time";
import { focusHeading, stand, type View } from "./view";

export interface Gate {
  icon: string;
  /** The name of the place in the top bar. */
  where: string;
  title: string;
  text: string;
  fine?: string;
  /** What was decided, as a small table: "Reason", the moderator's words. */
  facts?: readonly (readonly [string, string])[];
  /** The person was in the room and is no more. */
  outside?: boolean;
  retry?: () => void;
  /** Nothing here is open to the person: only signing out remains. */
  shut?: boolean;
}

/** Unknown and forbidden look the same. */
export const NOT_FOUND: Gate = {
  icon: "search-x",
  where: "Not found",
  title: "There is nothing here",
  text: "The address is wrong, the room is gone, or it is not open to you.",
};

/** Somebody banned, or removed for a time, looks for the room; `text` says why and until when. */
export function barredGate(where: string, text: string): Gate {
  return { icon: "ban", where, title: "This room is closed to you", text };
}

/** `back` says when somebody banned may come again: " until 09:00"; null for everybody else. */
export function removedGate(label: string, at: string | undefined, reason: string, back: string | null = null): Gate {
  const when = at === undefined ? "" : ` at ${clock(at)}`;
  const why = reason === "" ? "." : `: “${reason}”`;
  const fine = "What you had begun to write here is kept on this device.";
  const gate: Gate = { icon: "door-open", where: label, title: "You are no longer in this room", text: `You were removed${when}${why}`, fine, outside: true };
  return back === null ? gate : { ...gate, icon: "ban", title: "You are banned from this room", text: `You cannot come back${back}${why}` };
}

export function failedGate(where: string, text: string, retry: () => void): Gate {
  return { icon: "cloud-off", where, title: "This could not be loaded", text, retry };
}

export class GateView implements View {
  readonly name = "gate";
  readonly #element = clone("t-view-gate");

  readonly retry: (() => void) | undefined;

  constructor(gate: Gate) {
    const element = this.#element;
    this.retry = gate.retry;
    part(element, "[data-part=where]").textContent = gate.where === "" ? gate.title : gate.where;
    const symbol = part(element, "[data-part=symbol]");
    symbol.replaceChildren(icon(gate.icon));
    symbol.classList.toggle("bad", gate.shut === true);
    symbol.classList.toggle("grey", gate.shut !== true);
    part(element, "[data-part=title]").textContent = gate.title;
    part(element, "[data-part=text]").textContent = gate.text;
    const fine = part(element, "[data-part=fine]");
    fine.textContent = gate.fine ?? "";
    fine.hidden = gate.fine === undefined;
    const facts = part(element, "[data-part=facts]");
    facts.replaceChildren(...(gate.facts ?? []).flatMap(([name, value]) => [el("dt", "", name), el("dd", "", value)]));
    facts.hidden = gate.facts === undefined;
    part(element, "[data-part=outside]").hidden = gate.outside !== true;
    part(element, "[data-do=go-home]").hidden = part(element, "[data-do=browse]").hidden = gate.shut === true;
    part(element, "[data-part=sign-out]").hidden = gate.shut !== true;
    const retry = part(element, "[data-do=retry]");
    retry.hidden = gate.retry === undefined;
    retry.onclick = () => gate.retry?.();
    stand(element);
  }

  focus(): void {
    focusHeading(this.#element);
  }

  close(): void {
    // Nothing listens.
  }
}
