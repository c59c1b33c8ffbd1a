// The theme of the page: system, light or dark. Called by the account pages and the rooms' shell.
// It never stores anything: what a person chose is kept by the server and comes back with every page.

export type Theme = "system" | "light" | "dark";

const THEMES: readonly string[] = ["system", "light", "dark"];

export function isTheme(value: string): value is Theme {
  return THEMES.includes(value);
}

/** Shows the page in a theme; the sheet's light-dark() does the rest. */
export function showTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

/** What one sees now: the chosen theme, or what the system asks for. */
export function visibleTheme(): "light" | "dark" {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
