// How a person likes the editor on this device: wrapped lines, indentation for each language, the width of the pane.
// Made by the pane. What the browser will not keep lasts as long as the page.

import type { Language } from "./languages";

interface Kept {
  wrap: boolean;
  /** By language: spaces of a level, or 0 for a tab. */
  indent: Record<string, number>;
}

const NOTHING: Kept = { wrap: false, indent: {} };

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { wrap, indent } = value as Partial<Kept>;
  return typeof wrap === "boolean" && typeof indent === "object" && indent !== null && Object.values(indent).every(Number.isInteger);
}

export class Settings {
  #kept: Kept = NOTHING;
  readonly #key: string;

  constructor(account: number) {
    this.#key = `collab-editor-settings-${account}`;
    try {
      const found: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "null");
      if (isKept(found)) this.#kept = found;
    } catch {
      // Nothing kept, or nothing readable: the defaults hold.
    }
  }

  get wrap(): boolean {
    return this.#kept.wrap;
  }

  indentOf(language: Language): number {
    return this.#kept.indent[language.id] ?? language.indent;
  }

  setWrap(wrap: boolean): void {
    this.#keep({ ...this.#kept, wrap });
  }

  setIndent(language: Language, spaces: number): void {
    this.#keep({ ...this.#kept, indent: { ...this.#kept.indent, [language.id]: spaces } });
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    try {
      localStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // Full or forbidden: it holds until the page goes.
    }
  }
}
