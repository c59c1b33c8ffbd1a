// Which square of a picture is shown: where its middle is and how far one has zoomed in. Pure.
// Used by crop.ts. A frame never leaves the picture, so what is cut out holds no empty edge.

export interface Frame {
  /** The picture, in its own pixels. */
  readonly width: number;
  readonly height: number;
  /** The middle of the square, in the picture's pixels. */
  readonly x: number;
  readonly y: number;
  /** 1 shows as much as fits into a square. */
  readonly zoom: number;
}

export const ZOOM_MOST = 5;

/** The whole picture, as far as a square can show it: its middle. */
export function wholeOf(width: number, height: number): Frame {
  return { width, height, x: width / 2, y: height / 2, zoom: 1 };
}

/** Length of the square's side in the picture's pixels. */
export function sideOf(frame: Frame): number {
  return Math.min(frame.width, frame.height) / frame.zoom;
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function inside(frame: Frame): Frame {
  const half = sideOf(frame) / 2;
  return { ...frame, x: within(frame.x, half, frame.width - half), y: within(frame.y, half, frame.height - half) };
}

/** The picture moved under the square by parts of its side: (0.1, 0) pulls it a tenth to the right. */
export function moved(frame: Frame, right: number, down: number): Frame {
  const side = sideOf(frame);
  return inside({ ...frame, x: frame.x - right * side, y: frame.y - down * side });
}

/** Another zoom, where the point at (u, v) of the square, 0 to 1 each, stays where it is. */
export function zoomedTo(frame: Frame, zoom: number, u = 0.5, v = 0.5): Frame {
  const next = { ...frame, zoom: within(zoom, 1, ZOOM_MOST) };
  const less = sideOf(frame) - sideOf(next);
  return inside({ ...next, x: frame.x + (u - 0.5) * less, y: frame.y + (v - 0.5) * less });
}
