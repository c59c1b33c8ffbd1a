"""Emoji by the short names that programs send, and back: `+1` and `thumbsup` are one and the same.

Used by the Mattermost-compatible API and the bridge. Pure: reads emoji.json (made by frontend/emoji_names.mjs) once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FILE: Final = Path(__file__).with_name("emoji.json")
_SHOWN_AS_PICTURE: Final = "\ufe0f"


@cache
def _emoji() -> dict[str, str]:
    return msgspec.json.decode(_FILE.read_bytes(), type=dict[str, str])


@cache
def _names() -> dict[str, str]:
    # The first of several names is the one that is told.
    return {_plain(emoji): name for name, emoji in reversed(_emoji().items())}


def _plain(emoji: str) -> str:
    return emoji.replace(_SHOWN_AS_PICTURE, "")


def emoji_of(name: str) -> str | None:
    """What a short name stands for; None for a name that nobody knows."""
    return _emoji().get(name)


def name_of(emoji: str) -> str:
    """The short name of an emoji; the emoji itself where it has none."""
    return _names().get(_plain(emoji), emoji)
