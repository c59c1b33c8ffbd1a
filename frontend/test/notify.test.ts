// What notifies and when somebody is not to be disturbed: the tables that Python's rules are held to as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { isQuiet, notifies, type Case, type Quiet } from "../src/notify";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../test");
const table = <Row>(name: string) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Row[];

for (const { what, case: given, told } of table<{ what: string; case: Case; told: boolean }>("notify.json")) {
  test(`${what}: ${told ? "told" : "silent"}`, () => assert.equal(notifies(given), told));
}

for (const { what, chosen, now, quiet } of table<{ what: string; chosen: Quiet; now: string; quiet: boolean }>("quiet.json")) {
  test(`quiet ${what}: ${quiet ? "yes" : "no"}`, () => assert.equal(isQuiet(chosen, new Date(now)), quiet));
}
