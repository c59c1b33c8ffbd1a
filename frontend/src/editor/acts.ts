// What a person does with documents beyond writing in them: menus, copies, links, deletion with undo, uploads, order.
// Made by the pane. It asks the server through the room's documents and tells what went wrong.

import { clone, el, part, uuid4 } from "../dom";
import type { DocumentView } from "../protocol";
import type { Shell } from "../shell/contract";
import { downloadUrl } from "./addresses";
import type { Desk } from "./desk";
import { documentItems } from "./document_menu";
import { positionAt, type Documents } from "./documents";
import { copyText } from "./draft_view";
import { readText } from "./files";
import type { Settings } from "./settings";
import type { Tabs } from "./tabs";

/** The pane, as far as its acts need it. */
export interface ActsHost {
  readonly element: HTMLElement;
  readonly shell: Shell;
  readonly documents: Documents;
  readonly settings: Settings;
  readonly tabs: Tabs;
  readonly desk: Desk | null;
  readonly current: number | null;
  readonly mayEdit: boolean;
  mayDispose(document: DocumentView): boolean;
  link(document: number): string;
  open(document: number): void;
  openAndFocus(document: number): void;
  /** Shows another document, or none, in the place of one that is deleted. */
  leave(document: number, next: number | null): void;
}

export class DocumentActs {
  readonly #host: ActsHost;

  constructor(host: ActsHost) {
    this.#host = host;
  }

  move(id: number, index: number): void {
    const others = (this.#host.documents.list.get()?.documents ?? []).filter((one) => one.id !== id);
    this.#host.documents.change(id, { position: positionAt(others, index) }).then(
      (moved) => this.#host.shell.announce(`${moved.name} is tab ${index + 1} of ${others.length + 1}`),
      (error: unknown) => this.#host.shell.fail("The tab could not be moved", error),
    );
  }

  async chooseLanguage(language: string): Promise<void> {
    try {
      await this.#host.desk?.setLanguage(language);
    } catch (error) {
      this.#host.shell.fail("The language could not be changed", error);
    }
  }

  openMenu(id: number, anchor: HTMLElement, at?: { x: number; y: number }): void {
    const document = this.#host.documents.find(id);
    if (document === null) return;
    const { shell } = this.#host;
    const rights = { mayEdit: this.#host.mayEdit && document.deleted_at === null, mayDispose: this.#host.mayDispose(document), isOpen: id === this.#host.current };
    const items = documentItems(document, rights, this.#host.settings, {
      rename: () => this.#host.tabs.rename(id),
      duplicate: () => void this.#duplicate(document),
      download: () => this.#download(downloadUrl(id), document.name),
      copyLink: () => void this.#copyLink(id),
      setReadOnly: (read_only) => void this.#host.documents.change(id, { read_only }).catch((error: unknown) => shell.fail("This could not be changed", error)),
      delete: () => void this.delete(document),
      settingsChanged: () => this.#host.desk?.redress(),
    });
    if (this.#revivable.length > 0) items.push({ icon: "rotate-ccw", text: "Deleted documents", line: true, run: () => this.openDeleted(anchor) });
    shell.openMenu({ label: document.name, anchor, items, ...(at === undefined ? {} : { at }) });
  }

  /** What was deleted in this room and may be brought back by this person. */
  get #revivable(): DocumentView[] {
    return (this.#host.documents.list.get()?.deleted ?? []).filter((one) => this.#host.mayDispose(one));
  }

  openDeleted(anchor: HTMLElement): void {
    const items = this.#revivable.slice(-20).reverse().map((one) => ({ icon: "rotate-ccw", text: `Bring back ${one.name}`, run: () => void this.#bringBack(one.id) }));
    this.#host.shell.openMenu({ label: "Deleted documents", anchor, items });
  }

  async #bringBack(id: number): Promise<void> {
    try {
      await this.#host.documents.restore(id);
      this.#host.openAndFocus(id);
    } catch (error) {
      this.#host.shell.fail("It could not be brought back", error);
    }
  }

  openMore(ids: readonly number[], anchor: HTMLElement): void {
    const items = ids.flatMap((id) => {
      const document = this.#host.documents.find(id);
      return document === null ? [] : [{ icon: "file-code", text: document.name, run: () => this.#host.open(id) }];
    });
    this.#host.shell.openMenu({ label: "More documents", anchor, items });
  }

  async #duplicate(document: DocumentView): Promise<void> {
    try {
      const { text } = await this.#host.documents.text(document.id);
      const dot = document.name.lastIndexOf(".");
      const [stem, ending] = dot > 0 ? [document.name.slice(0, dot), document.name.slice(dot)] : [document.name, ""];
      const taken = new Set((this.#host.documents.list.get()?.documents ?? []).map((one) => one.name));
      let number = 1;
      const name = () => (number === 1 ? `${stem} copy${ending}` : `${stem} copy ${number}${ending}`);
      while (taken.has(name())) number += 1;
      const made = await this.#host.documents.create({ cid: uuid4(), name: name(), language: document.language, text });
      this.#host.openAndFocus(made.id);
    } catch (error) {
      this.#host.shell.fail("The document could not be copied", error);
    }
  }

  async #copyLink(id: number): Promise<void> {
    try {
      await copyText(this.#host.link(id));
      this.#host.shell.toast({ kind: "info", title: "Link copied" });
    } catch (error) {
      this.#host.shell.fail("The link could not be copied", error);
    }
  }

  #download(url: string, name: string): void {
    const link = el("a", "", null, { href: url, download: name });
    link.click();
  }

  /** The text as this person sees it, also when the server has it no more. */
  saveCopy(desk: Desk): void {
    const text = desk.view?.state.doc.toString() ?? desk.drafts[0]?.text ?? "";
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    this.#download(url, desk.document.name);
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  async delete(document: DocumentView): Promise<void> {
    const { shell } = this.#host;
    try {
      const next = this.#nextTo(document.id);
      await this.#host.documents.delete(document.id);
      if (this.#host.current === document.id) this.#host.leave(document.id, next);
      const undo = () => void this.#host.documents.restore(document.id).then(
        () => this.#host.open(document.id),
        (error: unknown) => shell.fail("It could not be brought back", error),
      );
      shell.toast({ kind: "info", title: `${document.name} is deleted`, act: { label: "Undo", run: undo } });
    } catch (error) {
      shell.fail(`${document.name} could not be deleted`, error);
    }
  }

  #nextTo(id: number): number | null {
    const list = this.#host.documents.list.get()?.documents ?? [];
    const at = list.findIndex((one) => one.id === id);
    return (list[at + 1] ?? list[at - 1])?.id ?? null;
  }

  async restore(): Promise<void> {
    if (this.#host.current === null) return;
    try {
      await this.#host.documents.restore(this.#host.current);
    } catch (error) {
      this.#host.shell.fail("It could not be brought back", error);
    }
  }

  // Uploads

  async uploadAll(files: readonly File[]): Promise<void> {
    let last: DocumentView | null = null;
    for (const file of files) last = (await this.#upload(file)) ?? last;
    if (last !== null) this.#host.openAndFocus(last.id);
  }

  async #upload(file: File): Promise<DocumentView | null> {
    const tab = clone("t-code-upload");
    const text = part(tab, "[data-part=text]");
    const tell = (share: number) => (text.textContent = `${file.name}, ${Math.round(share * 100)} %`);
    tell(0);
    part(this.#host.element, "[data-part=uploads]").append(tab);
    try {
      await readText(file);
      return await this.#host.documents.upload(file, uuid4(), tell);
    } catch (error) {
      this.#host.shell.fail(`${file.name} was not added`, error);
      return null;
    } finally {
      tab.remove();
    }
  }
}
