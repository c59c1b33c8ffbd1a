// The tab's title and icon, and the badge of the phone's tab bar: how much is addressed to the person.
// Made once by app.ts; drawn from the home store. It never counts by itself.

import type { HomeSnapshot } from "../protocol";
import type { Store } from "../store";
import { countText, totals } from "./rooms";

/** "(3) general · Northwind Labs" */
export function titleText(personal: number, place: string, site: string): string {
  const where = place === "" ? site : `${place} · ${site}`;
  return personal > 0 ? `(${countText(personal)}) ${where}` : where;
}

const WAVES =
  '<path d="M16.247 7.761a6 6 0 0 1 0 8.478"/><path d="M19.075 4.933a10 10 0 0 1 0 14.134"/>' +
  '<path d="M4.925 19.067a10 10 0 0 1 0-14.134"/><path d="M7.753 16.239a6 6 0 0 1 0-8.478"/><circle cx="12" cy="12" r="2"/>';

/** The icon with a dot: red for what is addressed to one, amber for the rest. */
function dottedIcon(colour: string): string {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="10" fill="#0b7a6b"/>' +
    '<g fill="none" stroke="#fff" stroke-width="2.1" stroke-linecap="round" transform="translate(5.5 5.5) scale(.875)">' +
    `${WAVES}</g><circle cx="25" cy="7" r="6.5" fill="${colour}" stroke="#fff" stroke-width="2"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export class Badge {
  readonly #home: Store<HomeSnapshot>;
  #place = "";
  readonly #link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  readonly #plain = this.#link?.href ?? "";

  constructor(home: Store<HomeSnapshot>) {
    this.#home = home;
    home.subscribe((state) => state.rooms, () => this.#draw());
  }

  /** What the open view is called. */
  setPlace(place: string): void {
    this.#place = place;
    this.#draw();
  }

  #draw(): void {
    const state = this.#home.get();
    const { personal, any } = totals(state);
    document.title = titleText(personal, this.#place, state.site_name);
    const icon = personal > 0 ? dottedIcon("#c02626") : any ? dottedIcon("#a35a00") : this.#plain;
    if (this.#link !== null && this.#link.href !== icon) this.#link.href = icon;
    const tab = document.getElementById("tab-badge");
    if (tab === null) return;
    tab.hidden = personal === 0;
    tab.textContent = countText(personal);
    tab.setAttribute("aria-label", `${countText(personal)} for you`);
  }
}
