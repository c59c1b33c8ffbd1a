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
    kept = undone = None
    work = 0
    for is_chosen, group in reversed(_groups(text, log, chosen)):
        if kept is None or undone is None:
            kept = undone = ChangeSet.empty(group.length_before if is_chosen else group.length_after)
        work += len(kept.inserted) + len(undone.inserted) + len(group.inserted)
        if work > SECTIONS_MOST:
            raise TooLarge("too much was written since")
        if is_chosen:
            undone = undone.compose(group.map(kept, before=True))
            kept = kept.map(group, before=False)
        else:
            kept = group.compose(kept)
    return ChangeSet.empty(len(text)) if undone is None else undone


def _groups(text: Units, log: Sequence[Accepted], chosen: Container[int]) -> list[tuple[bool, ChangeSet]]:
    """Updates of one kind that follow each other, as one: those that stay, or what undoes the chosen ones."""
    found: list[tuple[bool, list[ChangeSet]]] = []
    for update in log:
        is_chosen = update.version in chosen
        if not found or found[-1][0] != is_chosen:
            found.append((is_chosen, []))
        found[-1][1].append(update.changes.invert(text) if is_chosen else update.changes)
        text = update.changes.apply(text)
    return [(is_chosen, _as_one(group[::-1] if is_chosen else group)) for is_chosen, group in found]


def _as_one(group: list[ChangeSet]) -> ChangeSet:
    """Composed in pairs, and pairs of pairs: the long ones are walked over only a few times."""
    while len(group) > 1:
        pairs = [one.compose(other) for one, other in zip(group[::2], group[1::2], strict=False)]
        group = pairs + group[len(group) - len(group) % 2 :]
    return group[0]


def in_runs(versions: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending versions as pairs of first and last."""
    found: list[tuple[int, int]] = []
    for version in versions:
        if found and found[-1][1] == version - 1:
            found[-1] = (found[-1][0], version)
        else:
            found.append((version, version))
    return found
