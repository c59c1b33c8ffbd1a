// Writes integrations/emoji.json: every short name of an emoji and what it stands for, for programs that send names.
// The first name of an emoji is the one we send. In this folder:
//   npm pack emoji-datasource@16.0.0 && tar xzf emoji-datasource-16.0.0.tgz package/emoji.json
//   node emoji_names.mjs package/emoji.json && rm -r package emoji-datasource-16.0.0.tgz
// That package is 25 MB of pictures around one list, so it is no dependency. Both lists are under the MIT licence; see
// integrations/emoji.licences.txt. What neither has, and programs send, stands at the end.

import { readFileSync, writeFileSync } from "node:fs";
import { gemoji } from "gemoji";

const TONES = {
  "1F3FB": "light_skin_tone",
  "1F3FC": "medium_light_skin_tone",
  "1F3FD": "medium_skin_tone",
  "1F3FE": "medium_dark_skin_tone",
  "1F3FF": "dark_skin_tone",
};
const ELSEWHERE = { ca: "🇨🇦", pk: "🇵🇰", za: "🇿🇦", blonde_man: "👱‍♂️" };

const [path] = process.argv.slice(2);
if (!path) throw new Error("node emoji_names.mjs <emoji.json of emoji-datasource>: see the head of this file");
const emojiOf = (codes) => String.fromCodePoint(...codes.split("-").map((code) => Number.parseInt(code, 16)));
const plain = (emoji) => emoji.replaceAll("\uFE0F", "");
const names = {};
const toned = new Map();
const add = (name, emoji) => {
  names[name] ??= emoji;
  for (const [tone, one] of toned.get(plain(emoji)) ?? []) names[`${name}_${tone}`] ??= one;
};

const listed = JSON.parse(readFileSync(path, "utf8")).sort((a, b) => a.sort_order - b.sort_order);
for (const one of listed) {
  const tones = Object.entries(one.skin_variations ?? {}).map(([codes, variation]) => [
    codes.split("-").map((code) => TONES[code]).join("_"),
    emojiOf(variation.unified),
  ]);
  toned.set(plain(emojiOf(one.unified)), tones);
}
for (const one of listed) for (const name of one.short_names) add(name, emojiOf(one.unified));
for (const one of gemoji) for (const name of one.names) add(name, one.emoji);
for (const [name, emoji] of Object.entries(ELSEWHERE)) add(name, emoji);
writeFileSync(new URL("../integrations/emoji.json", import.meta.url), `${JSON.stringify(names)}\n`);
