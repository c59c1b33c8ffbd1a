// The dialog that makes a document: its name chooses the language, and it starts empty, as a copy, or as a file.
// Made by the pane when it is first wanted. The server decides; its words stand at the field.

import { ApiError } from "../api";
import { el, part, uuid4 } from "../dom";
import type { DocumentView } from "../protocol";
import { clearErrors, dialog, openDialog } from "../shell/dialogs";
import { once } from "../shell/forms";
import type { Documents } from "./documents";
import { readText } from "./files";
import { languageOfName, LANGUAGES } from "./languages";

export function fillLanguages(select: HTMLSelectElement): void {
  select.replaceChildren(...LANGUAGES.map((language) => el("option", "", language.name, { value: language.id })));
}

const PASTED = "pasted";

export class NewDocument {
  readonly #box = dialog("d-new-document");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #name = part<HTMLInputElement>(this.#form, "[name=name]");
  readonly #language = part<HTMLSelectElement>(this.#form, "[name=language]");
  readonly #source = part<HTMLSelectElement>(this.#form, "[name=source]");
  readonly #text = part<HTMLTextAreaElement>(this.#form, "[name=text]");
  readonly #file = part<HTMLInputElement>(this.#form, "[name=file]");
  #chosen = false;
  #documents: Documents | null = null;
  #made: (document: DocumentView) => void = () => undefined;
  /** The lasting id of this wish: sending the same again after a lost answer makes no second document. */
  #sent = { cid: "", content: "" };

  constructor() {
    fillLanguages(this.#language);
    this.#name.addEventListener("input", () => this.#named());
    this.#language.addEventListener("change", () => (this.#chosen = true));
    this.#form.addEventListener("change", () => this.#drawStart());
    this.#file.addEventListener("change", () => this.#fileChosen());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void once(this.#form, () => this.#create());
    });
  }

  open(documents: Documents, room: string, made: (document: DocumentView) => void): void {
    this.#documents = documents;
    this.#made = made;
    this.#form.reset();
    this.#chosen = false;
    part(this.#box, "[data-part=title]").textContent = `New document in ${room}`;
    const list = documents.list.get()?.documents ?? [];
    this.#source.replaceChildren(...list.map((one) => el("option", "", one.name, { value: String(one.id) })), el("option", "", "Pasted text", { value: PASTED }));
    this.#language.value = "text";
    openDialog(this.#box);
    this.#drawStart();
    this.#name.focus();
  }

  #named(): void {
    clearErrors(this.#form);
    if (!this.#chosen) this.#language.value = languageOfName(this.#name.value.trim()).id;
  }

  #start(): string {
    return String(new FormData(this.#form).get("start"));
  }

  #drawStart(): void {
    const start = this.#start();
    part(this.#form, "[data-part=copy]").hidden = start !== "copy";
    part(this.#form, "[data-part=paste]").hidden = start !== "copy" || this.#source.value !== PASTED;
    part(this.#form, "[data-part=file]").hidden = start !== "file";
  }

  #fileChosen(): void {
    const file = this.#file.files?.[0];
    if (file === undefined || this.#name.value.trim() !== "") return;
    this.#name.value = file.name;
    this.#named();
  }

  async #startText(documents: Documents): Promise<string> {
    const start = this.#start();
    if (start === "file") {
      const file = this.#file.files?.[0];
      if (file === undefined) throw new ApiError(0, "invalid", "Choose a file.", "file");
      return readText(file);
    }
    if (start !== "copy") return "";
    if (this.#source.value === PASTED) return this.#text.value;
    return (await documents.text(Number(this.#source.value))).text;
  }

  async #create(): Promise<void> {
    const documents = this.#documents;
    if (documents === null) return;
    const name = this.#name.value.trim();
    if (name === "") throw new ApiError(0, "invalid", "A document needs a name.", "name");
    const wish = { name, language: this.#chosen ? this.#language.value : "", text: await this.#startText(documents) };
    const content = JSON.stringify(wish);
    if (this.#sent.content !== content) this.#sent = { cid: uuid4(), content };
    const document = await documents.create({ cid: this.#sent.cid, ...wish });
    this.#sent = { cid: "", content: "" };
    this.#box.close();
    this.#made(document);
  }
}
