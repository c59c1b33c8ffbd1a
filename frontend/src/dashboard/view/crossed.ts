// What the crosshair of a board says of a panel, in words: for whoever moves it by keys. Used by the view of a board.

import type { PanelView } from "../../protocol";
import { valueIn } from "../series";
import { curvesOf, type Scene } from "./scene";
import { moment, wordsOf } from "./units";

/** "09:14:20, Jobs 20 jobs" */
export function crossedWords(scene: Scene, view: PanelView, at: number): string {
  const { curves, unit } = curvesOf(scene, view);
  const values = curves.map(({ label, points }) => `${label} ${wordsOf(valueIn(points, at), unit)}`);
  return [moment(at, scene.samples.step, scene.now()), ...values].join(", ");
}
