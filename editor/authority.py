"""The authority of a document: what becomes of a push that was made on an older version.

Called by the service that stores updates, in the transaction that holds the document, and by whoever maps positions
along the log. Pure: never touches Django, a database, a clock or a socket, and never sees the text.

One rule carries everything: a push is rebased past one accepted update at a time, as clients are, who receive them one
at a time. Past several composed into one it may end elsewhere, and texts would drift apart in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from editor.changes import DOCUMENT_UNITS, SECTIONS, ChangeSet, MapMode
from editor.units import BadChange, TooLarge, Units

PUSH_UPDATES: Final = 256
"""Most updates of one push."""

PUSH_BYTES: Final = 262_144
"""Largest push as JSON; whoever reads the frame checks it."""

REBASE_WINDOW: Final = 5_000
"""A push may be this many updates behind."""

REBASE_SECTIONS: Final = 1_000_000
"""Most sections that one rebase walks over, some tenths of a second; see `Behind`."""

_COUNTED_PAIRS: Final = 64
"""So many pairs of updates are under the limit whatever they hold, and need no counting."""


class UnknownVersion(ValueError):
    """A push on a version that the log does not reach: never given out, or given up."""


class Behind(UnknownVersion):
    """A push too far behind to be rebased here.

    The version is known: who pulls what was missed, which rebases on his side, and pushes again, loses nothing.
    """


class Missed(Protocol):
    """What `accept` wants to know of an update in the log."""

    @property
    def client_id(self) -> str: ...

    @property
    def changes(self) -> ChangeSet: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """An update at its place in the log.

    Attributes:
        version: of the document after it.
        client_id: of the editor state that made it, "<user id>-<random>" or "run-<id>".
        author: the person's id, None when the account is gone.
    """

    version: int
    client_id: str
    changes: ChangeSet
    author: int | None = None


def accept(
    *,
    version: int,
    length: int,
    missed: Sequence[Missed],
    base_version: int,
    client_id: str,
    pushed: Sequence[ChangeSet],
) -> list[ChangeSet]:
    """The change sets to append to the log, the first of which makes version + 1; all of a push or none.

    A client repeats what it has not seen come back. Its own updates among those missed are therefore the first of the
    push again, and are dropped; nothing is left of a push that was taken before.

    A character outside the basic plane is two units, and only the text tells whether a change cuts one in half: apply
    the result to a document that may hold such characters (`apply_all` refuses) before it is stored.

    Args:
        version: of the document now.
        length: of the document now, in code units.
        missed: the updates after base_version up to version, in order.
        base_version: the one the push was made on.
        client_id: whose push it is.
        pushed: its change sets, each made on the document after the one before.

    Raises:
        UnknownVersion: base_version is newer than version, or what was missed is not all there.
        Behind: pull first.
        BadChange: a change set does not fit the document, or a repeated one differs from what was taken.
        TooLarge: too many updates, or the document or a rebased update would outgrow its limit.
    """
    if type(base_version) is not int or not 0 <= base_version <= version:
        raise UnknownVersion(f"version {base_version} is not one of 0 to {version}")
    if version - base_version > REBASE_WINDOW:
        raise Behind(f"the push is {version - base_version} updates behind, {REBASE_WINDOW} at most")
    if len(missed) != version - base_version:
        raise UnknownVersion(f"the log does not reach back to version {base_version}")
    if len(pushed) > PUSH_UPDATES:
        raise TooLarge(f"a push has at most {PUSH_UPDATES} updates")
    _check_lengths(missed[0].changes.length_before if missed else length, pushed)
    if len(missed) * len(pushed) > _COUNTED_PAIRS:
        _check_work(missed, pushed)
    rebased = _rebase(missed, client_id, list(pushed))
    _check_size(rebased)
    return rebased


def apply_all(text: Units, changes: Iterable[ChangeSet]) -> Units:
    """The text after change sets that follow each other.

    Raises:
        BadChange: one does not fit, or cuts a character in half.
    """
    for change in changes:
        text = change.apply(text)
    return text


def map_position(
    position: int, changes: Iterable[ChangeSet], assoc: int = -1, mode: MapMode = MapMode.SIMPLE
) -> int | None:
    """Where a position stands after change sets that follow each other; see `ChangeSet.map_pos`."""
    for change in changes:
        mapped = change.map_pos(position, assoc, mode)
        if mapped is None:
            return None
        position = mapped
    return position


def map_span(start: int, stop: int, changes: Iterable[ChangeSet]) -> tuple[int, int]:
    """Where a span of text stands after change sets that follow each other.

    What is written at its edges stays outside. A span whose text is gone is empty (start == stop), and remains so.
    """
    for change in changes:
        if start == stop:
            start = stop = change.map_pos(start)
        else:
            start = change.map_pos(start, 1)
            stop = max(start, change.map_pos(stop, -1))
    return start, stop


def _check_lengths(length: int, pushed: Sequence[ChangeSet]) -> None:
    for index, change in enumerate(pushed):
        if change.length_before != length:
            raise BadChange(f"update {index} is for a document of {change.length_before} code units, not of {length}")
        length = change.length_after


def _check_work(missed: Sequence[Missed], pushed: Sequence[ChangeSet]) -> None:
    over = sum(len(update.changes.inserted) for update in missed)
    work = over * len(pushed) + len(missed) * sum(len(change.inserted) for change in pushed)
    if work > REBASE_SECTIONS:
        raise Behind(f"the push is {len(missed)} updates behind, too many for {len(pushed)} of this kind")


def _check_size(changes: Sequence[ChangeSet]) -> None:
    for change in changes:
        if change.length_after > DOCUMENT_UNITS and change.length_after > change.length_before:
            raise TooLarge(f"a document has at most {DOCUMENT_UNITS} code units")
        if len(change.inserted) > SECTIONS:
            raise TooLarge(f"what others wrote meanwhile would cut it into more than {SECTIONS} sections")


def _rebase(missed: Sequence[Missed], client_id: str, pushed: list[ChangeSet]) -> list[ChangeSet]:
    """`pushed` past what was missed, without those that were taken before.

    What was missed wholly in front of a push or behind it only moves it, so this is added up; the square of clients
    who push at once is made of that.
    """
    front = behind = 0
    lead, tail = _room(pushed)
    for update in missed:
        changes = update.changes
        own = update.client_id == client_id
        if not own and changes.stop <= lead + front:
            front += changes.length_after - changes.length_before
            continue
        if not own and changes.length_before - changes.start < tail + behind:
            behind += changes.length_after - changes.length_before
            continue
        pushed = [mine.moved(front, behind) for mine in pushed]
        if not own:
            _pass(changes, pushed)
        elif pushed.pop(0) != changes:
            raise BadChange("a repeated update differs from the one that was taken")
        if not pushed:
            return []
        front = behind = 0
        lead, tail = _room(pushed)
    return [mine.moved(front, behind) for mine in pushed] if front or behind else pushed


def _room(pushed: Sequence[ChangeSet]) -> tuple[int, int]:
    """How many code units stand untouched in front of all changes of a push, and behind."""
    lead = min((mine.start for mine in pushed), default=0)
    return lead, min((mine.length_before - mine.stop for mine in pushed), default=0)


def _pass(changes: ChangeSet, pushed: list[ChangeSet]) -> None:
    """Move all of a push past one update."""
    last = len(pushed) - 1
    for index, mine in enumerate(pushed):
        pushed[index] = mine.map(changes, before=False)
        if index < last:
            changes = changes.map(mine, before=True)
