"""Finds people and rooms addressed in a text: `@mina`, `@room`.

Called by chat.markdown for text outside code. Pure: never asks who exists.
"""

from __future__ import annotations

import re
from typing import Final

EVERYONE: Final = "room"
"""`@room` addresses all members."""

NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?"
PATTERN: Final = re.compile(rf"(?<![\w@/.+-])@({NAME})(?![\w@])")
"""Not inside an e-mail address, a path or another word."""


def find(text: str) -> list[str]:
    """Names in `text` in small letters and in order, each once; no `@`."""
    return list(dict.fromkeys(match[1].lower() for match in PATTERN.finditer(text)))
