// What a panel shows while its board is edited: in its card, and in its form. Made by the view of a board for edit/.

import type { PanelView } from "../../protocol";
import type { Drawn } from "../edit/host";
import { makeBody } from "./bodies";
import { Chart } from "./chart";
import type { Drawing } from "./drawing";
import type { Body, Scene } from "./scene";

export class Preview implements Drawn {
  readonly #scene: Scene;
  readonly #drawing: Drawing;
  readonly #place: HTMLElement;
  readonly #gone: (preview: Preview) => void;
  #kind: string;
  #body: Body;

  constructor(scene: Scene, drawing: Drawing, view: PanelView, place: HTMLElement, gone: (preview: Preview) => void) {
    this.#scene = scene;
    this.#drawing = drawing;
    this.#place = place;
    this.#gone = gone;
    this.#kind = view.kind;
    this.#body = this.#make(view);
    drawing.add(place, () => this.#body.draw());
  }

  update(view: PanelView): void {
    if (view.kind !== this.#kind) {
      this.#body.dispose();
      this.#kind = view.kind;
      this.#body = this.#make(view);
    } else this.#body.update(view);
    this.#drawing.one(this.#place);
  }

  recolour(): void {
    this.#body.recolour?.();
  }

  dispose(): void {
    this.#drawing.remove(this.#place);
    this.#body.dispose();
    this.#place.replaceChildren();
    this.#gone(this);
  }

  #make(view: PanelView): Body {
    const body = makeBody(this.#scene, view);
    this.#place.replaceChildren(...(body instanceof Chart ? [body.legend] : []), body.element);
    return body;
  }
}
