"""Taking updates back, as algebra: what others wrote survives, what was taken back is gone, in any order of both."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor import inverting
from editor.authority import Accepted
from editor.changes import ChangeSet
from editor.inverting import in_runs, take_back
from editor.units import TooLarge, from_units, to_units
from tests.editor.strategies import unhurried

BEGINNING = "abcdéfgh\nij漢klm"
"""Each character once, so that it can be told from every other."""
THEIRS = "0123456789"
RUNS = ["R", "S", "😀", "TUV"]


@dataclass
class Session:
    """Updates of a run and of people, in any order, on one text.

    Attributes:
        texts: after each update, the first before all.
        deleted: characters of the beginning that people deleted.
    """

    log: list[Accepted]
    run: set[int]
    texts: list[str]
    deleted: set[str]


@st.composite
def sessions(draw: st.DrawFn, most: int = 8) -> Session:
    units, log, run = to_units(BEGINNING), [], set()
    texts, deleted = [BEGINNING], set()
    for version in range(1, draw(st.integers(1, most)) + 1):
        is_run = draw(st.booleans())
        text = draw(st.sampled_from([*RUNS, ""])) if is_run else draw(st.text(THEIRS, max_size=2))
        cuts = [at for at in range(len(units) + 1) if at == len(units) or not "\udc00" <= units[at] <= "\udfff"]
        start, stop = sorted((draw(st.sampled_from(cuts)), draw(st.sampled_from(cuts))))
        change = ChangeSet.from_edits(len(units), [(start, stop, text)])
        if is_run:
            run.add(version)
        else:
            deleted |= set(from_units(units)) & set(BEGINNING) - set(from_units(change.apply(units)))
        units = change.apply(units)
        log.append(Accepted(version, "run-7" if is_run else "1-a", change, 1))
        texts.append(from_units(units))
    return Session(log, run, texts, deleted)


def result(session: Session, chosen: set[int]) -> str:
    change = take_back(to_units(session.texts[0]), session.log, chosen)
    return from_units(change.apply(to_units(session.texts[-1])))


def only(text: str, kept: str) -> str:
    return "".join(character for character in text if character in kept)


@unhurried
@given(sessions())
def test_what_people_typed_survives_in_its_order(session):
    left = only(session.texts[-1], THEIRS)
    after = iter(only(result(session, session.run), THEIRS))
    assert all(character in after for character in left)


@unhurried
@given(sessions())
def test_nothing_of_the_run_stays(session):
    assert only(result(session, session.run), "RSTUV😀") == ""


@unhurried
@given(sessions())
def test_what_the_run_deleted_comes_back_unless_people_deleted_it(session):
    text = result(session, session.run)
    wanted = [character for character in BEGINNING if character not in session.deleted]
    assert sorted(only(text, BEGINNING)) == sorted(wanted)


@unhurried
@given(sessions())
def test_with_nobody_else_the_text_is_as_before(session):
    everything = {update.version for update in session.log}
    assert result(session, everything) == BEGINNING
    assert result(session, set()) == session.texts[-1]


@unhurried
@given(sessions(), st.data())
def test_taking_back_the_newest_is_going_back(session, data):
    first = data.draw(st.integers(1, len(session.log)))
    assert result(session, set(range(first, len(session.log) + 1))) == session.texts[first - 1]


def test_what_a_run_wrote_and_changed_itself_is_gone_as_a_whole():
    one = ChangeSet.from_edits(2, [(1, 1, "abc")])
    two = ChangeSet.from_edits(5, [(2, 3, "")])
    three = ChangeSet.from_edits(4, [(2, 2, "!")])
    log = [Accepted(1, "run-7", one), Accepted(2, "run-7", two), Accepted(3, "1-a", three)]
    change = take_back(to_units("<>"), log, {1, 2})
    assert change.apply(to_units("<a!c>")) == "<!>"


def test_too_much_between_is_refused(monkeypatch):
    monkeypatch.setattr(inverting, "SECTIONS_MOST", 3)
    log = [Accepted(version, "1-a", ChangeSet.from_edits(version - 1, [(0, 0, "x")])) for version in range(1, 9)]
    with pytest.raises(TooLarge):
        take_back(to_units(""), log, {1})


def test_versions_are_kept_as_runs():
    assert in_runs([]) == []
    assert in_runs([1, 2, 3, 5, 8, 9]) == [(1, 3), (5, 5), (8, 9)]
