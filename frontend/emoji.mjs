// Makes emoji.json: groups of [emoji, words to find it by], short names first. Called by build.mjs.
// The list is gemoji's (MIT licence, see licences.txt): the short names are those that people know from other places.

import { gemoji } from "gemoji";

/** Ids and titles of the picker's groups, and gemoji's categories in each. */
const GROUPS = [
  ["smileys", "Smileys", ["Smileys & Emotion"]],
  ["people", "People", ["People & Body"]],
  ["nature", "Nature", ["Animals & Nature"]],
  ["food", "Food", ["Food & Drink"]],
  ["activities", "Activities", ["Activities"]],
  ["places", "Places", ["Travel & Places"]],
  ["things", "Things", ["Objects", "Symbols"]],
  ["flags", "Flags", ["Flags"]],
];

function wordsOf({ names, tags, description }) {
  const words = [...names, ...tags, ...description.toLowerCase().split(/[^a-z0-9]+/)];
  return [...new Set(words.map((word) => word.replaceAll(" ", "_")).filter((word) => word !== ""))].join(" ");
}

/** The file's text. */
export function emojiList() {
  const grouped = GROUPS.map(([id, title, categories]) => {
    const members = gemoji.filter((one) => categories.includes(one.category));
    return [id, title, members.map((one) => [one.emoji, wordsOf(one)])];
  });
  const left = gemoji.filter((one) => !GROUPS.some(([, , categories]) => categories.includes(one.category)));
  if (left.length > 0) throw new Error(`Emoji of an unknown group: ${left[0].category}.`);
  return `${JSON.stringify(grouped)}\n`;
}
