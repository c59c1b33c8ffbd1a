// The editor's pure parts: edits counted and pushed, one update at a time, places mapped, drafts carried over, lists, words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeSet, EditorState, Text, Transaction, type TransactionSpec } from "@codemirror/state";
import { digestOf } from "../src/editor/digest";
import { modeOf } from "../src/editor/bars";
import { changesBetween } from "../src/editor/diff";
import { byPlace, positionAt, reduceDocuments } from "../src/editor/documents";
import { batchOf, countEdits } from "../src/editor/edits";
import { changeLong, cleanText } from "../src/editor/guards";
import { languageOf, languageOfName, LANGUAGES } from "../src/editor/languages";
import { isLong, pieceOf, piecesOf, smallOnes, specsOf } from "../src/editor/long";
import { PlainHost, Replica, startState, textOf } from "../src/editor/replica";
import { statusWords, type Status } from "../src/editor/status";
import type { AnyEvent } from "../src/events";
import type { DocumentList, DocumentView, EditView } from "../src/protocol";
import { documentIn, withDocument } from "../src/shell/code_address";
import { widthWithin } from "../src/shell/split";

function copy(text: string, clientId = "1-a", version = 0): Replica {
  return new Replica(new PlainHost(startState({ clientId, version, text }, [])), clientId, textOf(text));
}

function type(replica: Replica, from: number, to: number, insert: string, at = 0): void {
  const { state } = replica.host;
  replica.host.dispatch([state.update({ changes: { from, to, insert }, annotations: Transaction.time.of(at) })]);
}

function edit(version: number, client_id: string, changes: ChangeSet): EditView {
  return { version, client_id, author: 1, changes: changes.toJSON() as unknown, run: null };
}

/** The server, as far as these tests need it: accepts one after the other, mapped over each missed update. */
class Authority {
  readonly log: EditView[] = [];

  push(replica: Replica): void {
    let changes = replica.edits.map((one) => one.changes);
    for (const missed of this.log.slice(replica.version)) {
      const other = ChangeSet.fromJSON(missed.changes);
      let over = other;
      changes = changes.map((own) => {
        const mapped = own.map(over);
        over = over.map(own, true);
        return mapped;
      });
    }
    for (const one of changes) this.log.push(edit(this.log.length + 1, replica.clientId, one));
  }
}

test("keys in one place without a pause are one edit, a pause or another place begins the next", () => {
  const replica = copy("hello world");
  type(replica, 5, 5, "a", 0);
  type(replica, 6, 6, "b", 200);
  type(replica, 7, 7, "c", 400);
  assert.equal(countEdits(replica.edits), 1);
  type(replica, 8, 8, "d", 3_000);
  assert.equal(countEdits(replica.edits), 2);
  type(replica, 0, 0, "e", 3_100);
  assert.equal(countEdits(replica.edits), 3);
});

test("a push holds at most 256 edits and about 200 kB, and always one", () => {
  const replica = copy("");
  for (let at = 0; at < 300; at += 1) type(replica, at, at, "x");
  assert.equal(batchOf(replica.edits).length, 256);
  const large = copy("");
  type(large, 0, 0, "y".repeat(150_000));
  type(large, 0, 0, "z".repeat(150_000));
  assert.equal(batchOf(large.edits).length, 1);
  assert.deepEqual(batchOf(copy("").edits), []);
});

test("the smallest case that diverges over a composition converges over the parts", () => {
  const authority = new Authority();
  const [ada, ben] = [copy("730", "1-a"), copy("730", "2-b")];
  type(ada, 1, 1, "A");
  type(ben, 1, 3, "");
  type(ben, 1, 1, "c");
  authority.push(ben);
  authority.push(ada);
  for (const one of [ada, ben]) one.receive(authority.log);
  assert.equal(ada.text.toString(), ben.text.toString());
  assert.equal(ada.text.toString(), ada.storedText.toString());
  assert.ok(ada.isSettled);
  assert.equal(ada.version, 3);
});

test("what is known already changes nothing, and a gap is not jumped", () => {
  const authority = new Authority();
  const [ada, ben] = [copy("", "1-a"), copy("", "2-b")];
  for (const letter of "abc") type(ada, ada.text.length, ada.text.length, letter);
  authority.push(ada);
  ben.receive(authority.log.slice(0, 1));
  ben.receive(authority.log.slice(0, 1));
  ben.receive(authority.log.slice(2));
  assert.equal(ben.text.toString(), "a");
  ben.receive(authority.log);
  assert.equal(ben.text.toString(), "abc");
});

test("unsent edits begin again as they were, and are known as one's own when they come back", () => {
  const authority = new Authority();
  const before = copy("one\n", "1-a");
  type(before, 4, 4, "t", 10);
  type(before, 5, 5, "w", 20);
  authority.push(before);
  const unsent = before.unsent();
  const again = new Replica(new PlainHost(startState({ clientId: unsent.clientId, version: unsent.version, text: unsent.base }, [], unsent)), unsent.clientId, textOf(unsent.base));
  assert.equal(again.text.toString(), "one\ntw");
  assert.deepEqual(again.unsent(), unsent);
  again.receive(authority.log);
  assert.equal(again.text.toString(), "one\ntw");
  assert.ok(again.isSettled);
});

test("a page that was killed kept less than it had sent: what is typed on that is never taken for what was sent", () => {
  const authority = new Authority();
  const before = copy("one\n", "1-a");
  type(before, 4, 4, "a");
  const kept = before.unsent();
  type(before, 5, 5, "b");
  authority.push(before);
  const again = new Replica(new PlainHost(startState({ clientId: "1-a", version: kept.version, text: kept.base }, [], kept)), "1-a", textOf(kept.base));
  type(again, 5, 5, "c");
  assert.equal(again.receive(authority.log).length, 1);
  assert.ok(again.isTorn);
  assert.ok(!again.isSettled);
  assert.equal(again.text.toString(), "one\nac");
  assert.equal(again.storedText.toString(), "one\na");
});

test("what was sent and not kept comes back as any other edit when nothing was typed since", () => {
  const authority = new Authority();
  const before = copy("one\n", "1-a");
  type(before, 4, 4, "a");
  const kept = before.unsent();
  type(before, 5, 5, "b");
  authority.push(before);
  const again = new Replica(new PlainHost(startState({ clientId: "1-a", version: kept.version, text: kept.base }, [], kept)), "1-a", textOf(kept.base));
  again.receive(authority.log);
  assert.ok(!again.isTorn && again.isSettled);
  assert.equal(again.text.toString(), "one\nab");
});

test("a text has the digest that the server makes of it", () => {
  assert.equal(digestOf(""), 0);
  assert.equal(digestOf("123456789"), 0xcbf43926);
  assert.equal(digestOf("Grüße 😀\n二\r\u2028"), 697462604);
});

test("a caret of an older version is found in the text of now; one from the future is not", () => {
  const authority = new Authority();
  const [ada, ben] = [copy("hello", "1-a"), copy("hello", "2-b")];
  type(ada, 0, 0, "oh ");
  authority.push(ada);
  ben.receive(authority.log);
  type(ben, 0, 0, "!");
  assert.deepEqual(ben.toNow(0, [[5, 5]]), [[9, 9]]);
  assert.deepEqual(ben.toNow(1, [[0, 8]]), [[0, 9]]);
  assert.equal(ben.toNow(2, [[0, 0]]), null);
  assert.equal(ben.toNow(0, [[6, 6]]), null);
});

test("a CR within a document stays a character, as on the server", () => {
  assert.equal(textOf("a\rb\nc").lines, 2);
  assert.equal(textOf("a\rb\nc").length, 5);
});

test("the difference of two texts makes one of the other, whatever they are", () => {
  const texts = ["", "\n", "a", "a\n", "a\nb\nc", "a\nc", "b\nb\nb\n", "c\na\nb\n", "a\nb\nc\nd\ne\nf\n", "f\ne\nd", "x".repeat(50)];
  for (const before of texts) {
    for (const after of texts) {
      const changes = ChangeSet.of(changesBetween(before, after), before.length);
      assert.equal(changes.apply(Text.of(before.split("\n"))).toString(), after, JSON.stringify([before, after]));
    }
  }
});

test("a draft is carried over what others did meanwhile", () => {
  const [base, draft, now] = ["a\nb\nc\n", "a\nmine\nb\nc\n", "first\na\nb\nc\nlast\n"];
  const own = ChangeSet.of(changesBetween(base, draft), base.length);
  const others = ChangeSet.of(changesBetween(base, now), base.length);
  assert.equal(own.map(others).apply(textOf(now)).toString(), "first\na\nmine\nb\nc\nlast\n");
});

test("a long draft is put back in edits that can be sent, and not at all where there is no room", () => {
  let state = EditorState.create({ doc: "one\ntwo\n" });
  let dispatched = 0;
  const view = {
    get state() { return state; },
    dispatch(spec: TransactionSpec) { dispatched += 1; state = state.update(spec).state; },
  };
  const long = "x".repeat(150_000);
  const changes = ChangeSet.of([{ from: 0, insert: "a" }, { from: 4, to: 7, insert: long }], 8);
  const wanted = changes.apply(state.doc).toString();
  assert.equal(changeLong(view, changes), "");
  assert.equal(state.doc.toString(), wanted);
  assert.equal(dispatched, 5);
  assert.match(changeLong(view, ChangeSet.of({ from: 0, insert: "x".repeat(1_000_000) }, state.doc.length)), /1,048,576/);
  assert.equal(state.doc.toString(), wanted);
});

test("a long change is the same in small ones, which never make the text longer than it is before or after", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 40; round += 1) {
    const doc = textOf("ab😀\ncd".repeat(10_000 + random(15_000)));
    const places = Array.from({ length: 2 * (1 + random(5)) }, () => random(doc.length)).sort((a, b) => a - b);
    const edits = places.flatMap((from, index) => (index % 2 === 1 ? [] : [{ from, to: places[index + 1] ?? from, insert: "x\n😀".repeat(random(3) === 0 ? 0 : random(40_000)) }]));
    const changes = ChangeSet.of(edits, doc.length, "\n");
    let text = doc;
    for (const small of smallOnes(changes, doc)) {
      assert.equal(isLong(small), false);
      text = small.apply(text);
      assert.ok(text.length <= Math.max(doc.length, changes.newLength));
    }
    assert.ok(text.eq(changes.apply(doc)));
  }
});

test("pieces of a long change say which is the first and which the last, and all but the last do nothing else", () => {
  const doc = textOf("x".repeat(150_000));
  const specs = specsOf(ChangeSet.of({ from: 0, to: 150_000 }, 150_000), doc, { userEvent: "delete", scrollIntoView: true });
  let state = EditorState.create({ doc });
  const pieces = specs.map((spec) => {
    const transaction = state.update(spec);
    ({ state } = transaction);
    return [pieceOf(transaction), transaction.annotation(Transaction.userEvent), transaction.scrollIntoView];
  });
  assert.deepEqual(pieces, [
    [{ first: true, last: false }, "delete", false],
    [{ first: false, last: false }, "delete", false],
    [{ first: false, last: true }, "delete", true],
  ]);
  assert.equal(state.doc.length, 0);
});

test("a long text is cut into pieces that lose nothing and cut no character", () => {
  const text = "😀".repeat(70_000);
  const pieces = piecesOf(text);
  assert.equal(pieces.join(""), text);
  assert.ok(pieces.length > 1);
  for (const piece of pieces) assert.doesNotMatch(piece, /\p{Surrogate}/u);
  assert.equal(cleanText("a\0b\ud800c😀"), "abc😀");
});

test("a name's ending chooses the language, a chosen one wins, an unknown one is plain text", () => {
  assert.equal(languageOfName("session.py").id, "python");
  assert.equal(languageOfName("APP.TSX").id, "tsx");
  assert.equal(languageOfName("Makefile").id, "text");
  assert.equal(languageOfName("py").id, "text");
  assert.equal(languageOf({ language: "sql", name: "a.py" }).id, "sql");
  assert.equal(languageOf({ language: "klingon", name: "a.py" }).id, "text");
  const endings = LANGUAGES.flatMap((language) => language.endings);
  assert.equal(new Set(endings).size, endings.length);
});

for (const language of LANGUAGES) test(`${language.name} can be learnt`, async () => assert.notEqual(await language.load(), undefined));

function document(id: number, position: number, more: Partial<DocumentView> = {}): DocumentView {
  const common = { room: 1, name: `${id}.py`, language: "", version: 0, length: 0, read_only: false, created_by: 1 };
  return { id, position, ...common, created_at: "2026-11-22T09:00:00Z", edited_at: null, deleted_at: null, deleted_by: null, ...more };
}

function listed(seq: number, told: DocumentView): AnyEvent {
  return { type: "document.listed", topic: "room:1", seq, data: { document: told } };
}

test("the list of documents follows the room, whatever was told before it was read", () => {
  const list: DocumentList = { as_of_seq: 5, can_edit: true, can_moderate: false, documents: [document(1, 10), document(2, 20)], deleted: [] };
  assert.equal(reduceDocuments(list, listed(5, document(1, 30))), list);
  const moved = reduceDocuments(list, listed(6, document(1, 30)));
  assert.deepEqual(moved.documents.map((one) => one.id), [2, 1]);
  const gone = reduceDocuments(moved, listed(7, document(2, 20, { deleted_at: "2026-11-22T09:01:00Z" })));
  assert.deepEqual([gone.documents.map((one) => one.id), gone.deleted.map((one) => one.id)], [[1], [2]]);
  const back = reduceDocuments(gone, listed(8, document(2, 20)));
  assert.deepEqual([back.documents.map((one) => one.id), back.deleted, back.as_of_seq], [[2, 1], [], 8]);
});

test("a tab that is moved stands between its neighbours", () => {
  const others = [document(1, 65_536), document(2, 131_072)];
  for (const index of [0, 1, 2]) {
    const moved = document(3, positionAt(others, index));
    assert.equal([...others, moved].sort(byPlace).indexOf(moved), index);
  }
});

const LIVE: Status = { phase: "live", version: 482, waiting: 0, slow: false, canEdit: true, offlineSince: null, reason: "" };

test("the status line says what is stored and what waits", () => {
  const words = (change: Partial<Status>) => statusWords({ ...LIVE, ...change }).text;
  assert.equal(words({}), "Saved, version 482");
  assert.equal(words({ waiting: 1 }), "Saved, version 482");
  assert.equal(words({ waiting: 1, slow: true }), "Saving 1 edit");
  assert.equal(words({ phase: "offline", waiting: 3 }), "Offline, 3 edits waiting");
  assert.equal(words({ phase: "merging", waiting: 3 }), "Merging 3 edits");
  assert.equal(words({ phase: "offline" }), "Offline");
});

test("the bar above the text tells why one cannot write, and of a lost connection after two seconds", () => {
  const member = { isMember: true, isArchived: false, isMuted: false, documentReadOnly: false };
  assert.equal(modeOf(LIVE, member, 0), null);
  assert.equal(modeOf({ ...LIVE, canEdit: false }, { ...member, isMember: false }, 0)?.act?.name, "join-room");
  assert.match(modeOf({ ...LIVE, canEdit: false }, { ...member, documentReadOnly: true }, 0)?.title ?? "", /moderators/);
  const offline: Status = { ...LIVE, phase: "offline", offlineSince: 1_000 };
  assert.equal(modeOf(offline, member, 2_900), null);
  assert.equal(modeOf(offline, member, 3_000)?.kind, "warn");
});

test("an address names the document beside the chat", () => {
  (globalThis as { location?: unknown }).location = { href: "https://house/rooms/general/?doc=7&v=3" };
  assert.equal(withDocument("/rooms/general/", 12), "/rooms/general/?doc=12");
  assert.equal(withDocument("/rooms/general/?doc=12&v=4", null), "/rooms/general/");
  assert.deepEqual(["?doc=12", "", "?doc=0", "?doc=x", "?doc=-1"].map(documentIn), [12, null, null, null, null]);
});

test("the edge leaves room for both sides", () => {
  assert.deepEqual([widthWithin(500, 1_000), widthWithin(10, 1_000), widthWithin(990, 1_000)], [500, 320, 680]);
});
