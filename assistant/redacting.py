"""Takes out of a run's log what people have taken back since: lines that quote a message by its number.

Called by selectors.runlog. Pure: never touches Django, a database or a clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

_QUOTED: Final = re.compile(r"^\[#(\d{1,18})\] ", re.MULTILINE)
_MESSAGE: Final = re.compile(r"/m/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
_DOCUMENT: Final = re.compile(r"[?&]doc=(\d{1,18})(?:[&#]|\Z)")
TAKEN_BACK: Final = "(deleted or edited since)"


def quoted_in(texts: Iterable[str]) -> set[int]:
    """Numbers of the messages whose words stand in these texts."""
    return {int(found) for text in texts for found in _QUOTED.findall(text)}


def without(text: str, withdrawn: Collection[int]) -> str:
    """The text without the words of these messages; what stands before the first number stays."""
    if not withdrawn:
        return text
    marks = list(_QUOTED.finditer(text))
    if not marks:
        return text
    pieces = [text[: marks[0].start()]]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        piece = text[mark.start() : following.start() if following else len(text)]
        pieces.append(f"{mark[0]}{TAKEN_BACK}\n" if int(mark[1]) in withdrawn else piece)
    return "".join(pieces)


def message_of(url: str) -> UUID | None:
    """The message to which a source leads."""
    found = _MESSAGE.search(url)
    return UUID(found[1]) if found else None


def document_of(url: str) -> int | None:
    """The document to which a source leads."""
    found = _DOCUMENT.search(url)
    return int(found[1]) if found else None
