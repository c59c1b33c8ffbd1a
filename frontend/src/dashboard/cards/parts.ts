// Cards of messages, reached by `import("../dashboard/cards/parts")` only, when the first of them is shown.

import "../../kernel";

import type { MessageView } from "../../protocol";
import type { Shell } from "../../shell/contract";
import { excerpt } from "../../reducers/messages";

export { MessageCards } from "./message_cards";

/** Tells a screen reader of an alert: what is in danger at once, and once; the rest politely. */
export function announceCard(shell: Shell, message: MessageView): void {
  const alert = message.card?.alert;
  const said = excerpt(message.body);
  const place = document.getElementById("alert");
  if (alert?.level === "danger" && alert.state === "firing" && place !== null) place.textContent = `Alert: ${said}`;
  else shell.announceMessage(alert == null ? shell.session.people.name(message.author) : "Alert", said);
}
