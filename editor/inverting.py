"""Takes some updates of a log back and leaves all others: what people typed before, between and after them stays.

Called by the selector that plans a revert. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

from editor.authority import Accepted
from editor.changes import ChangeSet
from editor.units import TooLarge, Units

SECTIONS_MOST: Final = 2_000_000
"""What is walked over in all, a second or so: each update that stays is added to those behind it."""


def take_back(text: Units, log: Sequence[Accepted], chosen: Container[int]) -> ChangeSet:
    """What turns the document after `log` into the one that would be there without the chosen updates.

    From the newest to the oldest, two things are kept at each step: what the updates that stay make of the document
    there (`kept`), and what is to be done at the end (`undone`). The inverse of a chosen update passes what stays, and
    what stays passes the inverse. So nothing that others inserted is ever deleted.

    Args:
        text: the document before the first update of `log`.
        log: updates without a hole, the newest last.
        chosen: versions of the updates to take back.

    Raises:
        TooLarge: too many updates stay in between.
    """
    inverses: dict[int, ChangeSet] = {}
    for update in log:
        if update.version in chosen:
            inverses[update.version] = update.changes.invert(text)
        text = update.changes.apply(text)
    kept = undone = ChangeSet.empty(len(text))
    work = 0
    for update in reversed(log):
        work += len(kept.inserted)
        if work > SECTIONS_MOST:
            raise TooLarge("too much was written since")
        inverse = inverses.get(update.version)
        if inverse is None:
            kept = update.changes.compose(kept)
        else:
            undone = undone.compose(inverse.map(kept, before=True))
            kept = kept.map(inverse, before=False)
    return undone


def in_runs(versions: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending versions as pairs of first and last."""
    found: list[tuple[int, int]] = []
    for version in versions:
        if found and found[-1][1] == version - 1:
            found[-1] = (found[-1][0], version)
        else:
            found.append((version, version))
    return found
