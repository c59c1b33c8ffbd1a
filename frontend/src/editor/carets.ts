// Where others are in the text: carets and selections with names and colours, which follow every edit.
// An extension of the editor, fed by the desk. Hidden from assistive technology: who is here is told elsewhere.

import { StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

/** Somebody else's editor; two tabs of one person are two peers. */
export interface Peer {
  clientId: string;
  user: number;
  name: string;
  /** c1…c8, or ai. */
  colour: string;
  /** Main range first: anchor and head, in the text of now. */
  ranges: readonly (readonly [number, number])[];
}

/** Puts a peer's carets anew. */
export const setPeer = StateEffect.define<Peer>();
export const dropPeer = StateEffect.define<string>();
export const dropPeers = StateEffect.define<null>();
/** Somebody typed: their caret stands behind it, before they say so themselves. */
export const peerTyped = StateEffect.define<{ clientId: string; at: number }>();

type Peers = ReadonlyMap<string, Peer>;

function withEffects(peers: Peers, effects: readonly StateEffect<unknown>[], length: number): Peers {
  const next = new Map(peers);
  const within = (at: number) => Math.min(at, length);
  for (const effect of effects) {
    if (effect.is(setPeer)) {
      const ranges = effect.value.ranges.map(([anchor, head]) => [within(anchor), within(head)] as const);
      next.set(effect.value.clientId, { ...effect.value, ranges });
    } else if (effect.is(dropPeer)) next.delete(effect.value);
    else if (effect.is(dropPeers)) next.clear();
    else if (effect.is(peerTyped)) {
      const peer = next.get(effect.value.clientId);
      const at = within(effect.value.at);
      if (peer?.ranges.length === 1) next.set(peer.clientId, { ...peer, ranges: [[at, at]] });
    }
  }
  return next;
}

export const peersField = StateField.define<Peers>({
  create: () => new Map(),
  update(peers, transaction) {
    let next = peers;
    if (transaction.docChanged && peers.size > 0) {
      const move = (at: number) => transaction.changes.mapPos(at, -1);
      next = new Map([...peers].map(([id, peer]) => [id, { ...peer, ranges: peer.ranges.map(([anchor, head]) => [move(anchor), move(head)] as const) }]));
    }
    const ours = transaction.effects.some((effect) => effect.is(setPeer) || effect.is(dropPeer) || effect.is(dropPeers) || effect.is(peerTyped));
    return ours ? withEffects(next, transaction.effects, transaction.newDoc.length) : next;
  },
  provide: (field) => EditorView.decorations.compute([field], (state) => draw(state, state.field(field))),
});

class Caret extends WidgetType {
  readonly #name: string;
  readonly #colour: string;
  readonly #below: boolean;

  constructor(name: string, colour: string, below: boolean) {
    super();
    this.#name = name;
    this.#colour = colour;
    this.#below = below;
  }

  override eq(other: Caret): boolean {
    return other.#name === this.#name && other.#colour === this.#colour && other.#below === this.#below;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = `cm-peer ${this.#colour}${this.#below ? " below" : ""}`;
    if (this.#name !== "") caret.dataset["name"] = this.#name;
    caret.setAttribute("aria-hidden", "true");
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function draw(state: EditorState, peers: Peers): DecorationSet {
  const marks: Range<Decoration>[] = [];
  for (const { name, colour, ranges } of peers.values()) {
    ranges.forEach(([anchor, head], index) => {
      const [from, to] = [Math.min(anchor, head), Math.max(anchor, head)];
      if (from < to) marks.push(Decoration.mark({ class: `cm-peer-sel ${colour}` }).range(from, to));
      const below = state.doc.lineAt(head).number === 1;
      marks.push(Decoration.widget({ widget: new Caret(index === 0 ? name : "", colour, below), side: 1 }).range(head));
    });
  }
  return Decoration.set(marks, true);
}

export const carets: Extension = peersField;
