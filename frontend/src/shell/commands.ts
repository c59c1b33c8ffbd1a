// The commands of the palette: what may be done from anywhere, and in the open room. Used by app.ts.
// What the person may not do is absent.

import type { RoomSnapshot } from "../protocol";
import type { Theme } from "../theme";
import type { PaletteCommand } from "./palette_entries";
import { hasSettings } from "./rooms";

/** What the commands do; the page's own functions. */
export interface CommandActs {
  newRoom(): void;
  newDirect(): void;
  browse(): void;
  boards(): void;
  roomBoard(): void;
  search(): void;
  home(): void;
  shortcuts(): void;
  readAll(): void;
  theme(theme: Theme): void;
  account(): void;
  signOut(): void;
  invite(): void;
  members(): void;
  settings(): void;
}

export interface CommandState {
  canCreate: boolean;
  unread: boolean;
  /** The open room; null while another view stands there. */
  room: RoomSnapshot | null;
  theme: string;
}

export function paletteCommands({ canCreate, unread, room, theme }: CommandState, acts: CommandActs, more: readonly PaletteCommand[] = []): PaletteCommand[] {
  const commands: (PaletteCommand & { shown?: boolean })[] = [
    { icon: "square-pen", text: "Write a new message", run: acts.newDirect },
    { icon: "plus", text: "Create a room", run: acts.newRoom, shown: canCreate },
    { icon: "compass", text: "Browse rooms", run: acts.browse },
    { icon: "search", text: "Search messages, files and code", key: "Ctrl Shift F", run: acts.search },
    { icon: "chart-column", text: "Dashboard: boards you can open", run: acts.boards },
    { icon: "layout-dashboard", text: "Board of this room", run: acts.roomBoard, shown: room !== null && room.role !== "" },
    { icon: "mail-check", text: "Mark all rooms read", run: acts.readAll, shown: unread },
    { icon: "user-plus", text: "Invite people to this room", run: acts.invite, shown: room?.permissions.includes("invite") === true },
    { icon: "users", text: "Members of this room", run: acts.members, shown: room !== null },
    { icon: "settings-2", text: "Settings of this room", run: acts.settings, shown: hasSettings(room) },
    ...more,
    { icon: "house", text: "Home", run: acts.home },
    { icon: "keyboard", text: "Keyboard shortcuts", key: "?", run: acts.shortcuts },
    { icon: "sun", text: "Light theme", run: () => acts.theme("light"), shown: theme !== "light" },
    { icon: "moon", text: "Dark theme", run: () => acts.theme("dark"), shown: theme !== "dark" },
    { icon: "monitor", text: "Theme of the system", run: () => acts.theme("system"), shown: theme !== "system" },
    { icon: "circle-user-round", text: "Your account", run: acts.account },
    { icon: "log-out", text: "Sign out", run: acts.signOut },
  ];
  return commands.filter((command) => command.shown !== false);
}
