// Numbers from outside: addresses that are asked again and again, and how a program pushes its own. A dialog.
// Opened from the list of boards and from the field that finds a series. The server asks, and says in words what is wrong.

import * as api from "../../api";
import { el, icon, maybe, part } from "../../dom";
import type { FeedList, FeedView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { clearErrors, dialog, openDialog } from "../../shell/dialogs";
import { once } from "../../shell/forms";
import { figureWords } from "../cards/figures";
import { lasting, when } from "../cards/words";
import { seriesTitle } from "./series_picker";

/** Each by its own call: the build finds icons by how they are asked for. */
const SYMBOLS: Readonly<Record<string, () => SVGElement>> = {
  "pencil-line": () => icon("pencil-line"),
  pause: () => icon("pause"),
  play: () => icon("play"),
  "trash-2": () => icon("trash-2"),
};
const FIELDS = ["name", "title", "unit", "url", "path", "secret"] as const;

/** "asked 09:12, every minute", "switched off" */
function stateOf(feed: FeedView): string {
  if (!feed.enabled) return "switched off";
  const every = `every ${lasting(feed.interval_seconds).replace(/^1 /, "")}`;
  if (feed.problem !== "") return `${feed.problem} ${feed.failures} ${feed.failures === 1 ? "time" : "times"} in a row, again ${when(feed.next_at)}`;
  return feed.answered_at === null ? `not asked yet, ${every}` : `answered ${when(feed.answered_at)}, ${every}`;
}

function act(key: string, symbol: string, label: string, run: () => void): HTMLElement {
  const button = el("button", "btn quiet small icon-only", null, { type: "button", "aria-label": label, title: label, "data-key": key });
  button.append(SYMBOLS[symbol]?.() ?? icon("x"));
  button.onclick = run;
  return button;
}

class Feeds {
  readonly #shell: Shell;
  readonly #box = dialog("d-feeds");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #list = part(this.#box, "[data-part=list]");
  /** The feed that is changed; null: a new one. */
  #feed: FeedView | null = null;
  #view: FeedList | null = null;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#send());
    };
    part(this.#box, "[data-feed=new]").onclick = () => this.#show(null);
    part(this.#box, "[data-feed=cancel]").onclick = () => this.#hide();
    part(this.#box, "[data-feed=copy]").onclick = () => void this.#copy();
    const curl = `curl -H "Authorization: Bearer $TOKEN" -d '{"sales.open": 12}' -H "Content-Type: application/json" ${location.origin}/api/metrics`;
    part(this.#box, "[data-part=curl]").textContent = curl;
  }

  async open(): Promise<void> {
    this.#hide();
    openDialog(this.#box);
    await this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.#draw(await api.get<FeedList>("/api/feeds/"));
    } catch (error) {
      this.#shell.fail("The addresses could not be loaded", error);
    }
  }

  #draw(view: FeedList): void {
    this.#view = view;
    const focused = document.activeElement instanceof HTMLElement && this.#list.contains(document.activeElement) ? document.activeElement.dataset["key"] : undefined;
    this.#list.replaceChildren(...view.feeds.map((feed) => this.#row(feed)));
    if (focused !== undefined) (maybe(this.#list, `[data-key="${focused}"]`) ?? part(this.#box, "[data-do=close-dialog]")).focus({ preventScroll: true });
    this.#list.hidden = view.feeds.length === 0;
    part(this.#box, "[data-part=none]").hidden = view.feeds.length > 0;
    part(this.#box, "[data-feed=new]").hidden = !view.may_create || !this.#form.hidden;
    part(this.#form, "[data-part=secret-field]").hidden = !view.may_send_secrets;
  }

  #row(feed: FeedView): HTMLElement {
    const row = el("li", feed.problem === "" ? "" : "bad");
    const text = el("span", "grow");
    text.append(el("b", "", seriesTitle(feed.series)), el("small", "", stateOf(feed)), el("small", "address", feed.url));
    const { last_value, unit } = feed.series;
    const name = seriesTitle(feed.series);
    row.append(feed.problem === "" ? icon("rss") : icon("triangle-alert"), text, el("span", "num", last_value === null ? "" : figureWords(last_value, unit)));
    row.append(act(`change ${feed.id}`, "pencil-line", `Change ${name}`, () => this.#show(feed)));
    row.append(act(`switch ${feed.id}`, feed.enabled ? "pause" : "play", `Switch ${name} ${feed.enabled ? "off" : "on"}`, () => void this.#switch(feed)));
    row.append(act(`delete ${feed.id}`, "trash-2", `Delete ${name}`, () => void this.#remove(feed)));
    return row;
  }

  // The form

  #show(feed: FeedView | null): void {
    this.#feed = feed;
    this.#form.reset();
    clearErrors(this.#form);
    const set = (name: string, value: string) => (part<HTMLInputElement>(this.#form, `[name=${name}]`).value = value);
    part<HTMLInputElement>(this.#form, "[name=name]").disabled = feed !== null;
    if (feed !== null) {
      const { series, url, path, secret } = feed;
      const values = { name: series.name, title: series.title, unit: series.unit, url, path, secret };
      for (const name of FIELDS) set(name, values[name]);
      set("interval_seconds", String(feed.interval_seconds));
    }
    this.#form.hidden = false;
    part(this.#box, "[data-feed=new]").hidden = true;
    part<HTMLInputElement>(this.#form, feed === null ? "[name=name]" : "[name=url]").focus();
  }

  #hide(): void {
    const had = this.#form.contains(document.activeElement);
    const make = part(this.#box, "[data-feed=new]");
    this.#form.hidden = true;
    make.hidden = this.#view?.may_create === false;
    if (had) (make.hidden ? part(this.#box, "[data-do=close-dialog]") : make).focus({ preventScroll: true });
  }

  async #send(): Promise<void> {
    const data = new FormData(this.#form);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    const wish: Record<string, string | number> = { interval_seconds: Number(text("interval_seconds")), title: text("title"), unit: text("unit"), url: text("url"), path: text("path") };
    if (this.#view?.may_send_secrets === true) wish["secret"] = text("secret");
    if (this.#feed === null) await api.post("/api/feeds/", { ...wish, name: text("name") });
    else await api.post(`/api/feeds/${this.#feed.id}/`, wish);
    this.#hide();
    await this.#load();
    this.#shell.announce("Saved");
  }

  async #switch(feed: FeedView): Promise<void> {
    try {
      await api.post(`/api/feeds/${feed.id}/`, { enabled: !feed.enabled });
    } catch (error) {
      this.#shell.fail("The address was not changed", error);
    }
    await this.#load();
  }

  async #remove(feed: FeedView): Promise<void> {
    const text = "It is not asked any more. Figures that came from it stay.";
    await this.#shell.confirm({ title: `Delete ${seriesTitle(feed.series)}?`, text, go: "Delete", danger: true }, () => api.send("DELETE", `/api/feeds/${feed.id}/`));
    await this.#load();
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(part(this.#box, "[data-part=curl]").textContent ?? "");
      this.#shell.toast({ kind: "info", title: "Line copied" });
    } catch {
      this.#shell.toast({ kind: "error", title: "The browser did not allow copying" });
    }
  }
}

let made: Feeds | null = null;

export function openFeeds(shell: Shell): void {
  void (made ??= new Feeds(shell)).open();
}
