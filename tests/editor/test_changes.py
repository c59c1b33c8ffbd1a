"""The algebra: what it reads, what it refuses, its laws, and CodeMirror's own answers frozen in vectors.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor import merging
from editor.changes import DOCUMENT_UNITS, SECTIONS, ChangeSet, MapMode
from editor.units import BadChange, TooLarge, Units, clean_text, from_units, to_units
from tests.editor.fuzz import examine
from tests.editor.strategies import DOCUMENTS, changes_of, unhurried

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


def edited(json_value: Any, text: str) -> str:
    return from_units(ChangeSet.from_json(json_value).apply(to_units(text)))


# What CodeMirror said


@pytest.mark.parametrize("case", VECTORS["cases"], ids=range(len(VECTORS["cases"])))
def test_a_vector_of_codemirror_has_the_same_answers(case: dict[str, Any]) -> None:
    answers = examine(case)

    assert answers == {name: case[name] for name in answers}


@pytest.mark.parametrize("paste", VECTORS["pastes"], ids=lambda paste: ascii(paste["text"]))
def test_a_text_with_any_line_breaks_is_as_long_as_in_the_browser(paste: dict[str, Any]) -> None:
    text = clean_text(paste["text"])

    assert text == paste["doc"]
    assert len(to_units(text)) == paste["length"]
    assert ChangeSet.from_edits(0, [(0, 0, paste["text"])]).to_json() == paste["changes"]


# Reading


def test_a_client_types_deletes_and_replaces() -> None:
    assert edited([3, [0, "x"], 2], "abcde") == "abcxde"
    assert edited([1, [3], 1], "abcde") == "ae"
    assert edited([[5, "one", "two", ""]], "abcde") == "one\ntwo\n"
    assert edited([], "") == ""
    assert edited([5], "abcde") == "abcde"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "a list"),
        (None, "a list"),
        ("3", "a list"),
        ((3,), "a list"),
        ([True], "whole number"),
        ([1.0], "whole number"),
        ([float("nan")], "whole number"),
        (["a"], "whole number"),
        ([None], "whole number"),
        ([[]], "whole number"),
        ([["a"]], "whole number"),
        ([[True, "a"]], "whole number"),
        ([[[1]]], "whole number"),
        ([-1], "code units long"),
        ([[-1, "a"]], "code units long"),
        ([2**64], "code units long"),
        ([DOCUMENT_UNITS + 1], "code units long"),
        ([0], "does nothing"),
        ([[0]], "does nothing"),
        ([[0, ""]], "does nothing"),
        ([[2, ""]], "does nothing"),
        ([1, 1], "next to each other"),
        ([[1], [1]], "next to each other"),
        ([[0, "a"], [0, "b"]], "next to each other"),
        ([[0, 1]], "strings"),
        ([[0, "a", None]], "strings"),
        ([[0, ["a"]]], "strings"),
        ([[0, "a\nb"]], "U+000A"),
        ([[0, "a\r"]], "U+000D"),
        ([[0, "a\0"]], "U+0000"),
        ([[0, "\ud83d"]], "U+D83D"),
        ([[0, "\ude00\ud83d"]], "U+DE00"),
        ([[0, "\ud83d", "\ude00"]], "U+D83D"),
    ],
    ids=ascii,
)
def test_a_client_sends_rubbish(value: Any, reason: str) -> None:
    with pytest.raises(BadChange) as refused:
        ChangeSet.from_json(value)

    assert reason in refused.value.reason


def test_a_client_sends_too_much() -> None:
    sections = [1, [1]] * (SECTIONS // 2)
    assert ChangeSet.from_json(sections).length_before == SECTIONS

    with pytest.raises(TooLarge, match="sections"):
        ChangeSet.from_json([*sections, 1])
    with pytest.raises(TooLarge, match="code units"):
        ChangeSet.from_json([[0, "a" * (DOCUMENT_UNITS + 1)]])
    with pytest.raises(TooLarge, match="code units"):
        ChangeSet.from_json([DOCUMENT_UNITS, [0, "a"]])


def test_a_client_means_another_document() -> None:
    assert ChangeSet.from_json([3, [0, "😀"]], length=3).length_after == 5

    with pytest.raises(BadChange, match="of 3 code units, not of 4"):
        ChangeSet.from_json([3, [0, "x"]], length=4)
    with pytest.raises(BadChange, match="of 3 code units, not of 4"):
        ChangeSet.from_json([3, [0, "x"]]).apply(to_units("abcd"))
    with pytest.raises(BadChange, match="of 3 code units, not of 4"):
        ChangeSet.from_json([3, [0, "x"]]).invert(to_units("abcd"))


def test_two_change_sets_that_do_not_meet_are_refused() -> None:
    three, five = ChangeSet.from_json([3, [0, "x"]]), ChangeSet.from_json([5, [0, "x"]])

    with pytest.raises(BadChange, match="cannot follow"):
        three.compose(five)
    with pytest.raises(BadChange, match="do not meet"):
        three.map(five, before=False)
    with pytest.raises(BadChange, match="do not meet"):
        three.map(ChangeSet.empty(5), before=True)


# Characters of two units


@pytest.mark.parametrize(
    "value",
    [[1, [0, "x"], 1], [[1], 1], [1, [1]], [[1, "x"], 1], [1, [1, "x"]], [1, [0, "\u2028"], 1]],
    ids=ascii,
)
def test_nobody_cuts_a_character_in_half(value: Any) -> None:
    with pytest.raises(BadChange, match="in half"):
        ChangeSet.from_json(value).apply(to_units("😀"))


def test_a_half_is_no_text() -> None:
    for text in ("\ud83d", "a\ude00", "\ude00\ud83d", "\0"):
        with pytest.raises(BadChange):
            clean_text(text)
    with pytest.raises(BadChange, match="alone at 1"):
        to_units("a\ud83d")
    with pytest.raises(BadChange, match="alone"):
        from_units(Units("a\ud83db"))


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_goes_to_units_and_back(text: str) -> None:
    units = to_units(text)

    assert len(units) == len(text.encode("utf-16-le")) // 2
    assert not units or ord(max(units)) <= 0xFFFF
    assert from_units(units) == text


# Laws


@unhurried
@given(st.data())
def test_what_is_written_is_read_again(data: st.DataObject) -> None:
    change = data.draw(DOCUMENTS.flatmap(changes_of))
    wire = json.loads(json.dumps(change.to_json()))

    again = ChangeSet.from_json(wire, length=change.length_before)

    assert (again, again.length_after, again.to_json()) == (change, change.length_after, wire)
    assert hash(again) == hash(change)


@unhurried
@given(st.data())
def test_what_is_undone_was_not(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    change = data.draw(changes_of(text))
    after = change.apply(text)

    assert len(after) == change.length_after
    assert change.invert(text).apply(after) == text
    assert change.invert(text).invert(after).apply(text) == after


@unhurried
@given(st.data())
def test_two_in_one_are_one_after_the_other(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    first = data.draw(changes_of(text))
    middle = first.apply(text)
    second = data.draw(changes_of(middle))
    after = second.apply(middle)
    third = data.draw(changes_of(after))

    assert first.compose(second).apply(text) == after
    assert first.compose(second).compose(third).apply(text) == third.apply(after)
    assert first.compose(second.compose(third)).apply(text) == third.apply(after)
    assert ChangeSet.from_json(first.compose(second).to_json()) == first.compose(second)


@unhurried
@given(st.data())
def test_two_people_meet_in_one_text(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    mine, yours = data.draw(changes_of(text)), data.draw(changes_of(text))

    here = mine.map(yours, before=True)
    there = yours.map(mine, before=False)

    assert there.apply(mine.apply(text)) == here.apply(yours.apply(text))
    assert mine.compose(there).apply(text) == yours.compose(here).apply(text)
    for one in (here, there):
        assert ChangeSet.from_json(one.to_json()) == one


@unhurried
@given(st.data())
def test_the_short_way_of_map_ends_where_the_walk_ends(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    mine, yours = data.draw(changes_of(text)), data.draw(changes_of(text))

    for before in (True, False):
        mapped = mine.map(yours, before=before)
        walked = merging.map_over((mine.sections, mine.inserted), (yours.sections, yours.inserted), before=before)
        assert (mapped.sections, mapped.inserted) == walked
        assert mapped.length_before == yours.length_after
        assert mapped.length_after == len(mapped.apply(yours.apply(text)))


@unhurried
@given(st.data())
def test_positions_keep_their_order(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    change = data.draw(changes_of(text))
    positions = range(len(text) + 1)

    for assoc in (-1, 1):
        mapped = [change.map_pos(position, assoc) for position in positions]
        assert mapped == sorted(mapped)
        assert all(0 <= position <= change.length_after for position in mapped)
    assert all(change.map_pos(position, -1) <= change.map_pos(position, 1) for position in positions)


@unhurried
@given(st.data())
def test_ranges_tell_what_changed(data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS)
    change = data.draw(changes_of(text))
    after = change.apply(text)

    told = list(change.ranges())

    assert all(after[start:stop] == new for _, _, start, stop, new in told)
    assert bool(told) != change.is_empty
    rebuilt = ChangeSet.from_edits(
        len(text), [(start, stop, from_units(Units(new))) for start, stop, _, _, new in told]
    )
    assert rebuilt.apply(text) == after


def test_a_position_in_deleted_text_may_be_lost() -> None:
    change = ChangeSet.from_json([2, [3], 2])

    assert [change.map_pos(position, 1, MapMode.TRACK_DEL) for position in range(8)] == [0, 1, 2, None, None, 2, 3, 4]
    assert [change.map_pos(position, 1, MapMode.TRACK_BEFORE) for position in (2, 3, 5)] == [2, None, None]
    assert [change.map_pos(position, 1, MapMode.TRACK_AFTER) for position in (2, 4, 5)] == [None, None, 2]
    for position in (-1, 8):
        with pytest.raises(BadChange, match="out of a document of 7"):
            change.map_pos(position)


# Made by hand


def test_edits_are_taken_in_order_only() -> None:
    change = ChangeSet.from_edits(6, [(0, 1, "a\r\nb"), (1, 1, "c"), (4, 6, "")])
    assert change.to_json() == [[1, "a", "b"], [0, "c"], 3, [2]]

    for edits in ([(2, 1, "")], [(3, 4, ""), (2, 3, "")], [(5, 7, "")], [(-1, 0, "")]):
        with pytest.raises(BadChange, match="does not fit"):
            ChangeSet.from_edits(6, edits)
    with pytest.raises(BadChange, match="NUL"):
        ChangeSet.from_edits(6, [(0, 0, "\0")])
