// What the page needs of the assistant beyond the first look: answers that grow, run logs, the catch-up card, memory,
// a room's choice. Reached by `import("../assistant/parts")` only, when the first of them is wanted.

import "../kernel";

export { Answers } from "./answers";
export { beginCatchUp, summariseUnread } from "./catch_up";
export { offerMemory } from "./memory";
export { addSettings } from "./settings";
