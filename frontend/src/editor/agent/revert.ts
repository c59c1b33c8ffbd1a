// The question before edits are taken back: what would change, file by file, and only then Revert.
// Opened by the agent's bar and the assistant's answers for a run, and by moderators for what a person wrote.

import "../../kernel";

import * as api from "../../api";
import { el, part, uuid4 } from "../../dom";
import type { Difference, EditedDocuments, Reverted, RevertPreview } from "../../protocol";
import type { Session } from "../../session";
import type { Shell } from "../../shell/contract";
import { dialog, errorText, openDialog } from "../../shell/dialogs";
import { once, showError, showNote } from "../../shell/forms";

export type RevertShell = Pick<Shell, "session" | "toast" | "announce">;

export interface RevertRequest {
  shell: RevertShell;
  room: number;
  /** A run of the assistant in one document, or a person in all documents of the room. */
  what: { run: string; document: number; name: string } | { author: number };
}

interface File {
  document: number;
  name: string;
  element: HTMLElement;
  chosen: HTMLInputElement | null;
  preview: RevertPreview | null;
}

const MINE_LINES = 400;

const edits = (count: number) => (count === 1 ? "1 edit" : `${count} edits`);
const took = (count: number) => (count === 1 ? "1 edit was" : `${count} edits were`);

/** Who wrote since and stays, as a sentence; "" for nobody. */
function whatStays(preview: RevertPreview, session: Session): string {
  const names = preview.others.map((id) => preview.people.find((person) => person.id === id)?.display_name ?? session.people.name(id));
  if (names.length === 0) return "";
  const last = names.pop() as string;
  return ` What ${names.length === 0 ? last : `${names.join(", ")} and ${last}`} typed since stays.`;
}

/** Lines that go, come and stay around them. */
export function drawDifference(name: string, difference: Difference): HTMLElement {
  const box = el("div", "difflist", null, { role: "region", tabindex: "0", "aria-label": `Difference of ${name}` });
  const words = { "-": "goes", "+": "comes", " ": "" } as Record<string, string>;
  let left = MINE_LINES;
  for (const { lines } of difference.parts) {
    const group = el("div", "diffpart");
    for (const line of lines.slice(0, left)) {
      const kind = line.sign === "-" ? "gone" : line.sign === "+" ? "came" : "";
      const row = el("div", `diffline ${kind}`.trim());
      const sign = el("span", "sign", line.sign === "-" ? "−" : line.sign, { "aria-hidden": "true" });
      row.append(el("span", "num", String(line.new ?? line.old ?? ""), { "aria-hidden": "true" }), sign);
      if (words[line.sign] !== "") row.append(el("span", "sr", `${words[line.sign]}: `));
      row.append(el("code", "", line.text === "" ? "\u00a0" : line.text));
      group.append(row);
    }
    left -= lines.length;
    if (group.childElementCount > 0) box.append(group);
    if (left <= 0) break;
  }
  if (left < 0 || !difference.whole) box.append(el("p", "muted", "The rest is too long to be shown."));
  if (difference.parts.length === 0) box.append(el("p", "muted", "The text stays as it is."));
  return box;
}

function diffstat({ added, removed }: Difference): HTMLElement {
  const stat = el("span", "diffstat", null, { role: "img", "aria-label": `${added} lines come, ${removed} lines go` });
  stat.append(el("span", "p", `+${added}`), " ", el("span", "m", `−${removed}`));
  return stat;
}

class RevertDialog {
  readonly #request: RevertRequest;
  readonly #box = dialog("d-revert");
  readonly #form = part<HTMLFormElement>(this.#box, "form");
  readonly #go = part<HTMLButtonElement>(this.#box, "[data-part=go]");
  readonly #files: File[] = [];
  /** The wish by document: a repeated press is the same wish. */
  readonly #cids = new Map<number, string>();
  #since: string | null = null;
  #turn = 0;

  constructor(request: RevertRequest) {
    this.#request = request;
  }

  open(): void {
    const { what, shell } = this.#request;
    const form = this.#form;
    form.reset();
    const isRun = "run" in what;
    part(this.#box, "[data-part=title]").textContent = isRun ? "Revert this run?" : `Revert code edits of ${shell.session.people.name(what.author)}`;
    part(form, "[data-part=since-row]").hidden = isRun;
    part(form, "[data-part=reason-row]").hidden = isRun || what.author === shell.session.me;
    part(form, "[data-part=since-row] select").onchange = () => void this.#load();
    form.onsubmit = (event) => {
      event.preventDefault();
      void once(this.#box, () => this.#revert());
    };
    openDialog(this.#box);
    void this.#load();
  }

  #text(text: string): void {
    part(this.#form, "[data-part=text]").textContent = text;
  }

  async #load(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const { what, room } = this.#request;
    this.#files.length = 0;
    this.#cids.clear();
    this.#go.disabled = true;
    this.#text("Looking what would change…");
    const place = part(this.#form, "[data-part=documents]");
    place.replaceChildren();
    try {
      const found = "run" in what ? [what] : await this.#edited(room, what.author);
      if (turn !== this.#turn) return;
      for (const one of found) this.#files.push(this.#file(one.document, one.name, found.length > 1));
      place.replaceChildren(...this.#files.map((file) => file.element));
      for (const file of this.#files) {
        const preview = await api.get<RevertPreview>(`/api/documents/${file.document}/take-back/?${this.#query(what)}`);
        if (turn !== this.#turn) return;
        this.#fill(file, preview);
      }
      this.#ready();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#text("");
      showError(this.#form, error);
    }
  }

  async #edited(room: number, author: number): Promise<{ document: number; name: string }[]> {
    const seconds = Number(part<HTMLSelectElement>(this.#form, "[data-part=since-row] select").value);
    this.#since = seconds === 0 ? null : new Date(Date.now() - seconds * 1_000).toISOString();
    return (await api.get<EditedDocuments>(`/api/rooms/${room}/edited/?${this.#query({ author })}`)).documents;
  }

  #query(what: { run: string } | { author: number }): string {
    if ("run" in what) return new URLSearchParams({ run: what.run }).toString();
    return new URLSearchParams({ author: String(what.author), ...(this.#since === null ? {} : { since: this.#since }) }).toString();
  }

  #file(document: number, name: string, several: boolean): File {
    const element = el("details", "revertfile", null, { open: "" });
    const summary = el("summary");
    let chosen: HTMLInputElement | null = null;
    if (several) {
      chosen = el("input", "", null, { type: "checkbox", "aria-label": `Revert in ${name}` });
      chosen.checked = true;
      chosen.onchange = () => this.#ready();
      summary.append(chosen);
    }
    summary.append(el("b", "grow", name));
    element.append(summary, el("p", "muted", "Looking…"));
    return { document, name, element, chosen, preview: null };
  }

  #fill(file: File, preview: RevertPreview): void {
    file.preview = preview;
    this.#request.shell.session.people.add(...preview.people);
    const summary = part(file.element, "summary");
    summary.append(el("span", "muted", edits(preview.updates)), diffstat(preview.difference));
    const skipped = preview.skipped > 0 ? el("p", "muted", `${took(preview.skipped)} taken back before, or too long ago.`) : "";
    file.element.replaceChildren(summary, drawDifference(file.name, preview.difference), skipped);
  }

  get #wanted(): File[] {
    return this.#files.filter((file) => (file.preview?.updates ?? 0) > 0 && file.chosen?.checked !== false);
  }

  #ready(): void {
    const { shell, what } = this.#request;
    const count = this.#wanted.reduce((sum, file) => sum + (file.preview?.updates ?? 0), 0);
    const stays = new Set(this.#wanted.map((file) => (file.preview === null ? "" : whatStays(file.preview, shell.session))));
    const whose = "run" in what ? "Its" : "These";
    if (this.#files.every((file) => (file.preview?.updates ?? 0) === 0)) this.#text("There is nothing to take back.");
    else this.#text(`${whose} ${edits(count)} ${count === 1 ? "is" : "are"} taken back.${[...stays].join("")} The history keeps everything.`);
    this.#go.disabled = count === 0;
  }

  async #revert(): Promise<void> {
    const { shell, what } = this.#request;
    const reason = (new FormData(this.#form).get("reason") as string).trim();
    const row = part(this.#form, "[data-part=reason-row]");
    if (!row.hidden && reason === "") {
      showNote(part(row, "[data-part=reason-error]"), "Give a reason.");
      return part(row, "input").focus();
    }
    let done = 0;
    for (const file of this.#wanted) {
      const cid = this.#cids.get(file.document) ?? uuid4();
      this.#cids.set(file.document, cid);
      const wish = "run" in what ? { cid, run: what.run } : { cid, author: what.author, since: this.#since, reason };
      done += (await api.post<Reverted>(`/api/documents/${file.document}/take-back/`, wish)).updates;
    }
    this.#box.close();
    const words = `${took(done)} taken back`;
    shell.toast({ kind: "info", title: words });
    shell.announce(words);
  }
}

/** Asks, with the difference, and takes back what is wanted. */
export function openRevert(request: RevertRequest): void {
  try {
    new RevertDialog(request).open();
  } catch (error) {
    request.shell.toast({ kind: "error", title: "This could not be opened", text: errorText(error) });
  }
}
