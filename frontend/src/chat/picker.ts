// The emoji picker (#emoji): search, groups, a grid that is one tab stop, recent ones first.
// Opened by the composer and by "React". It never sends anything: it answers with what was chosen.

import { el, part } from "../dom";
import { type Emoji, type EmojiGroup, loadEmoji, recentEmoji, rememberEmoji, searchEmoji } from "./emoji";
import { placeBeside } from "./place";

const COLUMNS = 9;
const FOUND_MOST = 90;

interface Options {
  opener: HTMLElement;
  me: number;
  choose(emoji: string): void;
}

let current: Options | null = null;
let groups: EmojiGroup[] = [];

function picker(): HTMLElement {
  const element = document.getElementById("emoji");
  if (element === null) throw new Error("The page has no emoji picker.");
  return element;
}

function grid(title: string, list: readonly Emoji[], id: string): HTMLElement[] {
  const cap = el("p", "cap", title, { "data-group": id });
  const cells = el("div", "grid", null, { role: "group", "aria-label": title });
  cells.append(
    ...list.map((one) => el("button", "", one.emoji, { type: "button", tabindex: "-1", "data-emoji": one.emoji, "data-name": one.name, "aria-label": one.name.replaceAll("_", " ") })),
  );
  return [cap, cells];
}

function cells(): HTMLButtonElement[] {
  return [...picker().querySelectorAll<HTMLButtonElement>("[data-part=panel] button")];
}

/** Makes one cell the grid's tab stop and tells its name at the bottom. */
function point(cell: HTMLButtonElement | undefined): void {
  for (const other of picker().querySelectorAll(".hot")) {
    other.classList.remove("hot");
    other.setAttribute("tabindex", "-1");
  }
  cell?.classList.add("hot");
  cell?.setAttribute("tabindex", "0");
  part(picker(), "[data-part=big]").textContent = cell?.dataset["emoji"] ?? "";
  part(picker(), "[data-part=name]").textContent = cell === undefined ? "" : `:${cell.dataset["name"] ?? ""}:`;
}

function draw(): void {
  const root = picker();
  const query = part<HTMLInputElement>(root, "[data-part=search]").value.trim();
  const panel = part(root, "[data-part=panel]");
  const none = part(root, "[data-part=none]");
  if (query === "") {
    const known = new Map(groups.flatMap((group) => group.emoji.map((one) => [one.emoji, one] as const)));
    const recent = recentEmoji(current?.me ?? 0).flatMap((emoji) => known.get(emoji) ?? []);
    panel.replaceChildren(...grid("Recent", recent, "recent"), ...groups.flatMap((group) => grid(group.title, group.emoji, group.id)));
    none.hidden = true;
  } else {
    const found = searchEmoji(groups, query, FOUND_MOST);
    panel.replaceChildren(...(found.length > 0 ? grid("Found", found, "found") : []));
    none.hidden = found.length > 0;
  }
  panel.scrollTop = 0;
  point(cells()[0]);
}

function choose(emoji: string, stay: boolean): void {
  const options = current;
  if (options === null) return;
  rememberEmoji(options.me, emoji);
  if (!stay) picker().hidePopover();
  options.choose(emoji);
}

function moveTo(event: KeyboardEvent): void {
  const list = cells();
  const at = list.findIndex((cell) => cell.classList.contains("hot"));
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
  const inSearch = event.target instanceof HTMLInputElement;
  const step = steps[event.key];
  if (step === undefined || (inSearch && Math.abs(step) === 1)) return typeOrTake(event, inSearch);
  event.preventDefault();
  if (step === -COLUMNS && at < COLUMNS) return part(picker(), "[data-part=search]").focus();
  const next = inSearch ? list[Math.max(0, at)] : list[Math.max(0, Math.min(list.length - 1, at + step))];
  point(next);
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function typeOrTake(event: KeyboardEvent, inSearch: boolean): void {
  if (event.key === "Enter" && inSearch) {
    event.preventDefault();
    const hot = picker().querySelector<HTMLElement>(".hot")?.dataset["emoji"];
    if (hot !== undefined) choose(hot, event.shiftKey);
  } else if (!inSearch && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
    part(picker(), "[data-part=search]").focus();
  }
}

function jump(tab: HTMLElement): void {
  const root = picker();
  const search = part<HTMLInputElement>(root, "[data-part=search]");
  if (search.value !== "") {
    search.value = "";
    draw();
  }
  const panel = part(root, "[data-part=panel]");
  const cap = panel.querySelector<HTMLElement>(`[data-group="${tab.dataset["cat"] ?? ""}"]`);
  if (cap !== null) panel.scrollTop = cap.offsetTop - panel.offsetTop;
  select(tab);
}

function select(tab: HTMLElement): void {
  for (const other of picker().querySelectorAll("[role=tab]")) {
    other.setAttribute("aria-selected", String(other === tab));
    other.setAttribute("tabindex", other === tab ? "0" : "-1");
  }
}

function moveTab(event: KeyboardEvent): boolean {
  const tabs = [...picker().querySelectorAll<HTMLElement>("[role=tab]")];
  const at = tabs.indexOf(event.target as HTMLElement);
  if (at < 0) return false;
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const next = step === 0 ? undefined : tabs[(at + step + tabs.length) % tabs.length];
  if (next === undefined) return false;
  event.preventDefault();
  next.focus();
  jump(next);
  return true;
}

function listen(root: HTMLElement): void {
  root.dataset["ready"] = "";
  part(root, "[data-part=search]").addEventListener("input", draw);
  root.addEventListener("keydown", (event) => {
    if (!moveTab(event)) moveTo(event);
  });
  root.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const cell = target?.closest<HTMLElement>("button[data-emoji]");
    const tab = target?.closest<HTMLElement>("[data-cat]");
    if (cell) choose(cell.dataset["emoji"] ?? "", event.shiftKey);
    else if (tab) jump(tab);
  });
  root.addEventListener("pointerover", (event) => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-emoji]") : null;
    if (cell !== null) point(cell);
  });
  root.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState !== "closed") return;
    const opener = current?.opener;
    current = null;
    if (opener?.isConnected === true && (root.contains(document.activeElement) || document.activeElement === document.body)) opener.focus({ preventScroll: true });
  });
}

/** Opens the picker beside `opener`. */
export async function openPicker(options: Options): Promise<void> {
  const root = picker();
  if (root.dataset["ready"] === undefined) listen(root);
  groups = await loadEmoji();
  current = options;
  const search = part<HTMLInputElement>(root, "[data-part=search]");
  search.value = "";
  root.showPopover();
  draw();
  select(part(root, "[data-cat=recent]"));
  placeBeside(root, options.opener.getBoundingClientRect());
  search.focus();
}

