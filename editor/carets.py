"""Who has which document open in this process, and where their carets are.

Called by the consumer, on the event loop. What other processes know comes from their people themselves, who answer an
unknown caret with their own. Pure: never touches Django, a database or a socket.
"""

from __future__ import annotations

from typing import Final

from editor.shapes import Caret, Range
from realtime.protocol import Refused

RANGES_MOST: Final = 32

_carets: Final[dict[int, dict[str, Caret]]] = {}


def check_ranges(ranges: list[Range], *, length: int) -> None:
    """Carets and selections that can be shown.

    Args:
        ranges: [anchor, head] each.
        length: the longest that the document may be.

    Raises:
        Refused: `invalid`.
    """
    if not 0 < len(ranges) <= RANGES_MOST:
        raise Refused("invalid", f"1 to {RANGES_MOST} selections.", field="ranges")
    if any(position > length for pair in ranges for position in pair):
        raise Refused("invalid", "A selection is outside the document.", field="ranges")


def put(document_id: int, caret: Caret) -> None:
    """Somebody is here, at these places."""
    _carets.setdefault(document_id, {})[caret.client_id] = caret


def drop(document_id: int, client_id: str) -> bool:
    """Somebody went; False when they had shown no caret."""
    here = _carets.get(document_id, {})
    gone = here.pop(client_id, None) is not None
    if not here:
        _carets.pop(document_id, None)
    return gone


def of(document_id: int, *, but: str = "") -> list[Caret]:
    """Everybody who showed a caret here, without the one who asks."""
    return [caret for client_id, caret in _carets.get(document_id, {}).items() if client_id != but]
