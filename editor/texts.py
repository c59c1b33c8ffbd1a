"""Texts of documents in memory: each at a version, with the updates that led there.

Called by editor.selectors.texts, which fills it, and by the service that stores updates, which adds what it committed.
Pure: never touches Django, a database or a clock. What is kept here is always committed; it may be old, never wrong.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from editor.authority import Accepted
from editor.units import Units, from_units

DOCUMENTS_KEPT: Final = 64
TAIL_UPDATES: Final = 1_000
"""Updates kept parsed beside a text: a push that is further behind reads rows."""
TAIL_WEIGHT: Final = 1_048_576
"""And no more of them than weigh this much: pasted texts are few but long."""
SECTION_WEIGHT: Final = 16


def weight_of(update: Accepted) -> int:
    """What an update holds in memory, in code units."""
    inserted = update.changes.inserted
    return SECTION_WEIGHT * len(inserted) + sum(map(len, inserted))


def digest(units: Units) -> int:
    """A number that tells a text from others, the same as the page makes of it: CRC-32 of the UTF-8."""
    return zlib.crc32(from_units(units).encode())


Key = tuple[int, datetime]
"""Id and time of creation: an id alone may come again after a rollback or from a backup."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text at a version. Immutable, so that threads may share it.

    Attributes:
        tail: the updates that led here without a hole, the newest last.
        weight: of the tail.
        grown: weight of the updates since the text that is stored nearest, as far as they passed here.
    """

    version: int
    units: Units
    tail: Sequence[Accepted] = ()
    weight: int = 0
    grown: int = 0

    def after(self, version: int) -> Sequence[Accepted] | None:
        """The updates after a version; None when they do not reach back that far."""
        count = self.version - version
        if count > len(self.tail):
            return None
        return self.tail[len(self.tail) - count :] if count > 0 else ()

    def plus(self, accepted: Sequence[Accepted], units: Units) -> Sheet:
        """The sheet after more updates, whose text is `units`."""
        if not accepted:
            return self
        more = sum(map(weight_of, accepted))
        tail, weight = [*self.tail, *accepted], self.weight + more
        gone = max(0, len(tail) - TAIL_UPDATES)
        weight -= sum(map(weight_of, tail[:gone]))
        while weight > TAIL_WEIGHT:
            weight -= weight_of(tail[gone])
            gone += 1
        return Sheet(accepted[-1].version, units, tail[gone:], weight, self.grown + more)


class Sheets:
    """The sheets of the documents that were used last, for all threads of a process."""

    def __init__(self, most: int = DOCUMENTS_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._sheets: OrderedDict[Key, Sheet] = OrderedDict()

    def get(self, key: Key, *, version: int) -> Sheet | None:
        """The sheet kept of a document, unless it is newer than `version`, which the caller read."""
        with self._lock:
            sheet = self._sheets.get(key)
            if sheet is None or sheet.version > version:
                return None
            self._sheets.move_to_end(key)
            return sheet

    def put(self, key: Key, sheet: Sheet) -> None:
        """Keeps a committed sheet, unless a newer one is there."""
        with self._lock:
            kept = self._sheets.get(key)
            if kept is None or kept.version < sheet.version:
                self._sheets[key] = sheet
            self._sheets.move_to_end(key)
            while len(self._sheets) > self._most:
                self._sheets.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Drops what is kept of a document."""
        with self._lock:
            self._sheets.pop(key, None)


sheets: Final = Sheets()
