// What stands in the search: filters as tokens, and the words beside them. Pure.
// Used by search_view.ts. The server takes the text apart again; this only knows which parts of it are filters.

export interface Filter {
  key: string;
  value: string;
}

export interface Query {
  filters: Filter[];
  text: string;
}

export const KEYS = ["from", "in", "has", "before", "after", "on", "during"] as const;
/** Keys of which only one makes sense: a new one takes the place of the old. */
const WHEN = new Set(["before", "after", "on", "during"]);
const FILTER = new RegExp(`(?:^|\\s)(${KEYS.join("|")}):(?:"([^"]*)"|([^\\s"]+))(?=\\s|$)`, "iu");

/** The filters of a text, wherever they stand in it, and the rest. */
export function parseQuery(text: string): Query {
  const filters: Filter[] = [];
  let rest = text;
  for (let found = FILTER.exec(rest); found !== null; found = FILTER.exec(rest)) {
    const [whole, key = "", quoted, plain] = found;
    filters.push({ key: key.toLowerCase(), value: (quoted ?? plain ?? "").trim() });
    rest = `${rest.slice(0, found.index)} ${rest.slice(found.index + whole.length)}`;
  }
  return { filters: unique(filters.filter((one) => one.value !== "")), text: filters.length === 0 ? text : rest.replace(/\s+/gu, " ").trim() };
}

function same(a: Filter, b: Filter): boolean {
  return a.key === b.key && a.value.toLowerCase() === b.value.toLowerCase();
}

function unique(filters: readonly Filter[]): Filter[] {
  return filters.filter((one, index) => filters.findIndex((other) => same(one, other)) === index);
}

export function filterText({ key, value }: Filter): string {
  return /[\s"]/u.test(value) ? `${key}:"${value.replaceAll('"', "")}"` : `${key}:${value}`;
}

/** The text that the server gets, and the address. */
export function queryText({ filters, text }: Query): string {
  return [...filters.map(filterText), text.trim()].filter((part) => part !== "").join(" ");
}

export function has(filters: readonly Filter[], wanted: Filter): boolean {
  return filters.some((one) => same(one, wanted));
}

/** The filters with one more, or without it if it is there. */
export function toggled(filters: readonly Filter[], wanted: Filter): Filter[] {
  return has(filters, wanted) ? filters.filter((one) => !same(one, wanted)) : [...filters, wanted];
}

/** The filters with another time, null being any. */
export function withWhen(filters: readonly Filter[], wanted: Filter | null): Filter[] {
  const others = filters.filter((one) => !WHEN.has(one.key));
  return wanted === null ? others : [...others, wanted];
}

/** The filters of time as the side column's list knows them: "", one of its values, or "other". */
export function whenOf(filters: readonly Filter[], known: readonly string[]): string {
  const times = filters.filter((one) => WHEN.has(one.key));
  const [only] = times;
  if (only === undefined) return "";
  const text = filterText(only);
  return times.length === 1 && known.includes(text) ? text : "other";
}

/** Whether the text ends a filter: a blank was typed behind it. */
export function endsFilter(text: string): boolean {
  return /\s$/u.test(text) && parseQuery(text).filters.length > 0;
}

const UNFINISHED = new RegExp(`(?:^|\\s)(?:${KEYS.join("|")}):(?:"[^"]*|[^\\s"]*)$`, "iu");

/** The text without a filter that is still being typed at its end: half a name is nobody's. */
export function settled(text: string): string {
  return text.replace(UNFINISHED, "");
}

/** "14 messages", "1 file", "1,000 or more messages", "No code". */
export function countSentence(kind: string, count: number, most: number): string {
  const [one, many] = { messages: ["message", "messages"], files: ["file", "files"], documents: ["document", "documents"] }[kind] ?? ["result", "results"];
  if (count === 0) return `No ${many}`;
  return count >= most ? `${most.toLocaleString("en")} or more ${many}` : `${count} ${count === 1 ? one : many}`;
}
