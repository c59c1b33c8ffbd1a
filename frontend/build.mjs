// Builds dist/ from src/, assets/ and the templates' icon names; dist/ is committed and served as it is.
// Called by `npm run build`; with --check (`npm run fresh`) it builds aside and compares byte for byte.
// It never writes a time, a machine's name or an absolute path, so every machine gets the same bytes.

import { build } from "esbuild";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { emojiList } from "./emoji.mjs";
import { namesInUse, sprite } from "./icons.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const DIST = join(HERE, "dist");

/** One bundle for the rooms, one for signing in and the account pages, one for each desk of the back office. */
const SCRIPTS = ["app", "auth", "office", "desk", "bridge"];

/** Latin and Latin extended only; other scripts fall back to the system's fonts. */
const FONTS = [
  ["inter", "inter-latin-wght-normal.woff2"],
  ["inter", "inter-latin-ext-wght-normal.woff2"],
  ["jetbrains-mono", "jetbrains-mono-latin-wght-normal.woff2"],
  ["jetbrains-mono", "jetbrains-mono-latin-ext-wght-normal.woff2"],
];

/** The pieces that a script cannot begin without: a page names them, so that they are fetched beside it and not after it. */
function needsOf({ outputs }, out, entry) {
  const found = new Set();
  const folder = relative(HERE, out);
  const visit = (name) => {
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (kind !== "import-statement" || found.has(path)) continue;
      found.add(path);
      visit(path);
    }
  };
  visit(join(folder, entry));
  return [...found].map((path) => relative(folder, path)).sort();
}

async function bundle(out) {
  const common = { absWorkingDir: HERE, bundle: true, minify: true, legalComments: "none", logLevel: "warning" };
  const target = ["es2022", "chrome123", "firefox121", "safari17.5"];
  // Each by itself: shared pieces would be one more request at the first load. Pieces that are imported later are files
  // of their own in chunks/, named by their content.
  const needs = {};
  for (const name of SCRIPTS) {
    const chunks = { splitting: true, chunkNames: "chunks/[name]-[hash]", metafile: true };
    const made = await build({ ...common, ...chunks, target, format: "esm", charset: "utf8", outdir: out, entryPoints: [`src/${name}.ts`] });
    needs[`${name}.js`] = needsOf(made.metafile, out, `${name}.js`);
  }
  writeFileSync(join(out, "modules.json"), `${JSON.stringify(needs)}\n`);
  const sheets = ["src/styles/app.css", "src/styles/back_office.css"];
  await build({ ...common, target, outdir: out, entryPoints: sheets, external: ["./fonts/*"] });
}

function copyFonts(out) {
  mkdirSync(join(out, "fonts"));
  const font = (family, ...path) => join(HERE, "node_modules/@fontsource-variable", family, ...path);
  for (const [family, file] of FONTS) cpSync(font(family, "files", file), join(out, "fonts", file));
  const licences = [
    ["Inter", font("inter", "LICENSE")],
    ["JetBrains Mono", font("jetbrains-mono", "LICENSE")],
    ["Lucide icons", join(HERE, "node_modules/lucide-static/LICENSE")],
    ["uPlot", join(HERE, "node_modules/uplot/LICENSE")],
    ["gemoji (names of emoji)", join(HERE, "node_modules/gemoji/license")],
  ];
  const text = licences.map(([name, path]) => `== ${name} ==\n\n${readFileSync(path, "utf8").trim()}\n`).join("\n");
  writeFileSync(join(out, "licences.txt"), text);
}

async function buildInto(out) {
  await bundle(out);
  copyFonts(out);
  cpSync(join(HERE, "assets"), out, { recursive: true });
  writeFileSync(join(out, "emoji.json"), emojiList());
  writeFileSync(join(out, "icons.svg"), sprite(namesInUse(join(HERE, "../templates"), join(HERE, "src"))));
}

function filesOf(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
}

/** Names of files that differ between two folders, or stand in one of them only. */
function differences(left, right) {
  const [a, b] = [filesOf(left), filesOf(right)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => !a.get(name)?.equals(b.get(name) ?? Buffer.alloc(0)));
}

async function check() {
  const aside = mkdtempSync(join(tmpdir(), "collab-dist-"));
  try {
    await buildInto(aside);
    const stale = differences(DIST, aside);
    if (stale.length === 0) return console.log("dist/ is fresh.");
    console.error(`dist/ is stale: ${stale.join(", ")}. Run "npm run build" in frontend/ and commit the result.`);
    process.exitCode = 1;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Builds beside dist/ and puts it in its place in one moment: a server that runs meanwhile lacks no file. */
async function buildDist() {
  const aside = mkdtempSync(join(HERE, ".dist-"));
  const old = `${aside}.old`;
  try {
    await buildInto(aside);
    chmodSync(aside, 0o755);
    if (existsSync(DIST)) renameSync(DIST, old);
    renameSync(aside, DIST);
  } finally {
    for (const left of [aside, old]) rmSync(left, { recursive: true, force: true });
  }
}

if (process.argv.includes("--check")) await check();
else await buildDist();
