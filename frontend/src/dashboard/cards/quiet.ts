// For how long nothing is to be said of a rule: a menu of times, from a card or from the list of rules.

import type { Shell } from "../../shell/contract";
import { when } from "./words";

const TIMES: readonly (readonly [string, number])[] = [
  ["30 minutes", 1_800],
  ["1 hour", 3_600],
  ["4 hours", 14_400],
  ["1 day", 86_400],
  ["1 week", 604_800],
];

async function quiet(shell: Shell, room: number, rule: number, seconds: number): Promise<void> {
  try {
    await shell.session.command("rule.quiet", { rule, seconds }, room);
    shell.announce(seconds === 0 ? "It is told of again" : "Quiet");
  } catch (error) {
    shell.fail("That was not changed", error);
  }
}

/** Asks for a time; `until` is when the quiet that holds now ends. */
export function openQuiet(shell: Shell, anchor: HTMLElement, room: number, rule: number, until: string | null): void {
  const holds = until !== null && Date.parse(until) > Date.now();
  const items = TIMES.map(([text, seconds]) => ({ icon: "volume-x", text: `Quiet for ${text}`, run: () => void quiet(shell, room, rule, seconds) }));
  const end = { icon: "bell", text: "Tell of it again", line: true, run: () => void quiet(shell, room, rule, 0) };
  shell.openMenu({ label: "Say nothing of this rule", anchor, cap: holds ? `Quiet until ${when(until)}` : "Everybody in the room sees it", items: holds ? [...items, end] : items });
}
