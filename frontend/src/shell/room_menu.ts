// What one wants to hear of a room: its menu in the room's bar and at its row in the list, by right click, key or long
// press. Everything is a command of one's own; the answer comes as an event.

import { closest } from "../dom";
import type { RoomSummary } from "../protocol";
import type { MenuItem, Shell } from "./contract";
import { isDirect, isSilent, labelOf } from "./rooms";

const HOUR_MS = 3_600_000;
const FOR_GOOD = "9999-12-31T00:00:00Z";
const LONG_PRESS_MS = 500;
const PRESS_SLACK_PX = 10;

const LEVELS: readonly { level: string; icon: string; text: string }[] = [
  { level: "all", icon: "bell-ring", text: "Every message" },
  { level: "mentions", icon: "at-sign", text: "Mentions and threads I follow" },
  { level: "nothing", icon: "bell-off", text: "Nothing" },
];

type Choice = Partial<Pick<RoomSummary, "notify" | "quiet_until">>;

/** What was chosen and is still on its way, by room: a menu that is opened again meanwhile shows it. */
const onTheirWay = new Map<number, Choice>();

/** The level that holds: where none was chosen, every message of people and mentions elsewhere. */
export function levelOf(summary: RoomSummary): string {
  return summary.notify === "" ? (isDirect(summary) ? "all" : "mentions") : summary.notify;
}

/** Tomorrow at 8 in the browser's time. */
export function tomorrow(now: Date): Date {
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(8, 0, 0, 0);
  return morning;
}

function quietItems(summary: RoomSummary, set: (until: string | null) => void): MenuItem[] {
  const now = new Date();
  if (summary.quiet_until != null && new Date(summary.quiet_until) > now) {
    return [{ icon: "volume-2", text: "Unmute", line: true, run: () => set(null) }];
  }
  return [
    { icon: "volume-x", text: "Mute for an hour", line: true, run: () => set(new Date(now.getTime() + HOUR_MS).toISOString()) },
    { icon: "volume-x", text: "Mute until tomorrow", run: () => set(tomorrow(now).toISOString()) },
    { icon: "volume-x", text: "Mute until I say otherwise", run: () => set(FOR_GOOD) },
  ];
}

export function roomItems(shell: Shell, known: RoomSummary, more: readonly MenuItem[] = []): MenuItem[] {
  const { session } = shell;
  const { id } = known.room;
  const summary: RoomSummary = { ...known, ...onTheirWay.get(id) };
  const run = (work: () => Promise<unknown>, what: string, done: string) =>
    void work().then(() => shell.announce(done), (error: unknown) => shell.fail(what, error));
  const choose = (choice: Choice, work: () => Promise<unknown>, done: string) => {
    const sent = { ...onTheirWay.get(id), ...choice };
    onTheirWay.set(id, sent);
    const settled = () => onTheirWay.get(id) === sent && onTheirWay.delete(id);
    run(() => work().finally(settled), "The choice was not saved", done);
  };
  const chosen = levelOf(summary);
  const levels = LEVELS.map(({ level, icon, text }): MenuItem => ({
    icon: level === chosen ? "check" : icon,
    text,
    ...(level === chosen ? { chosen: true } : {}),
    run: () => choose({ notify: level }, () => session.command("room.set_notify", { level }, id), `Notify: ${text}`),
  }));
  const quiet = quietItems(summary, (quiet_until) =>
    choose({ quiet_until }, () => session.command("room.set_notify", { quiet_until }, id), quiet_until === null ? "Unmuted" : "Muted"),
  );
  const unread = summary.unread > 0 || summary.mentions > 0;
  const rest: (MenuItem | false)[] = [
    unread && { icon: "mail-check", text: "Mark as read", line: true, run: () => run(() => session.command("read.set", { seq: summary.head_seq }, id), "The room could not be marked read", "Read") },
    !isDirect(summary) && { icon: "log-out", text: "Leave the room", line: !unread, danger: true, run: () => void leave(shell, summary) },
  ];
  return [...levels, ...quiet, ...more, ...rest.filter((item): item is MenuItem => item !== false)];
}

async function leave(shell: Shell, summary: RoomSummary): Promise<void> {
  const text = summary.room.kind === "private" ? "Somebody in it must invite you to come back." : "You can come back at any time.";
  await shell.confirm({ title: `Leave ${labelOf(summary)}?`, text, go: "Leave", danger: true }, () => shell.session.command("room.leave", {}, summary.room.id));
}

interface Place {
  anchor: HTMLElement;
  at?: { x: number; y: number };
  /** Items of this place only. */
  more?: readonly MenuItem[];
}

export function openRoomMenu(shell: Shell, summary: RoomSummary, { anchor, at, more = [] }: Place): void {
  const cap = isSilent(summary, new Date()) ? `${labelOf(summary)} is muted` : `Tell me in ${labelOf(summary)}`;
  shell.openMenu({ label: `Notifications of ${labelOf(summary)}`, anchor, cap, items: roomItems(shell, summary, more), ...(at === undefined ? {} : { at }) });
}

/** Rows of the list get the menu: right click, Shift F10 or the menu key, long press. */
export function listenInRail(shell: Shell, rail: HTMLElement): void {
  let press: { timer: ReturnType<typeof setTimeout>; x: number; y: number } | null = null;
  const found = (event: Event): [RoomSummary, HTMLElement] | null => {
    const link = closest<HTMLAnchorElement>(event, "#rooms a, #directs a");
    const summary = link === null ? undefined : shell.session.home.get().rooms.find((one) => one.room.url === link.getAttribute("href"));
    return link === null || summary === undefined ? null : [summary, link];
  };
  const drop = () => {
    if (press !== null) clearTimeout(press.timer);
    press = null;
  };
  rail.addEventListener("contextmenu", (event) => {
    const target = found(event);
    if (target === null) return;
    event.preventDefault();
    drop();
    const keyboard = event.clientX === 0 && event.clientY === 0;
    const [summary, anchor] = target;
    openRoomMenu(shell, summary, keyboard ? { anchor } : { anchor, at: { x: event.clientX, y: event.clientY } });
  });
  rail.addEventListener("pointerdown", (event) => {
    drop();
    const target = event.pointerType === "touch" ? found(event) : null;
    if (target === null) return;
    const open = () => {
      // The finger that is lifted would follow the link.
      target[1].addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
      openRoomMenu(shell, target[0], { anchor: target[1] });
    };
    press = { timer: setTimeout(open, LONG_PRESS_MS), x: event.clientX, y: event.clientY };
  });
  rail.addEventListener("pointermove", (event) => press !== null && Math.hypot(event.clientX - press.x, event.clientY - press.y) > PRESS_SLACK_PX && drop());
  for (const name of ["pointerup", "pointercancel", "scroll"]) rail.addEventListener(name, drop, true);
}
