// The bars of the pane: how the document stands, who is here, and why one cannot write. Drawn from the desk's status.
// Used by the pane. It decides nothing.

import { el, icon, part } from "../dom";
import { avatar } from "../people";
import type { PersonView } from "../protocol";
import { clock } from "../time";
import { edits, statusWords, type Status } from "./status";

const FACES = 4;
const OFFLINE_SHOWN_MS = 2_000;

export interface Mode {
  kind: "" | "warn" | "danger";
  icon: string;
  title: string;
  text: string;
  act: { label: string; name: string } | null;
}

/** Why one cannot write here, as far as the room tells. */
export interface Writing {
  isMember: boolean;
  isArchived: boolean;
  isMuted: boolean;
  documentReadOnly: boolean;
}

function viewerMode({ isMember, isArchived, isMuted, documentReadOnly }: Writing): Mode {
  const common = { kind: "" as const, icon: "lock", text: "You see changes as they happen", act: null };
  if (!isMember) return { ...common, title: "Only members can edit here", act: { label: "Join the room", name: "join-room" } };
  if (isArchived) return { ...common, title: "This room is archived" };
  if (isMuted) return { ...common, title: "You are muted in this room" };
  if (documentReadOnly) return { ...common, title: "Only moderators can edit this document" };
  return { ...common, title: "You can read here, not edit" };
}

/** The bar above the text, or null when there is nothing to say. */
export function modeOf(status: Status, writing: Writing, now: number): Mode | null {
  const { phase, offlineSince, waiting, canEdit, reason } = status;
  if (phase === "closed") return { kind: "danger", icon: "lock", title: "This document is closed for you", text: reason === "" ? "Reload the page to try again" : reason, act: null };
  if (phase === "offline" && offlineSince !== null && now - offlineSince >= OFFLINE_SHOWN_MS) {
    const kept = waiting === 0 ? "Your edits are" : `${edits(waiting)} ${waiting === 1 ? "is" : "are"}`;
    const text = canEdit ? `${kept} kept here and merged on return` : "Changes of others come when the connection is back";
    return { kind: "warn", icon: "wifi-off", title: `Offline since ${clock(new Date(offlineSince).toISOString())}`, text, act: { label: "Try now", name: "retry" } };
  }
  if (phase === "loading" || phase === "deleted" || canEdit) return null;
  return { ...viewerMode(writing), text: waiting > 0 ? `${edits(waiting)} could not be stored` : "You see changes as they happen" };
}

export function drawMode(bar: HTMLElement, mode: Mode | null): void {
  bar.hidden = mode === null;
  if (mode === null) return;
  bar.className = `modebar ${mode.kind}`.trim();
  part(bar, "[data-part=mode-icon]").replaceChildren(icon(mode.icon));
  part(bar, "[data-part=mode-title]").textContent = mode.title;
  part(bar, "[data-part=mode-text]").textContent = mode.text;
  const acts = part(bar, "[data-part=mode-acts]");
  const label = acts.textContent;
  if (mode.act === null) acts.replaceChildren();
  else if (label !== mode.act.label) {
    const shell = mode.act.name === "join-room";
    acts.replaceChildren(el("button", "btn small", mode.act.label, { [shell ? "data-do" : "data-code"]: mode.act.name, type: "button" }));
  }
}

export function drawStatus(place: HTMLElement, status: Status): void {
  const { icon: name, text } = statusWords(status);
  if (place.textContent === text) return;
  place.className = `saved ${name === "check" ? "good" : ""} ${status.phase === "offline" ? "off" : ""}`.trim();
  place.replaceChildren(icon(name), el("span", "", text));
}

/** Those who have the document open; a click follows one. */
export function drawPeople(place: HTMLElement, people: readonly (PersonView | null)[], followed: number | null, follow: (user: number | null) => void): void {
  const known = people.filter((person) => person !== null);
  // Drawn anew only when it is different: what one is about to press stays.
  const key = JSON.stringify([known.map((person) => [person.id, person.display_name, person.avatar_url]), followed]);
  if (place.dataset["key"] === key) return;
  place.dataset["key"] = key;
  place.hidden = known.length === 0;
  place.setAttribute("aria-label", known.length === 1 ? "1 other person has this open" : `${known.length} other people have this open`);
  const faces = known.slice(0, FACES).map((person) => {
    const pressed = person.id === followed;
    const label = pressed ? `Stop following ${person.display_name}` : `Follow ${person.display_name}`;
    const face = el("button", "face", null, { type: "button", "aria-pressed": String(pressed), "aria-label": label, title: label, "data-user": String(person.id) });
    face.append(avatar(person, "xs"));
    face.onclick = () => follow(pressed ? null : person.id);
    return face;
  });
  const focused = document.activeElement instanceof HTMLElement && place.contains(document.activeElement) ? document.activeElement.dataset["user"] : undefined;
  place.replaceChildren(...faces);
  if (known.length > FACES) place.append(el("span", "more", `+${known.length - FACES}`));
  if (focused !== undefined) place.querySelector<HTMLElement>(`[data-user="${focused}"]`)?.focus();
}
