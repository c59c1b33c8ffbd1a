// Tabs moved with a finger: where touch is, the browser's own dragging begins only after a long press, which is the menu's.
// Used by the tabs. A finger that goes sideways takes the tab along; one that goes up or down scrolls, one that rests asks.

import { closest } from "../dom";

export interface TouchHooks {
  mayDrag(): boolean;
  /** The finger is over this tab; null for none. */
  over(tab: HTMLElement | null): void;
  /** The first was let go over the second. */
  drop(tab: HTMLElement, onto: HTMLElement): void;
}

const SLOP_PX = 10;

interface Held {
  pointer: number;
  tab: HTMLElement;
  x: number;
  isMoving: boolean;
}

export function dragByTouch(row: HTMLElement, hooks: TouchHooks): void {
  let held: Held | null = null;

  const tabUnder = ({ clientX }: PointerEvent): HTMLElement | null => {
    const { top, height } = row.getBoundingClientRect();
    const found = document.elementFromPoint(clientX, top + height / 2)?.closest<HTMLElement>("[role=tab]") ?? null;
    return found !== null && row.contains(found) ? found : null;
  };
  const end = () => {
    held?.tab.classList.remove("held");
    held = null;
    hooks.over(null);
  };

  row.addEventListener("pointerdown", (event) => {
    const tab = closest(event, "[role=tab]");
    if (event.pointerType !== "touch" || !event.isPrimary || tab === null || !hooks.mayDrag()) return;
    held = { pointer: event.pointerId, tab, x: event.clientX, isMoving: false };
  });
  row.addEventListener("pointermove", (event) => {
    if (held?.pointer !== event.pointerId) return;
    if (!held.isMoving && Math.abs(event.clientX - held.x) < SLOP_PX) return;
    if (!held.isMoving) row.setPointerCapture(event.pointerId);
    held.isMoving = true;
    held.tab.classList.add("held");
    hooks.over(tabUnder(event));
  });
  row.addEventListener("pointerup", (event) => {
    if (held?.pointer !== event.pointerId) return;
    const { tab, isMoving } = held;
    const onto = isMoving ? tabUnder(event) : null;
    end();
    if (onto !== null && onto !== tab) hooks.drop(tab, onto);
  });
  row.addEventListener("pointercancel", (event) => held?.pointer === event.pointerId && end());
  // The menu of a tab that rests under the finger is open: it is not dragged any more.
  row.addEventListener("contextmenu", () => held?.isMoving === false && end());
  // The browser's own dragging would take the finger away.
  row.addEventListener("dragstart", (event) => held !== null && event.preventDefault(), { capture: true });
}
