"""Edits by exact quotes: where they are found, what is refused and in which words, and the lines they change."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor import proposing
from editor.proposing import Edit, Found, as_hunks, find_edits
from editor.units import Units, from_units, to_units
from realtime.protocol import Refused
from tests.editor.strategies import TEXTS, unhurried

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 1\n"


def refused(*edits, text=CODE):
    with pytest.raises(Refused) as caught:
        find_edits(text, [Edit(*edit) for edit in edits])
    return caught.value


def applied(text: str, found: list[Found]) -> str:
    units = to_units(text)
    for one in reversed(found):
        assert units[one.start : one.end] == one.quote
        units = Units(units[: one.start] + one.text + units[one.end :])
    return from_units(units)


def test_an_edit_is_found_where_its_quote_stands():
    [found] = find_edits(CODE, [Edit("def two():", "def three():")])
    assert (found.start, found.end) == (26, 36)
    assert applied(CODE, [found]) == CODE.replace("two", "three")


def test_a_line_tells_several_places_apart():
    [found] = find_edits(CODE, [Edit("    return 1\n", "    return 2\n", near=5)])
    assert applied(CODE, [found]) == CODE[:-2] + "2\n"


def test_an_empty_document_takes_an_edit_without_a_quote():
    assert applied("", find_edits("", [Edit("", "hello\n")])) == "hello\n"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            ("return 1", "return 2"),
            "stands 2 times, at lines 2, 6. Quote more lines around it, or say near which line.",
        ),
        (("return 9", "return 2"), "is not in the document: 'return 9'. Read the document again"),
        (("return one():", "x" * 3), "is not in the document"),
        (
            ("def two():\n  return 1", "x"),
            "lines 5 to 6 differ from it in white space only. They are:\ndef two():\n    r",
        ),
        (("", "x"), "quotes nothing. Quote the lines beside which to insert"),
        (("def two", "def two"), "changes nothing"),
        (("\0", "x"), "is no text: a document cannot hold NUL"),
    ],
    ids=["twice", "missing", "nearly", "blanks", "empty", "same", "nul"],
)
def test_what_is_refused_says_what_to_do(edit, told):
    refusal = refused(edit)
    assert refusal.code == "invalid"
    assert refusal.field == "edits"
    assert "Edit 1" in refusal.message or "edit 1" in refusal.message
    assert told in refusal.message


def test_edits_that_overlap_none_and_too_many_are_refused(monkeypatch):
    assert "overlap at line 5" in refused(("def two():\n", "x"), ("two():\n", "y")).message
    assert refused().code == "invalid"
    monkeypatch.setattr(proposing, "EDITS_MOST", 1)
    monkeypatch.setattr(proposing, "EDIT_CHARS", 9)
    assert refused(("def one", "x"), ("def two", "y")).code == "too_large"
    assert refused(("def one():\n", "x")).code == "too_large"


def test_edits_of_one_line_are_one_change_and_lines_between_part_them():
    edits = [
        Edit("def one", "async def one", note="Waits"),
        Edit("():\n    return 1\n\n", "():\n    return 5\n\n", note="Five"),
    ]
    hunks = as_hunks(CODE, find_edits(CODE, [*edits, Edit("def two", "def three", note="Third")]))
    assert [(hunk.quote, hunk.text, hunk.note) for hunk in hunks] == [
        ("def one():\n    return 1\n", "async def one():\n    return 5\n", "Waits; Five"),
        ("def two():\n", "def three():\n", "Third"),
    ]


@unhurried
@given(TEXTS, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), TEXTS), max_size=4))
def test_changes_of_whole_lines_make_the_same_text(text, cuts):
    units = to_units(text)
    found, behind = [], 0
    for start, stop, new in sorted(cuts):
        whole = behind <= start <= stop <= len(units)
        if whole and all(at == len(units) or not "\udc00" <= units[at] <= "\udfff" for at in (start, stop)):
            found.append(Found(start, stop, Units(units[start:stop]), to_units(new), ""))
            behind = stop
    hunks = as_hunks(text, found)
    assert applied(text, hunks) == applied(text, found)
    assert applied(text, [hunk.trimmed() for hunk in hunks]) == applied(text, found)
    assert all(before.end < after.start for before, after in pairwise(hunks))


@pytest.mark.parametrize(
    ("quote", "text", "start", "left"),
    [
        ("    a\n", "    b\n    a\n", 0, ("", "    b\n")),
        ("    a\n", "    a\n    b\n", 6, ("", "    b\n")),
        ("    a\n    b\n", "    b\n", 0, ("    a\n", "")),
        ("    a\n", "    ab\n", 5, ("", "b")),
        ("a b c", "a d c", 2, ("b", "d")),
    ],
    ids=["before", "behind", "gone", "in a line", "a word"],
)
def test_lines_that_are_added_are_whole_lines(quote, text, start, left):
    found = Found(0, len(quote), Units(quote), Units(text), "").trimmed()
    assert (found.start, (found.quote, found.text)) == (start, left)


@unhurried
@given(TEXTS, TEXTS)
def test_trimming_never_cuts_a_character(quote, text):
    found = Found(3, 3 + len(to_units(quote)), to_units(quote), to_units(text), "").trimmed()
    assert from_units(found.quote) in quote
    assert from_units(found.text) in text
    assert found.end - found.start == len(found.quote)
