"""Looks whether the search knows the messages as this version cuts them into words. Reads a few, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError

from chat.services.search import look_at_ends
from collab.checkup.finding import Finding, ok, warn

PART: Final = "search"
MESSAGES: Final = 200
"""Half of them the oldest, half the newest: an upgrade makes all entries out of date, a broken one the last."""


def check_search() -> Iterator[Finding]:
    """The entries of the oldest and of the newest messages."""
    try:
        seen = look_at_ends(count=MESSAGES)
    except DatabaseError:
        return  # told of by the database's own check
    if seen.wrong:
        says = f"of {seen.seen} messages looked at the index lacks {seen.missing}, {seen.stale} are out of date"
        yield warn(PART, says, "manage.py rebuild_search, while the site runs.")
    else:
        yield ok(PART, f"the index knows the {seen.seen} messages looked at")
