"""Alerts and charts over the chat's socket: what people do with them, and what everybody hears at once."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from collab.asgi import application
from dashboard.models import Alert, Rule
from dashboard.services import alerts
from realtime import consumers, testing, threads
from tests.dashboard.alerting_world import World, make_rule, make_series, told
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

on_a_thread = sync_to_async(thread_sensitive=True)


@pytest.fixture(autouse=True)
async def realtime(transactional_db, settings):
    """A hub of this test's own."""
    settings.ALLOWED_HOSTS = ["testserver"]
    consumers._buckets.clear()
    yield
    await testing.stop_realtime()


def fired(mina, room) -> World:
    make_rule(mina, room, make_series("load", room=room), for_seconds=0)
    world = World()
    world.tick(1, load=184.0)
    return world


def on_page(user):
    return testing.connected(user, application=application)


async def listen(socket, room):
    await socket.command("subscribe", {"topics": {f"room:{room.pk}": None}})


async def test_everybody_hears_who_has_an_alert_and_who_made_it_quiet(mina, teo, room):
    await on_a_thread(fired)(mina, room)
    alert, topic = await Alert.objects.aget(), f"room:{room.pk}"
    async with on_page(mina) as hers, on_page(teo) as his:
        await listen(hers, room)
        await listen(his, room)
        assert (await his.command("alert.acknowledge", {"alert": str(alert.pk)}, topic=topic))["type"] == "ack"
        card = (await hers.expect("card.changed", message=str(alert.message)))["data"]["card"]["alert"]
        assert card["acknowledged_by"] == teo.pk
        quiet = {"rule": alert.rule_id, "seconds": 600}
        assert (await hers.command("rule.quiet", quiet, topic=topic))["type"] == "ack"
        heard = (await his.expect("card.changed", message=str(alert.message)))["data"]["card"]["alert"]
        while heard["quiet_by"] is None:
            heard = (await his.expect("card.changed", message=str(alert.message)))["data"]["card"]["alert"]
        assert heard["quiet_by"] == mina.pk


async def test_a_chart_that_is_typed_is_seen_by_all_and_stopped_by_another(mina, teo, room):
    await on_a_thread(make_series)("load", room=room)
    topic = f"room:{room.pk}"
    async with on_page(mina) as hers, on_page(teo) as his:
        await listen(hers, room)
        await listen(his, room)
        typed = {"cid": str(uuid4()), "text": "/chart load 15m"}
        assert (await his.command("command.run", typed, topic=topic))["type"] == "ack"
        message = (await hers.expect("message.created"))["data"]["message"]
        assert message["card"]["chart"]["title"] == "Load"
        stop = {"message": message["id"], "live": False}
        assert (await hers.command("chart.move", stop, topic=topic))["type"] == "ack"
        stopped = (await his.expect("card.changed", message=message["id"]))["data"]
        assert stopped["card"]["chart"]["live_until"] is None
        wrong = await his.command("command.run", {"cid": str(uuid4()), "text": "/chart laod"}, topic=topic)
        assert (wrong["type"], "Did you mean load" in wrong["message"]) == ("error", True)


async def test_who_is_outside_does_nothing_with_an_alert(mina, ines, room):
    await on_a_thread(fired)(mina, room)
    alert, topic = await Alert.objects.aget(), f"room:{room.pk}"
    async with on_page(ines) as socket:
        for type, data in (
            ("alert.acknowledge", {"alert": str(alert.pk)}),
            ("rule.quiet", {"rule": alert.rule_id, "seconds": 60}),
            ("chart.move", {"message": str(alert.message), "live": True}),
        ):
            answer = await socket.command(type, data, topic=topic)
            assert (answer["type"], answer["code"]) == ("error", "not_member")


async def test_recorders_that_judge_at_the_same_moment_tell_each_alert_once(mina, teo, room):
    """On PostgreSQL they really run side by side; on SQLite one after the other, the second with what it had read."""
    names = [f"disk{number}" for number in range(4)]
    world = World()

    def prepare() -> None:
        for name in names:
            make_rule(mina, room, make_series(name, room=room), for_seconds=0)
        world.show(dict.fromkeys(names, 184.0))
        world.tick_unjudged()

    await on_a_thread(prepare)()
    await asyncio.gather(*(threads.write(alerts.judge, now=world.now) for _ in range(4)))
    shown = await on_a_thread(told)(room, teo)
    assert len(shown) == len(names)
    assert await Alert.objects.filter(times=1).acount() == len(names)
    assert await Rule.objects.filter(since=None).acount() == len(names)
