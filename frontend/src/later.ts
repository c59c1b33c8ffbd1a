// What the page fetches once it is usable: one more bundle, with everything that nobody needs to read and write.
// Reached by `import("./later")` only: a static import of one of these modules anywhere brings it back to the first load,
// which is to stay below 40 kB (gzip). Dialogs, the palette, browsing and settings belong here as well.

import "./kernel";

export { openSession } from "./assistant/commands";
export { RoomAssistant } from "./assistant/room";
export { Actions } from "./chat/actions";
export { Cards } from "./chat/cards";
export { makeParts } from "./chat/composer_extras";
export { AlertsButton } from "./dashboard/alerts/button";
export { RoomBoard } from "./dashboard/place";
export { Reports } from "./chat/report_pane";
export { drawFiles } from "./chat/media/files";
export { ThreadPane } from "./chat/thread";
export { attentionCommands } from "./shell/attention_commands";
export { AttentionParts } from "./shell/attention_parts";
export { CodePlace } from "./shell/code";
export { paletteCommands } from "./shell/commands";
export { Direct } from "./shell/direct";
export { confirm } from "./shell/forms";
export { Invite } from "./shell/invite";
export { MembersPane } from "./shell/members";
export { Menu } from "./shell/menu";
export { NewRoom } from "./shell/new_room";
export { PAGES } from "./shell/page_views";
export { Palette } from "./shell/palette";
export { openPerson } from "./shell/person";
export { Reminders } from "./shell/reminders";
export { SettingsView } from "./shell/settings_view";
