// Runs test/*.test.ts: bundles each to .test/ and hands them to node's own test runner.
// Called by `npm test`; it never leaves the bundles behind and passes further arguments to node.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUT = join(HERE, ".test");

const tests = readdirSync(join(HERE, "test")).filter((name) => name.endsWith(".test.ts"));
rmSync(OUT, { recursive: true, force: true });
try {
  await build({
    absWorkingDir: HERE,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: OUT,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const bundles = tests.map((name) => join(OUT, name.replace(/\.ts$/, ".mjs")));
  const args = ["--enable-source-maps", "--test", ...process.argv.slice(2), ...bundles];
  process.exitCode = spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(OUT, { recursive: true, force: true });
}
