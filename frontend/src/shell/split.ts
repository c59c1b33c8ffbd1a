// The edge between the chat and the code pane: dragged by pointer, moved by arrow keys, remembered for each person.
// Made by the code's place. It only sets one custom property; what fits is the stylesheet's business.

const STEP_PX = 24;
const LEAST_PX = 320;

/** Width of the pane in pixels after a wish, within what both sides need. */
export function widthWithin(wanted: number, whole: number): number {
  return Math.round(Math.min(Math.max(wanted, LEAST_PX), Math.max(LEAST_PX, whole - LEAST_PX)));
}

export class Split {
  readonly #edge: HTMLElement;
  readonly #panes: HTMLElement;
  readonly #key: string;
  #share = 0.49;

  constructor(edge: HTMLElement, panes: HTMLElement, account: number) {
    this.#edge = edge;
    this.#panes = panes;
    this.#key = `collab-split-${account}`;
    try {
      const kept = Number(localStorage.getItem(this.#key) ?? "");
      if (kept > 0.1 && kept < 0.9) this.#share = kept;
    } catch {
      // Storage is forbidden: the width holds until the page goes.
    }
    edge.addEventListener("pointerdown", (event) => this.#hold(event));
    edge.addEventListener("keydown", (event) => this.#press(event));
    this.#apply();
  }

  get #whole(): number {
    return this.#panes.clientWidth || 1_000;
  }

  #apply(): void {
    this.#panes.style.setProperty("--code-pane", `${(this.#share * 100).toFixed(2)}%`);
    this.#edge.setAttribute("aria-valuemin", "10");
    this.#edge.setAttribute("aria-valuemax", "90");
    this.#edge.setAttribute("aria-valuenow", String(Math.round(this.#share * 100)));
    this.#edge.setAttribute("aria-valuetext", `Code ${Math.round(this.#share * 100)} percent`);
  }

  #set(width: number): void {
    this.#share = widthWithin(width, this.#whole) / this.#whole;
    this.#apply();
  }

  #keep(): void {
    try {
      localStorage.setItem(this.#key, this.#share.toFixed(4));
    } catch {
      // As above.
    }
  }

  #hold(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const edge = this.#edge;
    const panes = this.#panes;
    edge.setPointerCapture(event.pointerId);
    edge.classList.add("held");
    const moved = (move: PointerEvent) => this.#set(panes.getBoundingClientRect().right - move.clientX);
    const released = () => {
      edge.removeEventListener("pointermove", moved);
      edge.classList.remove("held");
      this.#keep();
    };
    edge.addEventListener("pointermove", moved);
    edge.addEventListener("lostpointercapture", released, { once: true });
  }

  #press(event: KeyboardEvent): void {
    const width = this.#share * this.#whole;
    const wishes: Record<string, number> = { ArrowLeft: width + STEP_PX, ArrowRight: width - STEP_PX, Home: this.#whole, End: 0 };
    const wish = wishes[event.key];
    if (wish === undefined) return;
    event.preventDefault();
    this.#set(wish);
    this.#keep();
  }
}
