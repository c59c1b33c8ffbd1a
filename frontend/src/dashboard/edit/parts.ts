// Editing boards, reached by `import("./edit/parts")` only, when somebody begins to.

import "../../kernel";

export { deleteBoard, openNewBoard, openShare } from "./boards";
export { openFeeds } from "./feeds";
export type { Drawn, EditHost } from "./host";
export { edit } from "./mode";
