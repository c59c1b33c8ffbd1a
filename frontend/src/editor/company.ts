// Who else has the document open: their carets in the editor, who came and went, and following one of them.
// Made by the desk. There is no list on the server: everybody tells where they are, and is forgotten after a silence.

import type { EditorView } from "@codemirror/view";
import { EditorView as View } from "@codemirror/view";
import { colourClass, firstName } from "../people";
import type { Caret, CursorMoved, PersonView } from "../protocol";
import { dropPeer, dropPeers, peersField, peerTyped, setPeer, type Peer } from "./carets";
import type { Told } from "./history/chronicle";
import type { Replica, Taken } from "./replica";

export interface CompanyHooks {
  /** Another tab of one's own is shown, not announced. */
  readonly me: number;
  view(): EditorView | null;
  replica(): Replica | null;
  person(user: number): PersonView | null;
  /** Somebody is here or gone. */
  changed(): void;
  /** Somebody new is here and does not know of us. */
  greet(): void;
  announce(text: string): void;
}

interface Member {
  user: number;
  seenAt: number;
}

/** Edits that are remembered for the history; of more it asks the server. */
const TOLD_MOST = 2_000;
const SILENCE_MS = 45_000;
const SWEEP_MS = 5_000;

export class Company {
  /** Who wrote since the document was opened, the newest last. */
  readonly told: Told[] = [];
  readonly #hooks: CompanyHooks;
  readonly #name: () => string;
  /** By client: two tabs of a person are two. */
  readonly #here = new Map<string, Member>();
  /** Carets in a text that has not come yet. */
  readonly #ahead = new Map<string, CursorMoved>();
  #sweeping: ReturnType<typeof setInterval> | null = null;
  #followed: number | null = null;

  constructor(hooks: CompanyHooks, name: () => string) {
    this.#hooks = hooks;
    this.#name = name;
  }

  /** The others, each once, in the order they came. */
  get people(): number[] {
    return [...new Set([...this.#here.values()].map((member) => member.user))];
  }

  has(client: string): boolean {
    return this.#here.has(client);
  }

  get following(): number | null {
    return this.#followed;
  }

  /** A fresh start: these are here. */
  meet(carets: readonly Caret[], own: string): void {
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS);
    for (const { client_id, person, version, ranges } of carets) {
      if (client_id === own) continue;
      this.#here.set(client_id, { user: person.id, seenAt: Date.now() });
      this.#place({ client_id, user: person.id, version, ranges });
    }
    this.#hooks.changed();
  }

  moved(cursor: CursorMoved): void {
    const { client_id, user, ranges } = cursor;
    if (ranges === null) return this.#gone(client_id);
    const isNew = !this.#here.has(client_id);
    const isNewPerson = !this.people.includes(user);
    this.#here.set(client_id, { user, seenAt: Date.now() });
    this.#place(cursor);
    if (!isNew) return;
    this.#hooks.greet();
    // What a run of the assistant does is told by the one who shows it.
    if (isNewPerson && user !== this.#hooks.me && !client_id.startsWith("run-")) this.#hooks.announce(`${this.#nameOf(user)} joined ${this.#name()}`);
    this.#hooks.changed();
  }

  /** Edits came: whoever typed stands behind what they typed, and carets of that text have their place now. */
  taken(taken: readonly Taken[]): void {
    const places = new Map<string, number>();
    for (const { edit, transaction } of taken) {
      this.told.push({ version: edit.version, author: edit.author, run: edit.run, at: new Date().toISOString() });
      for (const [client, at] of places) places.set(client, transaction.changes.mapPos(at, -1));
      const member = this.#here.get(edit.client_id);
      if (member === undefined) continue;
      member.seenAt = Date.now();
      let end = -1;
      transaction.changes.iterChangedRanges((_fromA, _toA, _fromB, toB) => (end = toB));
      if (end >= 0) places.set(edit.client_id, end);
    }
    this.told.splice(0, this.told.length - TOLD_MOST);
    const effects = [...places].map(([clientId, at]) => peerTyped.of({ clientId, at }));
    if (effects.length > 0) this.#hooks.view()?.dispatch({ effects });
    for (const [client, cursor] of this.#ahead) {
      if (cursor.version > (this.#hooks.replica()?.version ?? 0)) continue;
      this.#ahead.delete(client);
      this.#place(cursor);
    }
    this.#keepUp();
  }

  /** The connection is gone, or the text is another: nobody is known to be here. */
  clear(): void {
    this.#here.clear();
    this.#ahead.clear();
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
    this.#sweeping = null;
    this.#hooks.view()?.dispatch({ effects: dropPeers.of(null) });
    this.#hooks.changed();
  }

  // Following

  /** Keeps the place in view where this person writes; null lets go. */
  follow(user: number | null): void {
    if (user === this.#followed) return;
    this.#followed = user;
    if (user !== null) this.#keepUp();
    this.#hooks.changed();
  }

  #keepUp(): void {
    const view = this.#hooks.view();
    if (view === null || this.#followed === null) return;
    const peers = [...view.state.field(peersField).values()].filter((peer) => peer.user === this.#followed);
    const latest = peers.sort((a, b) => (this.#here.get(b.clientId)?.seenAt ?? 0) - (this.#here.get(a.clientId)?.seenAt ?? 0))[0];
    const head = latest?.ranges[0]?.[1];
    if (head !== undefined) view.dispatch({ effects: View.scrollIntoView(head, { y: "center" }) });
  }

  // One of them

  #nameOf(user: number): string {
    return this.#hooks.person(user)?.display_name ?? "Somebody";
  }

  #place(cursor: CursorMoved): void {
    const replica = this.#hooks.replica();
    if (replica === null || cursor.ranges === null) return;
    if (cursor.version > replica.version) return void this.#ahead.set(cursor.client_id, cursor);
    this.#ahead.delete(cursor.client_id);
    const ranges = replica.toNow(cursor.version, cursor.ranges);
    if (ranges === null) return;
    this.#hooks.view()?.dispatch({ effects: setPeer.of(this.#peer(cursor, ranges)) });
    this.#keepUp();
  }

  #peer({ client_id, user }: CursorMoved, ranges: Peer["ranges"]): Peer {
    const person = this.#hooks.person(user);
    const colour = person?.kind === "assistant" ? "ai" : colourClass(user);
    return { clientId: client_id, user, name: person === null ? "Somebody" : firstName(person), colour, ranges };
  }

  #gone(client: string): void {
    if (!this.#here.delete(client)) return;
    this.#ahead.delete(client);
    this.#hooks.view()?.dispatch({ effects: dropPeer.of(client) });
    if (this.#followed !== null && !this.people.includes(this.#followed)) this.#followed = null;
    this.#hooks.changed();
  }

  #sweep(): void {
    const limit = Date.now() - SILENCE_MS;
    for (const [client, member] of [...this.#here]) if (member.seenAt < limit) this.#gone(client);
  }
}
