// What a person does with an old version: make it the text again, give it a name. Used by the history's control.
// It asks where others' fresh work is touched, and what is done can be undone.

import { ApiError } from "../../api";
import type { Shell } from "../../shell/contract";
import { isBusy } from "./chronicle";
import type { Past } from "./past";

/** Makes the text as it was at a version, by a new version; answers whether it was done. */
export async function restore(past: Past, version: number, shell: Shell): Promise<boolean> {
  let made = 0;
  const before = past.newest;
  const run = async () => (made = await past.restore(version));
  if (past.history !== null && isBusy(past.history, shell.session.me, Date.now())) {
    const text = "Somebody wrote in this document within the last minute. What they wrote stays in the history, but goes out of the text.";
    if ((await shell.confirm({ title: `Restore version ${version}?`, text, go: "Restore" }, run)) === null) return false;
  } else {
    try {
      await run();
    } catch (error) {
      shell.fail("The version could not be restored", error);
      return false;
    }
  }
  if (made <= before) shell.toast({ kind: "info", title: "The text is the same already" });
  else shell.toast({ kind: "info", title: `Version ${version} is restored`, act: { label: "Undo", run: () => void restore(past, made - 1, shell) } });
  return true;
}

/** Asks for the name of a version; an empty one takes the name away. */
export async function nameVersion(past: Past, version: number, shell: Shell): Promise<void> {
  const known = past.history?.named.find((one) => one.version === version)?.name ?? "";
  const question = {
    title: known === "" ? `Name version ${version}` : `Rename version ${version}`,
    text: known === "" ? "Everybody in the room sees the name, and finds the version by it." : "Leave it empty to take the name away. The version stays.",
    go: "Save",
    field: "Name",
    value: known,
  };
  const run = async (name: string) => {
    if (name === "" && known === "") throw new ApiError(400, "invalid", "A version needs a name.");
    await past.name(version, name);
  };
  const name = await shell.confirm(question, run);
  if (name !== null) shell.announce(name === "" ? `Version ${version} has no name any more` : `Version ${version} is called ${name}`);
}
