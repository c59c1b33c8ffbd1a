// Elements in the order in which they are read, for Tab. Used by a board and by its editing.
// What stands in its place is not taken out of the page: it would lose the focus and its place of scrolling.

/** Puts `wanted` first in `place`, in this order; whatever else is there comes behind them. */
export function inReadingOrder(place: HTMLElement, wanted: readonly HTMLElement[]): void {
  if (wanted.every((element, index) => element === place.children[index])) return;
  const focused = document.activeElement;
  place.prepend(...wanted);
  if (focused instanceof HTMLElement && focused !== document.activeElement && place.contains(focused)) focused.focus({ preventScroll: true });
}
