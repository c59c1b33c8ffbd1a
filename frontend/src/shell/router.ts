// The address bar: which view stands there, and going elsewhere without loading the page.
// Made once by app.ts. It draws nothing; links stay links, so that the middle button and "copy address" work.

import { closest } from "../dom";
import { wantsNewTab } from "./actions";
import { parseRoute, type Route } from "./routes";

export interface Arrival {
  route: Route;
  /** On a phone "/" is the list of rooms; this asks for the page behind the Home link. */
  home: boolean;
  /** The first view of the page, or one step back or forward: the focus stays calm. */
  quiet: boolean;
}

export class Router {
  readonly #arrived: (arrival: Arrival) => void;

  constructor(arrived: (arrival: Arrival) => void) {
    this.#arrived = arrived;
    addEventListener("popstate", () => this.arrive(true));
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  route(): Route {
    return parseRoute(location.pathname) ?? { name: "home" };
  }

  /** Shows what the address says now. */
  arrive(quiet: boolean): void {
    const state = history.state as { home?: boolean } | null;
    this.#arrived({ route: this.route(), home: state?.home === true, quiet });
  }

  go(url: string, options: { replace?: boolean; home?: boolean } = {}): void {
    const target = new URL(url, location.href);
    if (target.origin !== location.origin || parseRoute(target.pathname) === null) return location.assign(target.href);
    const home = options.home === true;
    const same = target.pathname === location.pathname && home === ((history.state as { home?: boolean } | null)?.home === true);
    // What stands beside the chat stays when one comes to where one is.
    const path = target.pathname + (same && target.search === "" ? location.search : target.search);
    if (options.replace === true || same) history.replaceState({ home }, "", path);
    else history.pushState({ home }, "", path);
    this.arrive(false);
  }

  /** Changes the address without another view, e.g. when "/" turns out to be the last room. */
  rename(url: string): void {
    history.replaceState(history.state, "", url);
  }

  #clicked(event: MouseEvent): void {
    const link = closest<HTMLAnchorElement>(event, "a[href]");
    if (link === null || event.defaultPrevented || wantsNewTab(event)) return;
    if (link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.hash !== "" && link.pathname === location.pathname) return;
    if (parseRoute(link.pathname) === null) return;
    event.preventDefault();
    this.go(link.href, { home: link.dataset["nav"] === "home" || link.dataset["do"] === "go-home" });
  }
}
