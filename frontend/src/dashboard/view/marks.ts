// What stands on a chart besides its lines: thresholds, times in which nobody recorded, and the time since the last figure.
// Called by chart.ts while uPlot draws.

import type uPlot from "uplot";

import type { ThresholdView } from "../../protocol";
import { resolved, thin } from "./colours";
import { axisWords } from "./units";

export interface Marks {
  gaps: readonly (readonly number[])[];
  staleSince: number | null;
  thresholds: readonly ThresholdView[];
  words: boolean;
  unit: string;
}

const FONT = '"Inter", sans-serif';
const LEAST_PX = 3;
/** Share of the width at either end that a figure of a threshold takes. */
const END_SHARE = 0.08;

export function drawMarks(plot: uPlot, marks: Marks): void {
  const { ctx } = plot;
  ctx.save();
  const { min = 0, max = 0 } = plot.scales["x"] ?? {};
  for (const [from = 0, to = 0] of marks.gaps) band(plot, Math.max(from, min), Math.min(to, marks.staleSince ?? max, max), marks.words ? "no data" : "");
  if (marks.staleSince !== null) band(plot, Math.max(marks.staleSince, min), max, marks.words ? "stale" : "");
  for (const limit of marks.thresholds) threshold(plot, limit, marks.unit);
  ctx.restore();
}

/** A stretch of time of which nothing is known. */
function band(plot: uPlot, from: number, to: number, label: string): void {
  if (to <= from) return;
  const { ctx, bbox } = plot;
  const left = plot.valToPos(from, "x", true);
  const width = plot.valToPos(to, "x", true) - left;
  if (width < LEAST_PX * devicePixelRatio) return;
  ctx.setLineDash([]);
  ctx.fillStyle = thin(resolved("--ink-3"), 0.1);
  ctx.fillRect(left, bbox.top, width, bbox.height);
  ctx.font = `560 ${11 * devicePixelRatio}px ${FONT}`;
  if (label === "" || ctx.measureText(label).width > width) return;
  ctx.fillStyle = resolved("--ink-3");
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(label, left + width / 2, bbox.top + bbox.height / 2);
}

function threshold(plot: uPlot, { level, value }: ThresholdView, unit: string): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(value, "y", true));
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  const colour = resolved(level === "danger" ? "--danger" : "--warn");
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  const right = nearness(plot, y, "end") >= nearness(plot, y, "start");
  ctx.font = `600 ${10.5 * devicePixelRatio}px ${FONT}`;
  ctx.textBaseline = "alphabetic";
  ctx.textAlign = right ? "right" : "left";
  ctx.fillText(axisWords(value, unit), right ? bbox.left + bbox.width - 2 * devicePixelRatio : bbox.left + 3 * devicePixelRatio, y - 4 * devicePixelRatio);
}

/** How near the lines come to a height, at one end of the chart: the figure stands where none runs through it. */
function nearness(plot: uPlot, y: number, end: "start" | "end"): number {
  const [moments, ...curves] = plot.data;
  const count = Math.ceil(moments.length * END_SHARE) + 1;
  const from = end === "start" ? 0 : Math.max(0, moments.length - count);
  let nearest = Infinity;
  for (const values of curves) {
    for (let index = from; index < Math.min(moments.length, from + count); index += 1) {
      const value = values[index];
      if (value != null) nearest = Math.min(nearest, Math.abs(plot.valToPos(value, "y", true) - y));
    }
  }
  return nearest;
}
