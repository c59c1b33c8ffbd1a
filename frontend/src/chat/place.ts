// Where floating things go: beside a rectangle, inside the window. Used by the emoji picker. It only sets left and top.

const EDGE = 8;
const GAP = 4;

export interface Box {
  left: number;
  top: number;
  bottom: number;
}

/** Below the box if there is room, else above it; never outside the window. */
export function placeBeside(floating: HTMLElement, box: Box): void {
  const { offsetWidth: width, offsetHeight: height } = floating;
  const fitsBelow = box.bottom + GAP + height <= innerHeight - EDGE;
  const above = Math.min(box.top - GAP - height, innerHeight - height - EDGE);
  floating.style.top = `${fitsBelow ? box.bottom + GAP : Math.max(EDGE, above)}px`;
  floating.style.left = `${Math.max(EDGE, Math.min(box.left, innerWidth - width - EDGE))}px`;
}
