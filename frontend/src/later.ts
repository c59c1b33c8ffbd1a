// What the page fetches once it is usable: one more bundle, with everything that nobody needs to read and write.
// Reached by `import("./later")` only: a static import of one of these modules anywhere brings it back to the first load,
// which is to stay below 40 kB (gzip). Dialogs, the palette, browsing and settings belong here as well.

export { openHistory } from "./chat/history";
export { openPicker } from "./chat/picker";
export { ThreadPane } from "./chat/thread";
