"""Rules over figures that a test writes itself: a room, a series, and a recorder whose clock the test moves.

Used by the tests of alerts, rules and charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from chat import selectors as chat
from chat.models import Room
from chat.shapes import AlertCard, MessageView
from dashboard.models import Alert, Rule, Series
from dashboard.services import alerts, charts, recording, rules
from dashboard.services.rules import RuleWish

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class World:
    """A clock, and what the recorder does at every tick of it."""

    now: datetime = START
    values: dict[int, float | None] = field(default_factory=dict)

    def tick(self, seconds: int = 1, every: int = 1, **values: float | None) -> None:
        """Lets so many seconds pass, each with a tick; a series without a value is silent.

        Args:
            seconds: how many.
            every: seconds from tick to tick.
            values: by the name of a series, from now on.
        """
        self.show(values)
        for _ in range(seconds // every):
            self.tick_unjudged(every)
            alerts.judge(now=self.now)
            charts.tend_charts(now=self.now)

    def tick_unjudged(self, every: int = 1) -> None:
        """A tick after which nobody has judged yet."""
        self.now += timedelta(seconds=every)
        self.record()

    def show(self, values: Mapping[str, float | None]) -> None:
        """What series say from now on, by their names."""
        for name, value in values.items():
            self.values[Series.objects.get(name=name).pk] = value

    def record(self) -> None:
        """A tick that nobody judges."""
        ms = int(self.now.timestamp() * 1000)
        recording.hand_over(points=[(pk, ms, value) for pk, value in self.values.items() if value is not None])
        recording.record(now=self.now)


def make_series(name: str = "delivery", **given: Any) -> Series:
    """A gauge of the site, unless something else is said."""
    room, owner = given.pop("room", None), given.pop("owner", None)
    scope = "room" if room else "person" if owner else "site"
    whose = room.pk if room else owner.pk if owner else ""
    key = "/".join(str(part) for part in (scope, whose, name) if part != "")
    wanted = {"title": name.capitalize(), "unit": "ms", "outside": True} | given
    return Series.objects.create(key=key, scope=scope, room=room, owner=owner, name=name, **wanted)


def make_rule(actor: User, room: Room, series: Series, **given: Any) -> Rule:
    """A rule over 120 that lasts two minutes, unless something else is said."""
    wanted = {"threshold": 120.0, "for_seconds": 120} | given
    made = rules.create_rule(actor=actor, room_id=room.pk, wish=RuleWish(series=series.pk, **wanted))
    return Rule.objects.get(pk=made)


def shown(room: Room, reader: User) -> list[MessageView]:
    """The messages of the room that carry a card, oldest first."""
    page = chat.message_page(actor=reader, room_id=room.pk, limit=100)
    return [message for message in page.messages if message.card is not None]


def told(room: Room, reader: User) -> list[MessageView]:
    """Those that show alerts."""
    return [message for message in shown(room, reader) if message.card is not None and message.card.alert is not None]


def card_of(message: MessageView) -> AlertCard:
    """The alert in a message."""
    assert message.card is not None
    assert message.card.alert is not None
    return message.card.alert


def firing() -> Alert:
    """The one alert that fires."""
    return Alert.objects.get(state=Alert.State.FIRING)
