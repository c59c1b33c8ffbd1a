// What is typed and not sent, kept on this device over reloads. Used by the composer and by editing.
// It never throws: a closed or full storage keeps nothing, and the text stays in the field.

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
