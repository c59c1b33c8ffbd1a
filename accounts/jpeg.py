"""How many passes a JPEG asks its decoder for, read from its marks without decoding anything.

Called before pictures of people and of messages are decoded. Pure: a progressive JPEG of a few megabytes may hold
hundreds of thousands of passes over the whole picture, which take hours; no camera and no program makes a hundred.
"""

from __future__ import annotations

from typing import Final

PASSES_MOST: Final = 100

_MARK: Final = b"\xff"
_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9
_ALONE: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD9), 0xFF})
"""What has no length behind it: bytes of the scan itself, restarts, fill."""


def has_too_many_passes(data: bytes) -> bool:
    """Whether decoding would go over the picture more than PASSES_MOST times; False for what is no JPEG."""
    if not data.startswith(b"\xff\xd8"):
        return False
    passes, at = 0, 2
    while passes <= PASSES_MOST:
        at = data.find(_MARK, at)
        if at < 0 or at + 1 >= len(data):
            return False
        mark = data[at + 1]
        if mark == _END:
            return False
        if mark in _ALONE:
            # A fill byte may be the first of the next mark.
            at += 1 if mark == 0xFF else 2
            continue
        passes += mark == _START_OF_SCAN
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return True
