// The search bar: which parts of a text are filters, and how they go back into it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { countSentence, endsFilter, filterText, parseQuery, queryText, settled, toggled, whenOf, withWhen } from "../src/shell/search_query";

test("filters are taken out wherever they stand, and the words stay", () => {
  assert.deepEqual(parseQuery("in:core second from:mina cursor"), {
    filters: [{ key: "in", value: "core" }, { key: "from", value: "mina" }],
    text: "second cursor",
  });
  assert.deepEqual(parseQuery('in:"design review" x'), { filters: [{ key: "in", value: "design review" }], text: "x" });
  assert.deepEqual(parseQuery("FROM:Mina from:mina"), { filters: [{ key: "from", value: "Mina" }], text: "" });
});

test("what only looks like a filter stays text, blanks and all", () => {
  for (const text of ["https://example.org", "second  cursor ", "std:vector", "-from:mina", "from:", "within:core", '"from:mina']) {
    assert.deepEqual(parseQuery(text), { filters: [], text });
  }
});

test("a blank ends a filter", () => {
  assert.equal(endsFilter("from:mina"), false);
  assert.equal(endsFilter("from:mina "), true);
  assert.equal(endsFilter("second "), false);
});

test("a filter that is still being typed is not asked for", () => {
  for (const text of ["from:mi", "FROM:", "before:2026-", 'in:"design re']) assert.equal(settled(text), "");
  assert.equal(settled("needle from:mi"), "needle");
  for (const text of ["from:mina ", "from:mi needle", "second", "https://example.org", 'in:"design review"']) assert.equal(settled(text), text);
});

test("the text of a query is read back as the same query", () => {
  for (const text of ["from:mina in:core second cursor", 'in:"design review" has:file', '"a phrase" -draft']) {
    assert.equal(queryText(parseQuery(text)), text);
  }
  assert.equal(filterText({ key: "in", value: 'a "b" c' }), 'in:"a b c"');
});

test("a box adds its filter and takes it away", () => {
  const one = toggled([], { key: "from", value: "mina" });
  assert.deepEqual(one, [{ key: "from", value: "mina" }]);
  assert.deepEqual(toggled(one, { key: "from", value: "Mina" }), []);
});

test("one time takes the place of another", () => {
  const known = ["", "on:today", "during:week"];
  const today = withWhen([{ key: "from", value: "mina" }, { key: "after", value: "2026" }], { key: "on", value: "today" });
  assert.deepEqual(today, [{ key: "from", value: "mina" }, { key: "on", value: "today" }]);
  assert.equal(whenOf(today, known), "on:today");
  assert.equal(whenOf(withWhen(today, null), known), "");
  assert.equal(whenOf([{ key: "after", value: "2026" }], known), "other");
});

test("counts are said in words", () => {
  assert.equal(countSentence("messages", 1, 1000), "1 message");
  assert.equal(countSentence("files", 0, 1000), "No files");
  assert.equal(countSentence("documents", 1000, 1000), "1,000 or more documents");
});
