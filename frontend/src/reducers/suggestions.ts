// The suggestions of a document: (Suggestions, event) -> Suggestions. Pure. Where their changes are in the text of now is
// the editor's business: places are told for the version that each suggestion names.

import type { AnyEvent } from "../events";
import { roomTopic } from "../events";
import type { Suggestions, SuggestionView } from "../protocol";

/** So many are told, the newest; the server's number. */
const SHOWN_MOST = 50;

function put(list: readonly SuggestionView[], one: SuggestionView): SuggestionView[] {
  if (!list.some((other) => other.id === one.id)) return [...list, one].slice(-SHOWN_MOST);
  return list.map((other) => (other.id === one.id ? one : other));
}

export function reduceSuggestions(state: Suggestions, event: AnyEvent): Suggestions {
  if (event.topic !== roomTopic(state.room) || event.seq === undefined || event.seq <= state.as_of_seq) return state;
  const next = { ...state, as_of_seq: event.seq };
  if (event.type !== "suggestion.created" && event.type !== "suggestion.changed") return next;
  const { suggestion } = event.data;
  return suggestion.document === state.document ? { ...next, suggestions: put(state.suggestions, suggestion) } : next;
}
