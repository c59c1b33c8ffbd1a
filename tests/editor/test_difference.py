"""The pure parts beside the algebra: differences, owners of lines, sheets in memory, checks of carets."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor import carets, difference
from editor.authority import Accepted, apply_all
from editor.blame import Owners, blocks
from editor.changes import ChangeSet
from editor.texts import Sheet, Sheets
from editor.units import Units, from_units, to_units
from realtime.protocol import Refused

texts = st.lists(st.sampled_from(["", "a", "b", "long line", "😀", "é\u2028"]), max_size=12).map("\n".join)


@given(texts, texts)
def test_a_difference_makes_the_one_text_of_the_other(old, new):
    changes = difference.difference(old, new)
    assert from_units(apply_all(to_units(old), changes)) == new
    assert changes == [] or old != new


@given(texts, texts)
def test_a_difference_in_small_pieces_makes_the_same(old, new):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "PIECE_CHARS", 3)
        patch.setattr(difference, "MATCHED_LINES", 4)
        changes = difference.difference(old, new)
    assert from_units(apply_all(to_units(old), changes)) == new
    assert all(len(from_units(Units(text))) <= 3 for change in changes for text in change.inserted)


def test_a_difference_leaves_the_lines_alone_that_stay():
    old, new = "".join(f"{n}\n" for n in range(100)), "".join(f"{n}\n" for n in range(100) if n != 50) + "end"
    [change] = difference.difference(old, new)
    assert list(change.ranges()) == [(140, 143, 140, 140, ""), (290, 290, 287, 290, "end")]


def owners_after(text, *edits):
    """Owners of the lines after replacements (start, stop, new), which are versions 1, 2, …"""
    owners = Owners(to_units(text), 0)
    for version, (start, stop, new) in enumerate(edits, 1):
        owners.take(version, ChangeSet.from_edits(len(owners.units), [(start, stop, new)]))
    assert len(owners.versions) == owners.units.count("\n") + 1
    return owners.versions


@pytest.mark.parametrize(
    ("edit", "versions"),
    [
        ((1, 1, "x"), [1, 0, 0]),
        ((0, 0, "x\n"), [1, 0, 0, 0]),
        ((3, 3, "x\n"), [0, 1, 0, 0]),
        ((2, 2, "\nx"), [0, 1, 0, 0]),
        ((5, 5, "\nx"), [0, 0, 1, 0]),
        ((4, 4, "\n"), [0, 1, 1, 0]),
        ((0, 3, ""), [0, 0]),
        ((3, 6, ""), [0, 0]),
        ((2, 5, ""), [0, 0]),
        ((1, 4, ""), [1, 0]),
        ((0, 3, "x\ny\n"), [1, 1, 0, 0]),
        ((1, 7, "x"), [1]),
        ((0, 8, ""), [1]),
    ],
)
def test_only_the_lines_that_an_edit_touches_change_hands(edit, versions):
    assert owners_after("ab\ncd\nef", edit) == versions


def test_several_places_of_one_update_are_counted_from_the_right_lines():
    owners = Owners(to_units("a\nb\nc\nd"), 0)
    owners.take(1, ChangeSet.from_edits(7, [(0, 0, "new\n"), (3, 3, "!"), (6, 7, "D\nE")]))
    assert owners.versions == [1, 0, 1, 0, 1, 1]
    assert blocks(owners.versions) == [(1, 1, 1), (2, 1, 0), (3, 1, 1), (4, 1, 0), (5, 2, 1)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6), st.sampled_from(["", "x", "\n", "x\ny", "a\n"]))))
def test_there_is_always_one_owner_for_each_line(edits):
    owners = Owners(to_units("one\ntwo\nthree\n"), 0)
    for version, (start, size, new) in enumerate(edits, 1):
        length = len(owners.units)
        start = min(start, length)
        owners.take(version, ChangeSet.from_edits(length, [(start, min(start + size, length), new)]))
        assert len(owners.versions) == owners.units.count("\n") + 1


def test_an_edit_of_thousands_of_places_costs_one_walk_over_the_text():
    places = 5_000
    owners = Owners(to_units("one\n" * 200_000), 0)
    edits = [(160 * at, 160 * at + 1, "x") for at in range(places)]
    began = time.process_time()
    owners.take(1, ChangeSet.from_edits(800_000, edits))
    assert time.process_time() - began < 0.3
    assert owners.versions.count(1) == places
    assert blocks(owners.versions)[:3] == [(1, 1, 1), (2, 39, 0), (41, 1, 1)]


# Sheets in memory


def accepted(version, length):
    return Accepted(version, "1-a", ChangeSet.from_edits(length, [(0, 0, "x")]), 1)


def test_a_sheet_answers_what_came_after_a_version_as_far_back_as_it_goes():
    sheet = Sheet(5, Units("")).plus([accepted(6, 0), accepted(7, 1)], Units("xx"))
    assert (sheet.version, sheet.units) == (7, "xx")
    assert [update.version for update in sheet.after(6) or ()] == [7]
    assert [update.version for update in sheet.after(5) or ()] == [6, 7]
    assert sheet.after(7) == ()
    assert sheet.after(4) is None
    assert sheet.plus([], Units("never")) is sheet


def test_a_sheet_keeps_fewer_of_long_updates():
    sheet, length = Sheet(0, Units("")), 0
    for version in range(1, 21):
        paste = ChangeSet.from_edits(length, [(0, length, "x" * 200_000)])
        length = 200_000
        sheet = sheet.plus([Accepted(version, "1-a", paste, 1)], Units("x" * length))
    assert [update.version for update in sheet.tail] == [16, 17, 18, 19, 20]
    assert sheet.after(15) is not None
    assert sheet.after(14) is None


def test_memory_keeps_the_newest_of_the_documents_used_last():
    made, kept = datetime(2026, 11, 22, tzinfo=UTC), Sheets(most=2)
    kept.put((1, made), Sheet(3, Units("c")))
    kept.put((1, made), Sheet(2, Units("b")))
    assert kept.get((1, made), version=3) == Sheet(3, Units("c"))
    assert kept.get((1, made), version=2) is None, "newer than the row that the caller read"
    assert kept.get((1, datetime(2026, 11, 23, tzinfo=UTC)), version=9) is None, "another document with its id"
    kept.put((2, made), Sheet(0, Units("")))
    kept.get((1, made), version=3)
    kept.put((3, made), Sheet(0, Units("")))
    assert [kept.get((number, made), version=9) is not None for number in (1, 2, 3)] == [True, False, True]
    kept.forget((1, made))
    assert kept.get((1, made), version=9) is None


# Carets


@pytest.mark.parametrize("ranges", [[], [[0, 11]], [[0, 0]] * 33])
def test_carets_outside_the_document_or_too_many_are_refused(ranges):
    with pytest.raises(Refused):
        carets.check_ranges(ranges, length=10)
    carets.check_ranges([[0, 10]], length=10)
