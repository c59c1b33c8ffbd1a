// The suggestions of one document, kept by the room's events. Made by the agent's control for each open document, and by
// the cards in the chat. It never draws; where changes are while one edits, places.ts knows.

import type { AnyEvent } from "../../events";
import { keptFor, KeptList } from "../../kept_list";
import type { Suggestions, SuggestionView } from "../../protocol";
import { reduceSuggestions } from "../../reducers/suggestions";
import type { Session } from "../../session";

/** What an event told. */
export interface Told {
  suggestion: SuggestionView;
  isNew: boolean;
}

export class SuggestionBook extends KeptList<Suggestions, Told> {
  constructor(session: Session, room: number, document: number) {
    super(session, room, document, `/api/documents/${document}/suggestions/`);
  }

  protected override take(event: AnyEvent): void {
    if (this.now === null) return;
    this.now = reduceSuggestions(this.now, event);
    if (event.type !== "suggestion.created" && event.type !== "suggestion.changed") return;
    const { suggestion } = event.data;
    if (suggestion.document === this.document) this.tell({ suggestion, isNew: event.type === "suggestion.created" });
  }

  /** What an answer told, before its event comes. */
  adopt(told: SuggestionView): void {
    if (this.now === null) return;
    this.now = { ...this.now, suggestions: this.now.suggestions.map((one) => (one.id === told.id && one.version <= told.version ? told : one)) };
    this.tell(null);
  }
}

/** The suggestions of a document; the same for all who ask. */
export const suggestionsOf = keptFor((session, room, document) => new SuggestionBook(session, room, document));
