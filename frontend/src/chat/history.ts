// The pane with the edit history of one message: every version, with what was removed and added.
// Opened by actions.ts through shell.showPane. It reads only; the versions are fetched again when the message changes.

import * as api from "../api";
import { clone, el, part } from "../dom";
import { firstName } from "../people";
import type { MessageView, RevisionView } from "../protocol";
import type { Shell } from "../shell/contract";
import { clock, dayLabel } from "../time";
import { diffWords } from "./diff";

function when(at: string): string {
  const day = dayLabel(at);
  return day === "Today" ? clock(at) : `${day}, ${clock(at)}`;
}

function titleOf(index: number, count: number): string {
  if (index === 0) return "Now";
  return index === count - 1 ? "First version" : `Version ${count - index}`;
}

function versionRow(versions: readonly RevisionView[], index: number, author: string): HTMLElement {
  const version = versions[index] as RevisionView;
  const before = versions[index + 1];
  const row = clone("t-revision");
  row.classList.toggle("now", index === 0);
  part(row, "[data-part=title]").textContent = titleOf(index, versions.length);
  part(row, "[data-part=when]").textContent = `${when(version.at)}, by ${author}`;
  const body = part(row, "[data-part=body]");
  body.dir = "auto";
  if (before === undefined) body.textContent = version.body;
  else {
    const tags = { same: "span", added: "ins", removed: "del" } as const;
    body.replaceChildren(...diffWords(before.body, version.body).map((piece) => el(tags[piece.kind], "", piece.text)));
  }
  return row;
}

/** Opens the pane for a message; `opener` gets the focus back. */
export function openHistory(shell: Shell, message: MessageView, opener: HTMLElement, closed: () => void): void {
  const { session } = shell;
  const pane = clone("t-history");
  const person = session.people.get(message.author);
  const author = session.people.name(message.author);
  part(pane, "[data-part=who]").textContent = `${person === null ? author : firstName(person)}, ${when(message.created_at)}`;
  const list = part(pane, "[data-part=list]");
  const load = async () => {
    try {
      const versions = await api.revisions(message.id);
      list.replaceChildren(...versions.map((_, index) => versionRow(versions, index, author)));
    } catch (error) {
      shell.fail("The history could not be loaded", error);
    }
  };
  const stop = session.connection.onEvent((event) => {
    if (event.type === "message.edited" && event.data.id === message.id) void load();
    if (event.type === "message.deleted" && event.data.id === message.id) shell.closePane();
  });
  shell.showPane(pane, {
    opener,
    onClose: () => {
      stop();
      closed();
    },
  });
  void load();
}
