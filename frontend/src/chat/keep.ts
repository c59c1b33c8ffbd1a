// What is typed and not sent, kept on this device over reloads. Used by the composer and by editing.
// It never throws: a closed or full storage keeps nothing, and the text stays in the field.
//
// Tabs write to places of their own ("~tab" behind the name): two that are offline do not take each other's text.

const PREFIX = "collab-text-";

export function keptText(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keepText(name: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, text);
  } catch {
    // Nothing to do: the field still has it.
  }
}

export function dropText(name: string): void {
  keepText(name, "");
}

let tab: string | null = null;

/** A tab has its name over reloads; one that came here by a link, or as a copy of another tab, gets a new one. */
function tabName(): string {
  if (tab !== null) return tab;
  const [arrival] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  try {
    const again = arrival?.type === "reload" || arrival?.type === "back_forward";
    tab = (again ? sessionStorage.getItem("collab-tab") : null) ?? Math.random().toString(36).slice(2, 10);
    sessionStorage.setItem("collab-tab", tab);
  } catch {
    tab = "only";
  }
  return tab;
}

/** The name of this tab's place. */
export function hereOf(name: string): string {
  return `${name}~${tabName()}`;
}

/** The places of other tabs, open or closed, that hold something under a name. */
export function elsewhere(name: string): string[] {
  const own = hereOf(name);
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(`${PREFIX}${name}~`) || key === PREFIX + name)
      .map((key) => key.slice(PREFIX.length))
      .filter((place) => place !== own);
  } catch {
    return [];
  }
}
