// Rules and alerts of rooms over HTTP, and what they are called in words. Used by the pane of alerts and by a panel's form.

import { get, post, send } from "../../api";
import type { AlertList, RuleList, RuleView, SeriesView } from "../../protocol";
import { figureWords } from "../cards/figures";
import { lasting, when } from "../cards/words";
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

export const rulesOf = (room: number) => get<RuleList>(`/api/rooms/${room}/rules/`);

export const alertsOf = (room: number) => get<AlertList>(`/api/rooms/${room}/alerts/`);

export const makeRule = (room: number, wish: Partial<RuleWish>) => post<RuleView>(`/api/rooms/${room}/rules/`, wish);

export const changeRule = (rule: number, wish: Partial<RuleWish>) => post<RuleView>(`/api/rules/${rule}/`, wish);

export const removeRule = (rule: number) => send<unknown>("DELETE", `/api/rules/${rule}/`);

/** "Delivery p95 above 120 ms" */
export function usualTitle(series: SeriesView, above: boolean, threshold: number, unit: string): string {
  return `${seriesTitle(series)} ${above ? "above" : "below"} ${figureWords(threshold, unit)}`.slice(0, 80);
}

/** The unit of a rule's figures. */
export function unitOf(rule: Pick<RuleView, "series" | "aggregate">): string {
  const { unit } = rule.series;
  if (rule.aggregate === "per_minute") return `${unit} per min`.trim();
  return rule.aggregate === "per_second" ? `${unit} per s`.trim() : unit;
}

/** What a rule does now: "watched", "quiet until 10:30", "over the limit, not yet for 2 minutes". */
export function stateWords(rule: RuleView, nameOf: (user: number | null) => string): string {
  if (rule.problem !== "") return rule.problem;
  if (!rule.enabled || rule.state === "off") return "switched off";
  if (rule.quiet_until !== null && Date.parse(rule.quiet_until) > Date.now()) return `quiet until ${when(rule.quiet_until)}${rule.quiet_by === null ? "" : `, by ${nameOf(rule.quiet_by)}`}`;
  if (rule.state === "firing") return "firing";
  if (rule.state === "pending") return `beyond the limit, not yet for ${lasting(rule.for_seconds)}`;
  return rule.value === null ? "no figures yet" : "watched";
}
