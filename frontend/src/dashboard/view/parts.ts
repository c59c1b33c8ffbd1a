// Boards and their list, reached by `import("./view/parts")` only, when the first of them is opened.

import "../../kernel";

export { Board } from "./board";
export { BoardsList } from "./list";
