// Which tab speaks for a copy of a document: kept edits must go by one tab only, else they would be taken for two.
// Used by the desk and the merger. A tab that is closed or dies lets go by itself.

const ASK_MS = 250;

interface Question {
  kind: "ask" | "mine";
  name: string;
}

/** Locks need a secure context, which a server in the house has not always: tabs then ask each other. */
function askOthers(name: string): Promise<(() => void) | null> {
  const channel = new BroadcastChannel("collab-editor-claims");
  return new Promise((resolve) => {
    const release = () => channel.close();
    const settled = setTimeout(() => {
      channel.onmessage = ({ data }: MessageEvent<Question>) => {
        if (data.kind === "ask" && data.name === name) channel.postMessage({ kind: "mine", name });
      };
      resolve(release);
    }, ASK_MS);
    channel.onmessage = ({ data }: MessageEvent<Question>) => {
      if (data.kind !== "mine" || data.name !== name) return;
      clearTimeout(settled);
      release();
      resolve(null);
    };
    channel.postMessage({ kind: "ask", name });
  });
}

/** Takes a name for this tab; answers how to let it go, or null when another tab has it. */
export function claim(name: string): Promise<(() => void) | null> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return askOthers(name);
  return new Promise((resolve, reject) => {
    const held = (lock: Lock | null) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve(() => release()));
    };
    locks.request(`collab-editor-${name}`, { ifAvailable: true }, held).catch(reject);
  });
}
