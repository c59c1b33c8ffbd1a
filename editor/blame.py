"""Who last touched each line: edits applied one by one to a text and to the owners of its lines.

Called by the selector of the same name. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable

from editor.changes import ChangeSet
from editor.units import Units


class Owners:
    """A text and, for each of its lines, the version that touched it last.

    Attributes:
        units: the text.
        versions: one for each line; a text has one line more than line feeds.
    """

    def __init__(self, units: Units, version: int) -> None:
        self.units = units
        self.versions = [version] * (units.count("\n") + 1)

    def take(self, version: int, change: ChangeSet) -> None:
        """Goes on by one update; one with thousands of places walks over the text once, too."""
        text = str(self.units)
        owners: list[int] = []
        line = first = following = text.count("\n", 0, change.start)
        position = change.start
        for start, stop, _, _, new in change.ranges():
            line += text.count("\n", position, start)
            # Up to this line, all that was not replaced keeps its owner; the line may have a new one already.
            owners += self.versions[following : line + 1]
            removed = text.count("\n", start, stop)
            last = self.versions[line + removed] if removed else owners[-1]
            owners += self._owners(text, start, stop, new, version, ends=(owners.pop(), last))
            line += removed
            following, position = line + 1, stop
        self.versions[first:following] = owners
        self.units = change.apply(self.units)

    @staticmethod
    def _owners(text: str, start: int, stop: int, new: str, version: int, *, ends: tuple[int, int]) -> list[int]:
        """The owners of the lines that a replacement leaves; `ends` are those of its first and last line before."""
        owners = [version] * (new.count("\n") + 1)
        at_line_start = start == 0 or text[start - 1] == "\n"
        at_line_end = stop == len(text) or text[stop] == "\n"
        # Whole lines that come or go leave their neighbours alone.
        if at_line_start and (not new or new.endswith("\n")) and (start == stop or text[stop - 1] == "\n"):
            owners[-1] = ends[1]
        elif at_line_end and (not new or new.startswith("\n")) and (start == stop or text[start] == "\n"):
            owners[0] = ends[0]
        return owners


def blocks(versions: Iterable[int]) -> list[tuple[int, int, int]]:
    """(first line from 1, count, version) of lines next to each other that one version touched."""
    found: list[tuple[int, int, int]] = []
    for number, version in enumerate(versions, 1):
        if found and found[-1][2] == version:
            first, count, _ = found[-1]
            found[-1] = (first, count + 1, version)
        else:
            found.append((number, 1, version))
    return found
