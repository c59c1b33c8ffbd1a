// Attachments as other programs send them with a message: a bar, a title, text, fields. Used by message_cards.ts.
// Their HTML was made by the server from Markdown; their addresses are http(s) only.

import { clone, el, part, setHTML } from "../../dom";
import type { FieldView, WebhookAttachment } from "../../protocol";
import { fullTime, shortTime } from "../../time";

// A map: the names come from outside, and an object has more names than it was given.
const NAMED: ReadonlyMap<string, string> = new Map([["good", "good"], ["warning", "warn"], ["danger", "bad"]]);
const COLOUR = /^#(?:[0-9a-f]{3}){1,2}$/i;

function shownHTML(box: HTMLElement, name: string, html: string): void {
  const place = part(box, `[data-part=${name}]`);
  place.hidden = html === "";
  setHTML(place, html);
}

/** Words, as a link when there is an address. */
function linked(box: HTMLElement, name: string, text: string, url: string): void {
  const place = part(box, `[data-part=${name}]`);
  place.hidden = text === "";
  place.replaceChildren(url === "" ? text : el("a", "", text, { href: url, rel: "noopener noreferrer nofollow", target: "_blank" }));
}

function field({ title, html, short }: FieldView): HTMLElement {
  const pair = el("div", short ? "short" : "");
  const value = el("dd", "", null, { dir: "auto" });
  setHTML(value, html);
  pair.append(el("dt", "", title, { dir: "auto" }), value);
  return pair;
}

function attachment(view: WebhookAttachment): HTMLElement {
  const box = clone("t-attachment");
  const named = NAMED.get(view.color);
  const bar = part(box, "[data-part=box]");
  if (named !== undefined) bar.classList.add(named);
  else if (COLOUR.test(view.color)) bar.style.setProperty("--mark", view.color);
  shownHTML(box, "pretext", view.pretext_html);
  linked(box, "author", view.author_name, view.author_url);
  linked(box, "title", view.title, view.title_url);
  shownHTML(box, "text", view.html);
  const fields = part(box, "[data-part=fields]");
  fields.hidden = view.fields.length === 0;
  fields.replaceChildren(...view.fields.map(field));
  const foot = part(box, "[data-part=foot]");
  foot.hidden = view.footer === "" && view.at === null;
  part(foot, "[data-part=footer]").textContent = view.footer;
  const time = part<HTMLTimeElement>(foot, "[data-part=at]");
  time.hidden = view.at === null;
  if (view.at !== null) {
    time.dateTime = view.at;
    time.title = fullTime(view.at);
    time.textContent = shortTime(view.at);
  }
  return box;
}

/** What stands in a place already. */
const drawn = new WeakMap<HTMLElement, readonly WebhookAttachment[]>();

/** Draws them below the words of the message, if they are not there as they are. */
export function drawAttachments(place: HTMLElement, html: string, views: readonly WebhookAttachment[]): void {
  if (drawn.get(place) === views && place.childElementCount > 0) return;
  drawn.set(place, views);
  const words = el("div", "body", null, { dir: "auto" });
  setHTML(words, html);
  place.replaceChildren(...(html === "" ? [] : [words]), ...views.map(attachment));
}
