// What a panel reads of its board: the figures of the range, who it is, and the crosshair that all panels share. And the
// curves of a panel made of it. Types, and one function that draws nothing.

import type { BoardSnapshot, PanelView, SeriesView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import type { Samples } from "../samples";
import { seriesTitle } from "../edit/series_picker";
import { colourOf } from "./colours";
import type { Points } from "../series";
import type { Range } from "./ranges";

export interface Scene {
  readonly shell: Shell;
  readonly samples: Samples;
  snapshot(): BoardSnapshot;
  range(): Range;
  /** The ends of the axis, in seconds since 1970. */
  start(): number;
  end(): number;
  /** Now, by the server's clock; while paused, then. */
  now(): number;
  /** Nothing was recorded for a while, or nothing is heard. */
  isStale(): boolean;
  /** Panels with one curve have each a colour of their own. */
  offset(view: PanelView): number;
  /** Moves the crosshair of all panels; null takes it away. */
  cross(at: number | null): void;
  crossed(): number | null;
  zoom(from: number, to: number): void;
  unzoom(): void;
}

/** What stands in a panel's place. */
export interface Body {
  readonly element: HTMLElement;
  update(view: PanelView): void;
  draw(): void;
  cross?(at: number | null): void;
  /** The colours are others. */
  recolour?(): void;
  dispose(): void;
}

export interface Curve {
  series: SeriesView;
  label: string;
  /** The custom property of its colour. */
  colour: string;
  points: Points;
  /** The newest figure of the range, or null. */
  last: number | null;
}

export interface Curves {
  curves: Curve[];
  /** Series that the reader may not see. */
  hidden: number;
  unit: string;
  /** When the panel's figures ended, though they should go on; null while they do. */
  staleSince: number | null;
}

/** The unit of a panel's figures. */
export function unitOf(view: PanelView, series: SeriesView | undefined): string {
  if (view.unit !== "") return view.unit;
  const unit = series?.unit ?? "";
  const aggregate = view.series[0]?.aggregate;
  if (aggregate === "per_minute") return `${unit} per min`.trim();
  return aggregate === "per_second" ? `${unit} per s`.trim() : unit;
}

/** Of a counter the bucket that is under way says less than it will: a line that falls at its end would tell of nothing. */
function endOf(scene: Scene, counter: boolean, whole: boolean): number {
  const { samples } = scene;
  const known = Math.min(scene.end(), samples.tick + 1);
  return counter && !whole ? Math.min(known, Math.floor(samples.tick / samples.step) * samples.step) : known;
}

/** The curves of a panel as they are now. `whole`: with the bucket that is under way, for sums. */
export function curvesOf(scene: Scene, view: PanelView, whole = false): Curves {
  const known = new Map(scene.snapshot().series.map((series) => [series.id, series]));
  const offset = scene.offset(view);
  const curves: Curve[] = [];
  let hidden = 0;
  view.series.forEach((wanted, index) => {
    const series = known.get(wanted.series);
    if (series === undefined) return void (hidden += 1);
    const counter = series.kind === "counter";
    const points = scene.samples.curve(series.id, wanted.aggregate, counter, scene.start(), endOf(scene, counter, whole));
    if (wanted.divide !== 1) points.value = points.value.map((value) => (value === null ? null : value / wanted.divide));
    const label = `${wanted.label === "" ? seriesTitle(series) : wanted.label}${wanted.divide === 1 ? "" : ` ÷ ${wanted.divide}`}`;
    curves.push({ series, label, colour: colourOf(series.name, index, offset), points, last: lastOf(points) });
  });
  return { curves, hidden, unit: unitOf(view, curves[0]?.series), staleSince: staleSince(scene, curves) };
}

function lastOf({ value }: Points): number | null {
  for (let index = value.length - 1; index >= 0; index -= 1) if (value[index] != null) return value[index] ?? null;
  return null;
}

/** When the newest figure came that should have been followed by others. */
function staleSince(scene: Scene, curves: readonly Curve[]): number | null {
  if (!("seconds" in scene.range()) || curves.length === 0) return null;
  const { samples } = scene;
  if (scene.isStale()) return samples.tick === 0 ? null : samples.tick;
  // What the site measures itself may have nothing to measure; others are expected to go on telling.
  if (curves.some(({ series }) => series.kind === "counter" || !series.outside)) return null;
  let newest: number | null = null;
  for (const { series } of curves) {
    const heard = samples.heard(series.id);
    const at = heard?.at ?? (series.last_at === null ? null : Date.parse(series.last_at) / 1000);
    if (at === null) continue;
    if (heard !== null && samples.tick - at <= heard.patience) return null;
    newest = Math.max(newest ?? 0, at);
  }
  return newest;
}

/** "", warn or danger */
export function levelOf(value: number | null, view: PanelView): string {
  if (value === null) return "";
  const over = view.thresholds.filter(({ value: limit, below }) => (below ? value < limit : value >= limit));
  if (over.some(({ level }) => level === "danger")) return "danger";
  return over.length > 0 ? "warn" : "";
}
