// What a composer keeps on the device, and which of several tabs' texts it begins with. Pure but for keep.ts.
// Used by the composer and by its drafts; what the server holds decides wherever the device has nothing newer.

import type { About } from "../beside";
import type { DraftView, HomeSnapshot, QuoteView } from "../protocol";
import { elsewhere, hereOf, keptText } from "./keep";

export interface Kept {
  text: string;
  quote: QuoteView | null;
  about?: About | null;
  parts?: Record<string, unknown>;
  /** The server's rev that the text goes on from. */
  rev?: number;
  /** Whether it holds something that the server does not. Absent in what older pages kept. */
  dirty?: boolean;
  /** When it was typed. */
  at?: number;
}

export function readKept(place: string): Kept | null {
  const kept = keptText(place);
  if (kept === null) return null;
  try {
    return JSON.parse(kept) as Kept;
  } catch {
    return { text: kept, quote: null };
  }
}

export function isNewer(kept: Kept): boolean {
  return kept.dirty !== false && kept.text !== "";
}

export function draftOf(home: HomeSnapshot, room: number, thread: string | null): DraftView | null {
  return home.drafts.find((draft) => draft.room === room && draft.thread === thread) ?? null;
}

/** What the field begins with: this tab's own, what another tab left, or what the server has. */
export function firstOf(name: string, draft: DraftView | null): Kept | null {
  const own = readKept(hereOf(name));
  if (own !== null && isNewer(own)) return own;
  const others = elsewhere(name).map(readKept).filter((kept) => kept !== null && isNewer(kept)) as Kept[];
  const [newest] = others.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
  if (newest !== undefined) return newest;
  const rev = draft?.rev ?? 0;
  const same = own !== null && (own.text === "" || (own.rev === rev && own.text === draft?.body)) ? own : null;
  if (draft === null || draft.body === "") return same === null || same.text !== "" ? null : { ...same, rev };
  return { quote: null, ...same, text: draft.body, rev, dirty: false };
}
