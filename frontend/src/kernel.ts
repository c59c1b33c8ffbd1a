// Every module that the first load shares with a bundle that comes later, so that they stay together in one file.
// Imported by app.ts, later.ts, editor/pane.ts and editor/rich.ts for that alone: the build makes a file for each set of bundles that share.

import "./api";
import "./chat/room";
import "./editor/addresses";
import "./session";
import "./shell/actions";
import "./shell/dialogs";
import "./shell/once_made";
import "./shell/presence";
import "./shell/rooms";
import "./shell/stage";
import "./shell/toasts";
import "./socket";
