// Markdown around a selection, and what looks like code.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isCommand, withLiteralSlash } from "../src/chat/composer_text";
import { seriesChoices, slashChoices, wordAt } from "../src/chat/completion";
import type { SeriesView } from "../src/protocol";
import { block, inBlock, link, looksLikeCode, prefix, wrap, type Edit } from "../src/chat/writing";

function done(value: string, { start, end, text, select }: Edit): string {
  const next = value.slice(0, start) + text + value.slice(end);
  return `${next.slice(0, select[0])}[${next.slice(...select)}]${next.slice(select[1])}`;
}

test("marks go around the selection, and away again", () => {
  assert.equal(done("one two", wrap("one two", 4, 7, "**")), "one **[two]**");
  assert.equal(done("one **two**", wrap("one **two**", 6, 9, "**")), "one [two]");
  assert.equal(done("", wrap("", 0, 0, "`")), "`[]`");
});

test("a code block stands on lines of its own", () => {
  assert.equal(done("so x = 1 then", block("so x = 1 then", 3, 8)), "so \n```\n[x = 1]\n``` then".replace("``` then", "```\n then"));
  assert.equal(done("x\n", block("x\n", 0, 1)), "```\n[x]\n```\n");
});

test("lines get what stands before them, or lose it", () => {
  const quote = (value: string, start: number, end: number) => done(value, prefix(value, start, end, () => "> ", /^> ?/));
  assert.equal(quote("one\ntwo\nthree", 1, 6), "> one\n> two[]\nthree");
  assert.equal(quote("> one\n> two", 0, 9), "one\ntwo[]");
  assert.equal(done("a\nb", prefix("a\nb", 0, 3, (line) => `${line + 1}. `, /^\d+\. /)), "1. a\n2. b[]");
});

test("a link selects what is missing", () => {
  assert.equal(done("see docs", link("see docs", 4, 8)), "see [docs]([https://])");
  assert.equal(done("https://a.b/c", link("https://a.b/c", 0, 13)), "[[text]](https://a.b/c)");
});

test("a place is in a block while its fence is open", () => {
  const text = "a\n```py\nx\n```\nb";
  assert.deepEqual([1, 9, text.length].map((at) => inBlock(text, at)), [false, true, false]);
  assert.equal(inBlock("```", 3), false);
  assert.equal(inBlock("```py\nx\n```", 11), false);
});

test("code is told from talk", () => {
  for (const code of ["def f():\n    return 1", "const a = 1;\nlet b = 2;", "{\n  \"a\": 1\n}", "<div>\n  <p>x</p>\n</div>", "if (a) {\n  b();\n}"]) {
    assert.equal(looksLikeCode(code), true, code);
  }
  for (const talk of ["Hello\nhow are you?", "one line;", "- milk\n- bread", "Dear all,\n\nthe build is red.\nWho looks?", "```\na = 1\nb = 2\n```"]) {
    assert.equal(looksLikeCode(talk), false, talk);
  }
});

test("a command is a word after a slash at the very beginning", () => {
  for (const text of ["/me waves", "/HELP", "/topic\nx"]) assert.equal(isCommand(text), true, text);
  for (const text of ["//me", "/usr/bin", " /me", "/ me", "/1", "see /me", "/a.b"]) assert.equal(isCommand(text), false, text);
  assert.equal(withLiteralSlash("//me waves"), "/me waves");
  assert.equal(withLiteralSlash("// a comment"), "// a comment");
});

test("commands and rooms are completed where they can stand", () => {
  assert.deepEqual(wordAt("/ki", 3), { kind: "/", query: "ki", start: 0 });
  assert.equal(wordAt("a /ki", 5), null);
  assert.equal(wordAt("/usr/bi", 7), null);
  assert.deepEqual(wordAt("see #gen", 8), { kind: "#", query: "gen", start: 4 });
  assert.equal(wordAt("# ", 2), null);
  assert.equal(wordAt("#", 1), null);
});

test("series are completed after /chart, and nothing after them", () => {
  assert.deepEqual(wordAt("/chart ", 7), { kind: "/chart", query: "", start: 7 });
  assert.deepEqual(wordAt("/chart delivery.p9", 18), { kind: "/chart", query: "delivery.p9", start: 7 });
  assert.equal(wordAt("/chart messages 1h", 18), null);
  assert.equal(wordAt("a /chart me", 11), null);
});

test("of series with one name the room's comes first, the others with whose they are", () => {
  (globalThis as { document?: unknown }).document ??= {
    body: { dataset: {} },
    createElementNS: () => ({ setAttribute: () => undefined, append: () => undefined }),
  };
  const series = (name: string, title: string, scope: string): SeriesView => ({
    id: 1, name, title, scope, kind: "gauge", unit: "", room: null, outside: false, last_at: null, last_value: null, problem: "",
  });
  const known = [series("load", "", "site"), series("load", "Load", "room"), series("messages", "Workload", "room")];
  assert.deepEqual(seriesChoices(known, "lo").map((one) => [one.insert, one.end]), [["load ", "room"], ["site/load ", "site"], ["messages ", "room"]]);
});

test("commands are offered by how they begin", () => {
  (globalThis as { document?: unknown }).document ??= {
    body: { dataset: {} },
    createElementNS: () => ({ setAttribute: () => undefined, append: () => undefined }),
  };
  const commands = [
    { name: "kick", usage: "@person reason", help: "Out" },
    { name: "me", usage: "", help: "Do" },
  ];
  assert.deepEqual(slashChoices(commands, "K").map((one) => [one.name, one.insert]), [["/kick", "/kick "]]);
  assert.equal(slashChoices(commands, "").length, 2);
});
