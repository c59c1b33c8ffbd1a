// The column beside the text with the cards of its discussions: each at its first line, pushed down by the one above.
// Used by talks.ts while the pane is wide enough. It knows heights and where lines are, and no discussion.

import type { EditorView } from "@codemirror/view";
import { el } from "../../dom";

export interface MarginItem {
  element: HTMLElement;
  /** Where its lines begin in the text. */
  at: number;
}

const GAP_PX = 8;
const TIP_PX = 10;

export class Margin {
  readonly element = el("aside", "margin");
  readonly #inner = el("div", "inner");
  #view: EditorView | null = null;
  readonly #followText = () => (this.element.scrollTop = this.#view?.scrollDOM.scrollTop ?? 0);
  readonly #followCards = () => {
    if (this.#view !== null && Math.abs(this.#view.scrollDOM.scrollTop - this.element.scrollTop) > 1) this.#view.scrollDOM.scrollTop = this.element.scrollTop;
  };

  constructor() {
    this.element.hidden = true;
    this.element.append(this.#inner);
    this.element.addEventListener("scroll", this.#followCards, { passive: true });
  }

  /** Stands beside this text; null: beside none. */
  beside(view: EditorView | null): void {
    if (view === this.#view) return;
    this.#view?.scrollDOM.removeEventListener("scroll", this.#followText);
    this.#view = view;
    view?.scrollDOM.addEventListener("scroll", this.#followText, { passive: true });
  }

  /** Puts the cards where their lines are. */
  place(items: readonly MarginItem[]): void {
    const view = this.#view;
    const inner = this.#inner;
    if (view === null) return;
    const shown = [...items].sort((a, b) => a.at - b.at);
    const wanted = new Set(shown.map((item) => item.element));
    for (const child of [...inner.children]) if (!wanted.has(child as HTMLElement)) child.remove();
    let end = GAP_PX;
    const lowest = Math.max(view.contentHeight, view.scrollDOM.clientHeight) - GAP_PX;
    let before: Element | null = null;
    for (const { element, at } of shown) {
      // Only what stands elsewhere is moved: to move an element takes its focus.
      const next: Element | null = before === null ? inner.firstElementChild : before.nextElementSibling;
      if (element !== next) inner.insertBefore(element, next);
      before = element;
      const height = element.offsetHeight;
      const wished = view.lineBlockAt(Math.min(at, view.state.doc.length)).top + view.documentPadding.top;
      const top = Math.max(end, element.matches(".small") ? wished : Math.min(wished, lowest - height));
      element.style.setProperty("--y", `${Math.round(top)}px`);
      // The line that ties a card to its text keeps at that line's height while the card stands higher.
      element.style.setProperty("--tip", `${Math.round(Math.min(height - TIP_PX, Math.max(TIP_PX, wished - top + TIP_PX)))}px`);
      end = top + height + GAP_PX;
    }
    inner.style.setProperty("--h", `${Math.round(Math.max(end, view.contentHeight))}px`);
    this.#followText();
  }
}
