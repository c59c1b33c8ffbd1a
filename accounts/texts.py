"""What a person may be called and where they may live: checks of plain values.

Called by services, forms and adapters. Never asks the database whether a name is taken.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from realtime.protocol import Refused

USERNAME_CHARS: Final = 40
DISPLAY_NAME_CHARS: Final = 60
RESERVED: Final = frozenset({"all", "assistant", "channel", "everyone", "here", "room", "system"})
"""Names that mean something else after `@`."""

_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS: Final = {"\u200c", "\u200d"}
"""Needed to write Persian and Indic names; invisible, but no disguise."""


def clean_username(name: str) -> str:
    """The name in small letters.

    Raises:
        Refused: `invalid` when it has other characters than letters, digits, dots, dashes and underscores.
    """
    lowered = name.strip().lower()
    if not lowered or len(lowered) > USERNAME_CHARS:
        raise Refused("invalid", f"A username has 1 to {USERNAME_CHARS} characters.", field="username")
    if not _USERNAME.fullmatch(lowered):
        text = "Use letters, digits, dots, dashes and underscores; begin and end with a letter or digit."
        raise Refused("invalid", text, field="username")
    return lowered


def clean_display_name(name: str) -> str:
    """The name in NFC with single spaces; it may be empty.

    Raises:
        Refused: `invalid` when it is too long, or carries control, direction or other invisible characters.
    """
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if len(tidy) > DISPLAY_NAME_CHARS:
        raise Refused("invalid", f"A name has at most {DISPLAY_NAME_CHARS} characters.", field="display_name")
    if any(unicodedata.category(char) in _INVISIBLE and char not in _JOINERS for char in tidy):
        raise Refused("invalid", "A name cannot hold control or invisible characters.", field="display_name")
    return tidy


@cache
def time_zones() -> list[str]:
    """Names of the zones that a person may choose, sorted."""
    zones = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return [*sorted(zones), "UTC"]


def clean_time_zone(zone: str) -> str:
    """The name of a known zone, for example `Asia/Tokyo`.

    Raises:
        Refused: `invalid` for a name that is none.
    """
    if zone not in time_zones():
        raise Refused("invalid", "Choose a time zone from the list.", field="time_zone")
    return zone
