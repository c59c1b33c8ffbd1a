// What the person chose, applied to the page: theme and time zone; also when another tab changes it.
// Made once by app.ts. The server keeps the choice; this only shows it and sends changes.

import { post } from "../api";
import type { PreferencesView } from "../protocol";
import type { Session } from "../session";
import { isTheme, showTheme, type Theme } from "../theme";
import { setTimeZone } from "../time";
import type { MenuItem, Shell } from "./contract";

const THEMES: readonly { theme: Theme; icon: string; text: string }[] = [
  { theme: "light", icon: "sun", text: "Light" },
  { theme: "dark", icon: "moon", text: "Dark" },
  { theme: "system", icon: "monitor", text: "As the system" },
];

export class Preferences {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    session.home.subscribe((home) => home.preferences, (chosen) => this.#apply(chosen));
  }

  get(): PreferencesView {
    return this.#session.home.get().preferences;
  }

  /** Shows the theme at once and saves it; goes back when that fails. */
  async setTheme(theme: Theme, shell: Pick<Shell, "fail">): Promise<void> {
    const before = this.get();
    showTheme(theme);
    try {
      const preferences = await post<PreferencesView>("/account/preferences/", { theme });
      this.#session.home.update((home) => ({ ...home, preferences }));
    } catch (error) {
      this.#apply(before);
      shell.fail("The theme could not be saved", error);
    }
  }

  themeItems(shell: Pick<Shell, "fail">): MenuItem[] {
    const chosen = this.get().theme;
    return THEMES.map(({ theme, icon, text }) => ({
      icon: theme === chosen ? "check" : icon,
      text,
      ...(theme === chosen ? { chosen: true } : {}),
      run: () => void this.setTheme(theme, shell),
    }));
  }

  #apply(chosen: PreferencesView): void {
    setTimeZone(chosen.time_zone);
    if (isTheme(chosen.theme)) showTheme(chosen.theme);
  }
}
