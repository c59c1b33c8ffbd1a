// The dialog in which one chooses the square of a picture before it is sent: by mouse, finger or keys.
// Called by auth.ts for input[data-crop]. What the browser cannot read is sent as it is: the server says why not.

import { type Frame, moved, sideOf, wholeOf, zoomedTo } from "./frame";

/** Pixels of the picture that is sent; the server keeps 256, screens with fine dots ask for more one day. */
const SENT_PX = 512;
const STEP = 0.04;
const KEY_ZOOM = 1.15;
const STEPS: Readonly<Record<string, [number, number]>> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

interface Point {
  x: number;
  y: number;
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

class Crop {
  readonly #box: HTMLDialogElement;
  readonly #input: HTMLInputElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #zoom: HTMLInputElement;
  readonly #fingers = new Map<number, Point>();
  #picture: ImageBitmap | null = null;
  #frame: Frame = wholeOf(1, 1);

  constructor(box: HTMLDialogElement, input: HTMLInputElement) {
    this.#box = box;
    this.#input = input;
    this.#canvas = box.querySelector("canvas") as HTMLCanvasElement;
    this.#zoom = box.querySelector("input[type=range]") as HTMLInputElement;
    this.#canvas.addEventListener("keydown", (event) => this.#pressed(event));
    this.#canvas.addEventListener("pointerdown", (event) => this.#touched(event));
    this.#canvas.addEventListener("pointermove", (event) => this.#dragged(event));
    for (const name of ["pointerup", "pointercancel"] as const) this.#canvas.addEventListener(name, (event) => this.#fingers.delete(event.pointerId));
    this.#canvas.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    this.#zoom.addEventListener("input", () => this.#show(zoomedTo(this.#frame, Number(this.#zoom.value))));
    box.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    for (const button of box.querySelectorAll("[data-cancel]")) button.addEventListener("click", () => box.close());
    box.addEventListener("close", () => this.#closed());
    input.addEventListener("change", () => void this.open(input.files?.[0]));
  }

  /** Shows a file in the square, or sends it as it is when this browser cannot read it as a picture. */
  async open(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    try {
      this.#picture = await createImageBitmap(file);
    } catch {
      return this.#hand(file);
    }
    this.#box.showModal();
    this.#canvas.focus();
    this.#show(wholeOf(this.#picture.width, this.#picture.height));
  }

  #closed(): void {
    this.#picture?.close();
    this.#picture = null;
    this.#fingers.clear();
    // The same file may be chosen again.
    if (!this.#box.hasAttribute("data-sending")) this.#input.value = "";
  }

  #show(frame: Frame): void {
    this.#frame = frame;
    this.#zoom.value = String(frame.zoom);
    this.#draw(this.#canvas);
  }

  #draw(canvas: HTMLCanvasElement): void {
    const pen = canvas.getContext("2d");
    if (this.#picture === null || pen === null) return;
    const frame = this.#frame;
    const side = sideOf(frame);
    pen.imageSmoothingQuality = "high";
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.#picture, frame.x - side / 2, frame.y - side / 2, side, side, 0, 0, canvas.width, canvas.height);
  }

  // Keys, mouse, fingers

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined) this.#show(moved(this.#frame, ...step));
    else if (event.key === "+" || event.key === "=") this.#show(zoomedTo(this.#frame, this.#frame.zoom * KEY_ZOOM));
    else if (event.key === "-") this.#show(zoomedTo(this.#frame, this.#frame.zoom / KEY_ZOOM));
    else if (event.key === "0") this.#show(wholeOf(this.#frame.width, this.#frame.height));
    else return;
    event.preventDefault();
  }

  #touched(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  #dragged(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    this.#fingers.set(event.pointerId, now);
    const width = this.#canvas.clientWidth;
    const [other] = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    // With two fingers each moves the picture by half, and the distance between them zooms.
    const share = other === undefined ? 1 : 0.5;
    let frame = moved(this.#frame, ((now.x - before.x) / width) * share, ((now.y - before.y) / width) * share);
    if (other !== undefined && apart(before, other) > 0) {
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      frame = zoomedTo(frame, frame.zoom * (apart(now, other) / apart(before, other)), ...this.#partOf(middle));
    }
    this.#show(frame);
  }

  #wheeled(event: WheelEvent): void {
    event.preventDefault();
    const at = this.#partOf({ x: event.clientX, y: event.clientY });
    this.#show(zoomedTo(this.#frame, this.#frame.zoom * Math.exp(-event.deltaY / 400), ...at));
  }

  /** Where a point of the window lies in the square, 0 to 1 each. */
  #partOf(point: Point): [number, number] {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [(point.x - left) / width, (point.y - top) / height];
  }

  // Sending

  async #send(): Promise<void> {
    const sent = document.createElement("canvas");
    sent.width = sent.height = SENT_PX;
    this.#draw(sent);
    // Browsers that cannot write WebP answer with PNG, which the server takes as well.
    const blob = await new Promise<Blob | null>((done) => sent.toBlob(done, "image/webp", 0.92));
    if (blob === null) return this.#box.close();
    this.#hand(new File([blob], `picture.${blob.type.split("/")[1] ?? "png"}`, { type: blob.type }));
  }

  /** Puts a file into the form's own field and sends the form, as if it had been chosen. */
  #hand(file: File): void {
    const files = new DataTransfer();
    files.items.add(file);
    this.#input.files = files.files;
    this.#box.setAttribute("data-sending", "");
    this.#input.form?.requestSubmit();
  }
}

/** A picture may also be let fall on the place where the present one stands. */
function takeDrops(place: HTMLElement, crop: Crop): void {
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("drop");
  });
  place.addEventListener("dragleave", () => place.classList.remove("drop"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("drop");
    void crop.open(event.dataTransfer?.files[0]);
  });
}

/** Lets one choose the square of every picture that is about to be sent. */
export function setUpCrop(root: Document): void {
  for (const input of root.querySelectorAll<HTMLInputElement>("input[data-crop]")) {
    const box = root.getElementById(input.dataset["crop"] ?? "");
    if (!(box instanceof HTMLDialogElement)) continue;
    const crop = new Crop(box, input);
    const place = input.closest<HTMLElement>("[data-drop]");
    if (place !== null) takeDrops(place, crop);
  }
}
