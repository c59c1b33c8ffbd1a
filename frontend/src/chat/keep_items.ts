// What a person keeps of messages: the items of a message's menu for pins, saved messages, threads and the read mark.
// Called by actions.ts. What the person may not do is absent; the server decides again.

import { attentionOf } from "../attention";
import type { MessageView, RoomSnapshot } from "../protocol";
import type { MenuItem, Shell } from "../shell/contract";

/** In a larger room only those who moderate pin; the server's rule. */
const PINNING_MEMBERS = 20;

export function canPin(state: RoomSnapshot): boolean {
  const { room, role } = state;
  if (room.archived_at !== null || role === "" || role === "guest") return false;
  const direct = room.kind === "direct" || room.kind === "group";
  return direct || state.member_count <= PINNING_MEMBERS || state.permissions.includes("moderate");
}

export function keepItems(shell: Shell, message: MessageView, state: RoomSnapshot): MenuItem[] {
  const { session } = shell;
  if (state.role === "") return [];
  const attention = attentionOf(session);
  const run = (done: string, what: string, work: () => Promise<unknown>) => () =>
    void work().then(
      () => shell.toast({ kind: "info", title: done }),
      (error: unknown) => shell.fail(what, error),
    );
  const { id, room } = message;
  const saved = attention.isSaved(id);
  const items: MenuItem[] = [
    saved
      ? { icon: "bookmark-x", text: "Remove from saved", run: run("No longer saved", "It is still saved", () => session.command("bookmark.remove", { message: id })) }
      : { icon: "bookmark", text: "Save for later", run: run("Saved for later", "The message was not saved", () => session.command("bookmark.add", { message: id }, room)) },
  ];
  if (canPin(state)) {
    items.push(
      message.pinned
        ? { icon: "pin-off", text: "Unpin", run: run("Unpinned", "The message is still pinned", () => session.command("message.unpin", { id }, room)) }
        : { icon: "pin", text: "Pin to the room", run: run("Pinned to the room", "The message was not pinned", () => session.command("message.pin", { id }, room)) },
    );
  }
  if (message.author !== session.me) {
    items.push({ icon: "mail", text: "Mark unread from here", run: run("Unread from here", "The message could not be marked", () => session.command("read.mark_unread", { message: id }, room)) });
  }
  if (message.thread_root === null && message.thread !== null) items.push(followItem(shell, message));
  return items;
}

function followItem(shell: Shell, message: MessageView): MenuItem {
  const { session } = shell;
  const following = attentionOf(session).thread(message.id)?.following === true;
  const follow = async () => {
    try {
      await session.command("thread.follow", { root: message.id, following: !following }, message.room);
      shell.toast({ kind: "info", title: following ? "You no longer follow this thread" : "You follow this thread" });
    } catch (error) {
      shell.fail("The thread could not be followed or left", error);
    }
  };
  return following
    ? { icon: "bell-off", text: "Stop following the thread", run: () => void follow() }
    : { icon: "bell", text: "Follow the thread", run: () => void follow() };
}
