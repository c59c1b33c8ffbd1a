"""Looks at the boards: can each be read, and are the numbers recorded that processes hand over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError

from collab.checkup.finding import Finding, fail, ok, warn
from dashboard.selectors.soundness import look_at_boards

PART: Final = "boards"


def check_boards() -> Iterator[Finding]:
    """One finding for each board at fault, and one for numbers that nobody records."""
    try:
        seen = look_at_boards()
    except DatabaseError:
        return  # told of by the database's own check
    for fault in seen.broken:
        yield fail(PART, fault, "Put a backup back, or delete the board.")
    if seen.late:
        says = f"{seen.late} rows of numbers wait for more than two minutes"
        yield warn(
            PART, says, "Start the site, or manage.py run_services: the service dashboard.recorder records them."
        )
    elif not seen.broken:
        yield ok(PART, f"{seen.boards} boards can be read, and numbers are recorded")
