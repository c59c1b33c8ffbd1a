// What may be done with a document, as the items of a menu: rename, copy, download, link, rights, deletion, and how it
// is shown. Used by the pane. What a person may not do is absent.

import type { DocumentView } from "../protocol";
import type { MenuItem } from "../shell/contract";
import { languageOf } from "./languages";
import type { Settings } from "./settings";

export interface MenuActs {
  rename(): void;
  duplicate(): void;
  download(): void;
  copyLink(): void;
  setReadOnly(readOnly: boolean): void;
  delete(): void;
  settingsChanged(): void;
}

export interface MenuRights {
  mayEdit: boolean;
  /** Moderators, and who made the document. */
  mayDispose: boolean;
  /** Wrapping and indentation are of the open document only. */
  isOpen: boolean;
}

const INDENTS = [2, 4, 8, 0];

function indentName(spaces: number): string {
  return spaces === 0 ? "tabs" : `${spaces} spaces`;
}

function looks(document: DocumentView, settings: Settings, changed: () => void): MenuItem[] {
  const language = languageOf(document);
  const now = settings.indentOf(language);
  const next = INDENTS[(INDENTS.indexOf(now) + 1) % INDENTS.length] ?? 4;
  const set = (change: () => void) => () => {
    change();
    changed();
  };
  return [
    { icon: "text-wrap", text: settings.wrap ? "Do not wrap lines" : "Wrap lines", line: true, run: set(() => settings.setWrap(!settings.wrap)) },
    { icon: "indent-increase", text: `Indent ${language.name} with ${indentName(next)}`, run: set(() => settings.setIndent(language, next)) },
  ];
}

export function documentItems(document: DocumentView, rights: MenuRights, settings: Settings, acts: MenuActs): MenuItem[] {
  const items: MenuItem[] = [];
  if (rights.mayEdit) items.push({ icon: "pencil", text: "Rename", key: "F2", run: () => acts.rename() }, { icon: "copy", text: "Duplicate", run: () => acts.duplicate() });
  items.push({ icon: "download", text: "Download", run: () => acts.download() }, { icon: "link", text: "Copy link", run: () => acts.copyLink() });
  if (rights.mayDispose) {
    const { read_only } = document;
    items.push({ icon: read_only ? "pencil-line" : "eye", text: read_only ? "Let everybody edit" : "Make view-only", run: () => acts.setReadOnly(!read_only) });
  }
  if (rights.isOpen) items.push(...looks(document, settings, () => acts.settingsChanged()));
  if (rights.mayDispose) items.push({ icon: "trash-2", text: "Delete", danger: true, line: true, run: () => acts.delete() });
  return items;
}
