"""Alerts while the process that judges is killed: each is told once, and is over once."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from chat import selectors as chat
from dashboard.models import Alert, Series
from dashboard.services import recording
from dashboard.services.rules import RuleWish, create_rule
from tests.faults.counting import until, who_records

pytestmark = [pytest.mark.fault, pytest.mark.stack]

RULES = 4


def make_rules(cast) -> None:
    """Rules over nought that wait for nothing, over figures that only this test hands over."""
    for number in range(RULES):
        series = Series.objects.create(
            key=f"site/probe{number}", scope="site", name=f"probe{number}", kind="gauge", outside=True
        )
        wish = RuleWish(series=series.pk, threshold=0.0, for_seconds=0)
        create_rule(actor=cast.owner, room_id=cast.room_id, wish=wish)


def say(value: float) -> None:
    ms = int(recording.database_now().timestamp() * 1000)
    ids = Series.objects.filter(name__startswith="probe").values_list("pk", flat=True)
    recording.hand_over(points=[(pk, ms, value) for pk in ids])


def shown(cast):
    page = chat.message_page(actor=cast.owner, room_id=cast.room_id, limit=100)
    return [message.card.alert for message in page.messages if message.card is not None and message.card.alert]


async def keep_saying(value: float) -> None:
    while True:
        await sync_to_async(say)(value)
        await asyncio.sleep(0.5)


def states() -> list[str]:
    return sorted(Alert.objects.values_list("state", flat=True))


async def test_whoever_takes_over_from_a_killed_recorder_tells_each_alert_once(two, cast):
    recording_now, _ = await who_records(two)
    await sync_to_async(make_rules)(cast)
    saying = asyncio.create_task(keep_saying(1.0))
    try:
        await until(Alert.objects.exists, "no rule fires")
        await asyncio.to_thread(recording_now.kill)
        await until(lambda: states() == ["firing"] * RULES, "not every rule fires after the recorder was killed")
        told = await until(lambda: len(shown(cast)) >= RULES and shown(cast), "the room is not told")
        assert len({card.rule for card in told}) == len(told) == RULES
    finally:
        saying.cancel()
    saying = asyncio.create_task(keep_saying(-1.0))
    try:
        await until(lambda: states() == ["resolved"] * RULES, "not every alert ends")
        cards = await sync_to_async(shown)(cast)
        assert [(card.state, card.times) for card in cards] == [("resolved", 1)] * RULES
    finally:
        saying.cancel()
