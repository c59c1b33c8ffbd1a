// The geometry of a gauge. Pure. Used by gauge.ts.

import type { PanelView } from "../../protocol";
import { niceTop } from "../cards/curve";

const CENTRE = { x: 66, y: 66 };

/** A piece of the half circle, from one share of it to another. */
export function arc(radius: number, from: number, to: number): string {
  const point = (share: number) => {
    const angle = Math.PI * (1 - share);
    return `${(CENTRE.x + radius * Math.cos(angle)).toFixed(2)} ${(CENTRE.y - radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${point(from)}A${radius} ${radius} 0 0 1 ${point(to)}`;
}

/** The ends of a gauge: as chosen, else from nought to a hundred percent, or to a pleasant figure above all that matters. */
export function gaugeEnds(view: PanelView, unit: string, most: number): [number, number] {
  const low = view.low ?? 0;
  if (view.high !== null && view.high > low) return [low, view.high];
  const limits = view.thresholds.map(({ value }) => value * 1.1);
  const high = unit === "%" ? 100 : niceTop(Math.max(most, ...limits, 0));
  return [low, high > low ? high : low + 1];
}
