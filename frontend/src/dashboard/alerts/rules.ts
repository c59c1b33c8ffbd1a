// Rules over HTTP, and what they are called in words. Used by the pane of alerts and by the form of a panel.

import { get, post, send } from "../../api";
import type { RuleView, SeriesView } from "../../protocol";
import { figureWords } from "../cards/figures";
import { seriesTitle } from "../edit/series_picker";

/** What one chooses of a rule. */
export interface RuleWish {
  title: string;
  series: number;
  aggregate: string;
  above: boolean;
  threshold: number;
  clear: number | null;
  for_seconds: number;
  level: string;
  url: string;
  enabled: boolean;
  board: number | null;
  panel: string | null;
}

export const LASTS: readonly (readonly [number, string])[] = [
  [0, "At once"],
  [30, "30 seconds"],
  [60, "1 minute"],
  [120, "2 minutes"],
  [300, "5 minutes"],
  [600, "10 minutes"],
  [1800, "30 minutes"],
  [3600, "1 hour"],
];

export const rulesOf = (room: number) => get<RuleView[]>(`/api/rooms/${room}/rules/`);

export const makeRule = (room: number, wish: RuleWish) => post<RuleView>(`/api/rooms/${room}/rules/`, wish);

export const changeRule = (rule: number, wish: Partial<RuleWish>) => post<RuleView>(`/api/rules/${rule}/`, wish);

export const removeRule = (rule: number) => send<unknown>("DELETE", `/api/rules/${rule}/`);

/** "Delivery p95 above 120 ms" */
export function usualTitle(series: SeriesView, above: boolean, threshold: number, unit: string): string {
  return `${seriesTitle(series)} ${above ? "above" : "below"} ${figureWords(threshold, unit)}`.slice(0, 80);
}
