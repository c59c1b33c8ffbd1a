"""The authority: rebase, repeated pushes, what it refuses; and replicas of our own that end in one text."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor import authority
from editor.authority import (
    PUSH_UPDATES,
    REBASE_WINDOW,
    Accepted,
    Behind,
    UnknownVersion,
    accept,
    apply_all,
    map_position,
    map_span,
)
from editor.changes import DOCUMENT_UNITS, ChangeSet, MapMode
from editor.units import BadChange, TooLarge, Units, from_units, to_units
from tests.editor.fuzz import random_change
from tests.editor.strategies import DOCUMENTS, chains, unhurried


def changes(*values: Any) -> list[ChangeSet]:
    return [ChangeSet.from_json(value) for value in values]


def log_of(client_id: str, *values: Any, after: int = 0) -> list[Accepted]:
    return [Accepted(after + at, client_id, change) for at, change in enumerate(changes(*values), 1)]


class Document:
    """A text with its log, as a service would keep them."""

    def __init__(self, text: str) -> None:
        self.start = to_units(text)
        self.log: list[Accepted] = []

    @property
    def length(self) -> int:
        return self.log[-1].changes.length_after if self.log else len(self.start)

    @property
    def text(self) -> str:
        return from_units(apply_all(self.start, (update.changes for update in self.log)))

    def push(self, client_id: str, base_version: int, pushed: list[ChangeSet]) -> list[ChangeSet]:
        accepted = accept(
            version=len(self.log),
            length=self.length,
            missed=self.log[base_version:] if base_version >= 0 else [],
            base_version=base_version,
            client_id=client_id,
            pushed=pushed,
        )
        for change in accepted:
            self.log.append(Accepted(len(self.log) + 1, client_id, change))
        return accepted


# Order


def test_a_push_on_the_newest_version_is_taken_as_it_is() -> None:
    document = Document("abc")
    pushed = changes([3, [0, "d"]], [[1], 3])

    assert document.push("1-a", 0, pushed) == pushed
    assert document.text == "bcd"


def test_a_late_push_moves_past_what_was_missed() -> None:
    document = Document("abc")
    document.push("1-a", 0, changes([[0, ">>"], 3]))

    assert document.push("2-b", 0, changes([3, [0, "!"]], [3, [1]])) == changes([5, [0, "!"]], [5, [1]])
    assert document.push("3-c", 0, changes([[3]])) == changes([2, [3]])
    assert document.text == ">>"


def test_whoever_comes_first_stands_first() -> None:
    document = Document("")
    for client_id, text in (("1-a", "one "), ("2-b", "two "), ("3-c", "three")):
        document.push(client_id, 0, changes([[0, text]]))

    assert document.text == "threetwo one " or document.text == "one two three"


def test_a_push_that_composition_would_misplace_is_moved_one_update_at_a_time() -> None:
    document = Document("730")
    document.push("2-b", 0, changes([1, [2]], [1, [0, "c"]]))

    assert document.push("1-a", 0, changes([1, [0, "x"], 2])) == changes([2, [0, "x"]])
    assert document.text == "7cx"


def test_a_deletion_that_joins_two_places_decides_by_who_was_first() -> None:
    edits = {"1-a": [1, [0, "x"], 2], "2-b": [2, [0, "y"], 1], "3-c": [1, [1], 1]}
    ends = {}
    for order in (("1-a", "2-b", "3-c"), ("3-c", "1-a", "2-b"), ("3-c", "2-b", "1-a")):
        document = Document("abc")
        for client_id in order:
            document.push(client_id, 0, changes(edits[client_id]))
        ends[order] = document.text

    # docs/decisions/0008: one text for everybody, though not always the one that all of them meant.
    assert list(ends.values()) == ["axyc", "axyc", "ayxc"]


# Exactly once


def test_the_same_push_arrives_twice_and_thrice() -> None:
    document = Document("abc")
    pushed = changes([3, [0, "d"]], [4, [0, "e"]])
    document.push("1-a", 0, pushed)

    assert document.push("1-a", 0, pushed) == []
    assert document.push("1-a", 0, pushed) == []
    assert document.text == "abcde"


def test_an_answer_is_lost_and_more_was_typed_meanwhile() -> None:
    document = Document("abc")
    document.push("2-b", 0, changes([[0, ">"], 3]))
    document.push("1-a", 0, changes([3, [0, "d"]]))
    document.push("2-b", 2, changes([[0, ">"], 5]))

    assert document.push("1-a", 0, changes([3, [0, "d"]], [4, [0, "e"]])) == changes([6, [0, "e"]])
    assert document.text == ">>abcde"


def test_an_old_push_arrives_behind_a_newer_one() -> None:
    document = Document("abc")
    first, second = changes([3, [0, "d"]], [4, [0, "e"]])
    document.push("1-a", 0, [first, second])

    assert document.push("1-a", 0, [first]) == []
    assert document.text == "abcde"


def test_two_editors_under_one_client_id_are_told_apart() -> None:
    document = Document("abc")
    document.push("1-a", 0, changes([3, [0, "d"]]))

    with pytest.raises(BadChange, match="differs from the one that was taken"):
        document.push("1-a", 0, changes([[0, "z"], 3]))
    assert document.text == "abcd"


def test_an_edit_that_others_made_too_stays_as_an_empty_update() -> None:
    document = Document("abc")
    document.push("1-a", 0, changes([[1], 2]))

    (nothing,) = document.push("2-b", 0, changes([[1], 2]))

    assert nothing.is_empty
    assert nothing.to_json() == [2]
    assert document.push("2-b", 0, changes([[1], 2])) == []


@unhurried
@given(st.data())
def test_a_push_in_pieces_ends_like_a_push_in_one(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    mine, others = data.draw(chains(text)), data.draw(chains(text))
    know = data.draw(st.integers(0, len(mine)))
    together, apart = Document(from_units(text)), Document(from_units(text))
    for document in (together, apart):
        document.push("2-b", 0, others)

    together.push("1-a", 0, mine)
    apart.push("1-a", 0, mine[:know])
    apart.push("1-a", 0, mine)

    assert apart.log == together.log
    assert apart.text == together.text


# Refused


@pytest.mark.parametrize("version", [-1, 3, 2**70, True, 1.0, None, "1"])
def test_a_client_names_a_version_that_is_none(version: Any) -> None:
    with pytest.raises(UnknownVersion, match="is not one of 0 to 2"):
        accept(
            version=2,
            length=2,
            missed=log_of("2-b", [[0, "a"]], [1, [0, "b"]]),
            base_version=version,
            client_id="1-a",
            pushed=changes([2, [0, "x"]]),
        )


def test_a_client_comes_back_when_the_log_was_compacted() -> None:
    with pytest.raises(UnknownVersion, match="does not reach back to version 1"):
        accept(version=9, length=2, missed=[], base_version=1, client_id="1-a", pushed=changes([2, [0, "x"]]))


def test_a_client_was_away_for_too_long_and_pulls() -> None:
    with pytest.raises(Behind, match=f"{REBASE_WINDOW + 1} updates behind"):
        accept(version=REBASE_WINDOW + 1, length=2, missed=[], base_version=0, client_id="1-a", pushed=changes([2]))


def test_a_client_pushes_work_for_minutes_and_pulls() -> None:
    spread = [1, [0, "x"]] * 500
    missed = [
        Accepted(at + 1, "2-b", ChangeSet.from_json([*spread, 1 + 500 * at] if at else [*spread, 1]))
        for at in range(40)
    ]
    pushed, length = list[ChangeSet](), 501
    for _ in range(PUSH_UPDATES):
        pushed.append(ChangeSet.from_json([length, [0, "y"]]))
        length += 1

    with pytest.raises(Behind, match="40 updates behind, too many"):
        accept(
            version=40,
            length=missed[-1].changes.length_after,
            missed=missed,
            base_version=0,
            client_id="1-a",
            pushed=pushed,
        )


@pytest.mark.parametrize(("missed", "pushed"), [(70, 1), (50, 100)], ids=["one-push", "many-updates"])
def test_a_client_changes_every_other_letter_and_holds_nobody_up(missed: int, pushed: int) -> None:
    wide = [1, [1, "y"]] * 5_000
    log = [Accepted(at + 1, "2-b", ChangeSet.from_json(wide)) for at in range(missed)]
    late = [ChangeSet.from_json(wide if pushed == 1 else [5_000, [1, "z"], 4_999])] * pushed

    with pytest.raises(Behind, match="too many"):
        accept(version=missed, length=10_000, missed=log, base_version=0, client_id="1-a", pushed=late)


def test_five_hundred_edits_made_offline_are_taken_in_two_pushes() -> None:
    document = Document("")
    for at in range(500):
        document.push("2-b", at, changes([at, [0, "b"]] if at else [[0, "b"]]))
    offline = changes(*([at, [0, "a"]] if at else [[0, "a"]] for at in range(500)))

    pulled = list(offline)
    for update in document.log:
        authority._pass(update.changes, pulled)  # What the client does when it pulls.
    for at in range(0, 500, PUSH_UPDATES):
        document.push("1-a", 500 + at, pulled[at : at + PUSH_UPDATES])

    assert sorted(document.text) == ["a"] * 500 + ["b"] * 500


def test_an_update_does_not_fit_the_one_before() -> None:
    with pytest.raises(BadChange, match="update 1 is for a document of 3 code units, not of 4"):
        Document("abc").push("1-a", 0, changes([3, [0, "d"]], [3, [0, "e"]]))
    with pytest.raises(BadChange, match="update 0 is for a document of 4 code units, not of 3"):
        Document("abc").push("1-a", 0, changes([4, [0, "d"]]))


def test_a_push_is_too_long() -> None:
    document = Document("")
    pushed = changes(*([at, [0, "a"]] if at else [[0, "a"]] for at in range(PUSH_UPDATES + 1)))

    with pytest.raises(TooLarge, match="256 updates"):
        document.push("1-a", 0, pushed)
    assert len(document.push("1-a", 0, pushed[:-1])) == PUSH_UPDATES


def test_a_document_may_shrink_but_not_outgrow_its_limit() -> None:
    document = Document("x" * DOCUMENT_UNITS)

    with pytest.raises(TooLarge, match="code units"):
        document.push("1-a", 0, [ChangeSet.from_edits(DOCUMENT_UNITS, [(0, 0, "y")])])
    document.push("1-a", 0, [ChangeSet.from_edits(DOCUMENT_UNITS, [(0, 2, "y")])])
    assert document.length == DOCUMENT_UNITS - 1


def test_two_that_fit_alone_do_not_fit_together() -> None:
    document = Document("x" * (DOCUMENT_UNITS - 1))
    document.push("1-a", 0, [ChangeSet.from_edits(DOCUMENT_UNITS - 1, [(0, 0, "y")])])

    with pytest.raises(TooLarge, match="code units"):
        document.push("2-b", 0, [ChangeSet.from_edits(DOCUMENT_UNITS - 1, [(9, 9, "z")])])
    assert document.length == DOCUMENT_UNITS


def test_half_a_character_is_found_when_the_text_is_at_hand() -> None:
    accepted = Document("😀").push("1-a", 0, changes([[1], 1]))

    with pytest.raises(BadChange, match="in half"):
        apply_all(to_units("😀"), accepted)


# Positions along the log


def test_a_caret_follows_later_edits() -> None:
    log = changes([[0, "ab"], 5], [3, [2], 2], [1, [0, "x"], 4])

    assert [map_position(position, log) for position in range(6)] == [0, 4, 4, 4, 5, 6]
    assert map_position(0, log, 1) == 3
    assert map_position(2, log, 1, MapMode.TRACK_DEL) is None
    assert map_position(2, []) == 2


def test_a_marked_span_holds_its_text_and_nothing_else() -> None:
    assert map_span(2, 4, changes([2, [0, "x"], 4])) == (3, 5)
    assert map_span(2, 4, changes([4, [0, "x"], 2])) == (2, 4)
    assert map_span(2, 4, changes([3, [0, "x"], 3])) == (2, 5)
    assert map_span(2, 4, changes([2, [2, "abc"], 2])) == (2, 5)
    assert map_span(2, 4, changes([1, [4], 1])) == (1, 1)
    assert map_span(2, 4, changes([1, [4, "abc"], 1])) == (4, 4)
    assert map_span(2, 4, changes([1, [4], 1], [1, [0, "abc"], 1])) == (1, 1)


# Replicas of our own: what stock clients do, without them


class Replica:
    """A client that hears of updates one at a time, in Python."""

    def __init__(self, client_id: str, document: Document) -> None:
        self.client_id, self.document = client_id, document
        self.heard = 0
        self.text = document.start
        self.unconfirmed: list[ChangeSet] = []

    def edit(self, rng: random.Random) -> None:
        change = random_change(rng, self.text)
        self.text = change.apply(self.text)
        self.unconfirmed.append(change)

    def push(self) -> None:
        self.document.push(self.client_id, self.heard, list(self.unconfirmed))

    def hear(self) -> None:
        update = self.document.log[self.heard]
        self.heard += 1
        if update.client_id == self.client_id:
            assert self.unconfirmed.pop(0) == update.changes
            return
        theirs = update.changes
        for index, mine in enumerate(self.unconfirmed):
            self.unconfirmed[index] = mine.map(theirs, before=False)
            theirs = theirs.map(mine, before=True)
        self.text = theirs.apply(self.text)


@unhurried
@given(st.integers(0, 2**32), DOCUMENTS)
def test_replicas_with_any_delays_end_in_one_text(seed: int, text: Units) -> None:
    rng, document = random.Random(seed), Document(from_units(text))
    replicas = [Replica(f"{number}-r", document) for number in range(1, 5)]
    for _ in range(24):
        replica = rng.choice(replicas)
        deed = rng.random()
        if deed < 0.4 and len(replica.text) < 200:
            replica.edit(rng)
        elif deed < 0.6:
            replica.push()
        elif replica.heard < len(document.log):
            replica.hear()
    for replica in replicas:
        replica.push()
    for replica in replicas:
        while replica.heard < len(document.log):
            replica.hear()

    assert {from_units(replica.text) for replica in replicas} == {document.text}
    assert not any(replica.unconfirmed for replica in replicas)
