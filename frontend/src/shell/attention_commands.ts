// The palette's commands for what calls for one's attention: mentions, saved messages, do not disturb. Added by app.ts.

import { post } from "../api";
import { assistantCommands } from "../assistant/commands";
import { isQuiet } from "../notify";
import type { PreferencesView } from "../protocol";
import type { Shell } from "./contract";
import type { PaletteCommand } from "./palette_entries";
import { tomorrow } from "./room_menu";

const HOUR_MS = 3_600_000;

async function keepQuiet(shell: Shell, until: Date | null): Promise<void> {
  try {
    const preferences = await post<PreferencesView>("/account/preferences/", { quiet_until: until?.toISOString() ?? null });
    shell.session.home.update((home) => ({ ...home, preferences }));
    shell.toast({ kind: "info", title: until === null ? "You are told of messages again" : "Do not disturb is on" });
  } catch (error) {
    shell.fail("That was not saved", error);
  }
}

export function attentionCommands(shell: Shell): PaletteCommand[] {
  const { preferences } = shell.session.home.get();
  const now = new Date();
  const forAWhile = isQuiet({ ...preferences, quiet_from: null, quiet_to: null }, now);
  const quiet: PaletteCommand[] = forAWhile
    ? [{ icon: "bell-ring", text: "End do not disturb", run: () => void keepQuiet(shell, null) }]
    : [
        { icon: "bell-off", text: "Do not disturb for an hour", run: () => void keepQuiet(shell, new Date(now.getTime() + HOUR_MS)) },
        { icon: "bell-off", text: "Do not disturb until tomorrow", run: () => void keepQuiet(shell, tomorrow(now)) },
      ];
  return [
    { icon: "at-sign", text: "Mentions", run: () => shell.navigate("/mentions/") },
    { icon: "bookmark", text: "Saved messages", run: () => shell.navigate("/saved/") },
    ...assistantCommands(shell),
    ...quiet,
  ];
}
