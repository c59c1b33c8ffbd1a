"""Looks at the bridges to Mattermost: does somebody work for each, is its token believed, is something stuck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError

from collab.checkup.finding import Finding, fail, ok, warn
from integrations.selectors.bridges import look_at_bridges

PART: Final = "bridges"


def check_bridges() -> Iterator[Finding]:
    """One finding for each thing that is wrong; nothing where there is no bridge."""
    try:
        count, found = look_at_bridges()
    except DatabaseError:
        return  # told of by the database's own check
    for one in found:
        yield (fail if one.broken else warn)(PART, one.says, one.mend)
    if count and not found:
        yield ok(PART, f"{count} connected, nothing is stuck")
