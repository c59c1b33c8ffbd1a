"""The people of tests.people, and the log of a topic as the tests read it."""

from typing import Any

import msgspec

from chat.models import Room
from realtime import log
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in as signed_in
from tests.people import teo as teo


def events(topic: str, after: int = 0) -> list[dict[str, Any]]:
    """The frames of a topic's log, with the effect of each."""
    entries = log.read(topic, after, 1000)
    return [msgspec.json.decode(entry.frame) | {"effect": entry.effect} for entry in entries]


def last_event(topic: str) -> dict[str, Any]:
    return events(topic)[-1]


def topic_of(room: Room) -> str:
    return f"room:{room.pk}"


def head(topic: str) -> int:
    return log.heads([topic])[topic][0]
