// The commands of a room about its alerts and charts, by name.

import type { CommandData, CommandName } from "../../events";
import type { Shell } from "../../shell/contract";

interface RoomCommands {
  "alert.acknowledge": { alert: string };
  "rule.quiet": { rule: number; seconds: number };
  "chart.move": { message: string; live: boolean };
}

export function roomCommand<Name extends keyof RoomCommands>(shell: Shell, name: Name, data: RoomCommands[Name], room: number): Promise<unknown> {
  return shell.session.command(name as string as CommandName, data as unknown as CommandData<CommandName>, room);
}
