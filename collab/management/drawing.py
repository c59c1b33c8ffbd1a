"""Makes the files that the demo's people add to their messages: a picture, a table.

Called by seed_demo. Always makes the same bytes; stores nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

_PAPER: Final = "#f6f2e8"
_INK: Final = "#27343a"
_BARS: Final = (("#0b7a6b", 9), ("#6a43c9", 6), ("#a35a00", 4), ("#c02626", 2), ("#5c6a67", 0))
_TOPICS: Final = ("first screen", "search", "shortcuts", "export", "release notes")


def _board() -> bytes:
    """How many of nine people spoke of what, as bars on a board."""
    image = Image.new("RGB", (1200, 760), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((80, 48), "What nine people spoke of first", fill=_INK, font_size=40)
    for row, ((colour, people), topic) in enumerate(zip(_BARS, _TOPICS, strict=True)):
        top = 150 + row * 112
        pen.text((80, top + 18), topic, fill=_INK, font_size=30)
        pen.rounded_rectangle((330, top, 340 + people * 86, top + 72), radius=14, fill=colour)
        pen.text((360 + people * 86, top + 16), str(people), fill=_INK, font_size=34)
    pen.line((330, 130, 330, 710), fill=_INK, width=4)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _table() -> bytes:
    lines = ["topic,people", *(f"{topic},{people}" for topic, (_, people) in zip(_TOPICS, _BARS, strict=True))]
    return ("\n".join(lines) + "\n").encode()


FILES: Final[dict[str, Callable[[], bytes]]] = {"interviews.png": _board, "interviews.csv": _table}
"""What each file of the demo holds."""
