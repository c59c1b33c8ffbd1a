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
        """Goes on by one update."""
        moved = 0
        text = str(self.units)
        for start, stop, _, _, new in change.ranges():
            line = text.count("\n", 0, start) + moved
            moved += self._replace(line, text, start, stop, new, version)
        self.units = change.apply(self.units)

    def _replace(self, line: int, text: str, start: int, stop: int, new: str, version: int) -> int:
        """The owners of the lines from `line` on, after one replacement; returns by how many lines the text grew."""
        removed, added = text.count("\n", start, stop), new.count("\n")
        before = self.versions[line : line + removed + 1]
        after = [version] * (added + 1)
        at_line_start = start == 0 or text[start - 1] == "\n"
        at_line_end = stop == len(text) or text[stop] == "\n"
        # Whole lines that come or go leave their neighbours alone.
        if at_line_start and (not new or new.endswith("\n")) and (start == stop or text[stop - 1] == "\n"):
            after[-1] = before[-1]
        elif at_line_end and (not new or new.startswith("\n")) and (start == stop or text[start] == "\n"):
            after[0] = before[0]
        self.versions[line : line + removed + 1] = after
        return added - removed


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
