// Draws panels in step with the screen: all that have news in one frame, unless that takes too long; then the rest in the next
// one. What is out of sight, or in a hidden tab, is drawn when it comes into sight. Made by the view of a board.

const BUDGET_MS = 10;

export class Drawing {
  readonly #draws = new Map<Element, () => void>();
  readonly #visible = new Set<Element>();
  readonly #waiting = new Set<Element>();
  readonly #sight: IntersectionObserver;
  #asked = 0;

  constructor(root: Element | null) {
    this.#sight = new IntersectionObserver((entries) => this.#seen(entries), { root, rootMargin: "80px" });
  }

  add(element: Element, draw: () => void): void {
    this.#draws.set(element, draw);
    this.#waiting.add(element);
    this.#sight.observe(element);
  }

  remove(element: Element): void {
    this.#sight.unobserve(element);
    for (const known of [this.#draws, this.#visible, this.#waiting]) known.delete(element);
  }

  dispose(): void {
    this.#sight.disconnect();
    cancelAnimationFrame(this.#asked);
    this.#draws.clear();
  }

  /** There is news for all. */
  all(): void {
    for (const element of this.#draws.keys()) this.#waiting.add(element);
    this.#ask();
  }

  one(element: Element): void {
    this.#waiting.add(element);
    this.#ask();
  }

  #seen(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#visible.add(target);
      else this.#visible.delete(target);
    }
    this.#ask();
  }

  #ask(): void {
    if (this.#asked !== 0) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const begun = performance.now();
    for (const element of [...this.#waiting]) {
      if (!this.#visible.has(element)) continue;
      if (performance.now() - begun > BUDGET_MS) return this.#ask();
      this.#waiting.delete(element);
      this.#draws.get(element)?.();
    }
  }
}
