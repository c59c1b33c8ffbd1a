// The face of what nobody says: a bell for alerts, how bad they are by its colour. Used wherever an alert is shown.

import { el, icon } from "../../dom";

export function alertFace(level = ""): HTMLElement {
  const face = el("span", `avatar alert ${level}`, null, { "aria-hidden": "true" });
  face.append(icon("bell-ring"));
  return face;
}
