"""Looks at the assistant: is a model set up, does its provider take the key and list it. Asks no model anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError

from assistant import examining
from collab.checkup.finding import FAIL, OK, WARN, Finding

PART: Final = "assistant"
_LEVELS: Final = {"sound": OK, "off": OK, "demo": WARN, "unset": WARN, "unlisted": WARN, "failed": FAIL}
"""A site without a model works; one that is set up and does not answer fails whoever asks."""


def check_assistant() -> Iterator[Finding]:
    """One finding for each agent."""
    try:
        found = examining.examine_agents()
    except DatabaseError:
        return  # told of by the database's own check
    for one in found:
        yield Finding(_LEVELS[one.state], PART, one.says, one.mend)
