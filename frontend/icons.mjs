// Makes the icon sprite: one <symbol> for every icon that a template or a script names.
// Called by build.mjs. It never guesses: a name that the icon set does not have stops the build.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const SET = new URL("./node_modules/lucide-static/icons/", import.meta.url);

/** How a template names an icon: {% icon "hash" %}. */
const IN_TEMPLATES = [/\{%\s*icon\s+"([a-z0-9-]+)"/g];

/** How a script does: icon("hash"), or a table's icon: "hash". */
const IN_SCRIPTS = [/\bicon\(\s*"([a-z0-9-]+)"/g, /\bicon:\s*"([a-z0-9-]+)"/g];

function filesBelow(folder, endings) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => join(folder, name));
}

function namesIn(files, ways) {
  const texts = files.map((file) => readFileSync(file, "utf8"));
  return texts.flatMap((text) => ways.flatMap((way) => [...text.matchAll(way)].map((match) => match[1])));
}

/** All icon names in use, sorted, so that the sprite is the same on every machine. */
export function namesInUse(templates, scripts) {
  const names = namesIn(filesBelow(templates, [".html"]), IN_TEMPLATES).concat(namesIn(filesBelow(scripts, [".ts"]), IN_SCRIPTS));
  return [...new Set(names)].sort();
}

function symbol(name) {
  let source;
  try {
    source = readFileSync(new URL(`${name}.svg`, SET), "utf8");
  } catch {
    throw new Error(`There is no lucide icon called "${name}".`);
  }
  const shapes = source.replace(/<!--[\s\S]*?-->/g, "").replace(/<svg[\s\S]*?>/, "").replace("</svg>", "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").replace(/> </g, "><").trim()}</symbol>`;
}

/** The sprite's text. Icons are lucide's (ISC licence, see licences.txt beside the sprite). */
export function sprite(names) {
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${names.map(symbol).join("\n")}\n</svg>\n`;
}
