"""What addresses of rules are told, by a real server on loopback that takes, fails and is not there."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from dashboard import caller
from dashboard.models import Call, Rule
from dashboard.selectors.alerts import rule_list
from dashboard.services import calls
from dashboard.services.feeds import delete_series
from dashboard.services.rules import delete_rule
from tests.dashboard.alerting_world import World, make_rule, make_series
from tests.outbound.conftest import loopback, reply
from tests.people import mina as mina
from tests.people import room as room
from tests.people import teo as teo

pytestmark = [pytest.mark.stack]

on_a_thread = sync_to_async(thread_sensitive=True)


def fired(mina, room, url: str, *, is_staff: bool = True) -> World:
    type(mina).objects.filter(pk=mina.pk).update(is_staff=is_staff)
    make_rule(mina, room, make_series("load", room=room), for_seconds=0, url=url)
    world = World()
    world.tick(2, load=184.0)
    return world


@pytest.mark.django_db(transaction=True)
async def test_an_address_is_told_when_it_fires_and_when_it_is_over(mina, room, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]

    async def take(asked, writer):
        writer.write(reply(204))

    async with loopback(take) as server:
        world = await on_a_thread(fired)(mina, room, server.url("/alerts", host="127.0.0.1"))
        await caller.call_round()
        await on_a_thread(world.tick)(2, load=80.0)
        await caller.call_round()
        await caller.call_round()
    told = [json.loads(asked.body) for asked in server.asked]
    assert [(asked.method, asked.path) for asked in server.asked] == [("POST", "/alerts")] * 2
    assert [one["state"] for one in told] == ["firing", "resolved"]
    assert told[0]["text"] == "Load above 120 ms: 184 ms"
    assert told[0]["alert"] == told[1]["alert"]
    assert await Call.objects.filter(sent_at__isnull=False, next_at=None).acount() == 2


@pytest.mark.django_db(transaction=True)
async def test_only_rules_of_staff_lead_inside_the_network(mina, room, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]

    async def take(asked, writer):
        writer.write(reply(204))

    async with loopback(take) as server:
        await on_a_thread(partial(fired, is_staff=False))(mina, room, server.url("/alerts", host="127.0.0.1"))
        await caller.call_round()
    assert server.asked == []
    assert (await Call.objects.aget()).problem


@pytest.mark.django_db(transaction=True)
async def test_an_address_that_fails_is_told_later_and_the_rule_says_so(mina, room, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    answers = [reply(503), reply(200)]

    async def fail_once(asked, writer):
        writer.write(answers.pop(0))

    async with loopback(fail_once) as server:
        await on_a_thread(fired)(mina, room, server.url(host="127.0.0.1"))
        await caller.call_round()
        [rule] = (await on_a_thread(rule_list)(actor=mina, room_id=room.pk)).rules
        assert (rule.state, rule.problem) == ("firing", "Its address was not told: It answered 503.")
        await caller.call_round()
        assert len(server.asked) == 1
        await Call.objects.aupdate(next_at=timezone.now())
        await caller.call_round()
    [rule] = (await on_a_thread(rule_list)(actor=mina, room_id=room.pk)).rules
    assert (len(server.asked), rule.problem) == (2, "")


@pytest.mark.django_db
def test_an_address_hears_that_it_is_over_after_it_heard_that_it_fires(mina, room):
    world = fired(mina, room, "https://hooks.example/")
    [fires] = calls.take_due()
    calls.note_failed(call_id=fires.call, problem="It answered 503.", passing=True)
    world.tick(2, load=80.0)
    assert Call.objects.filter(next_at__lte=timezone.now()).count() == 1
    assert calls.take_due() == []
    assert not calls.is_any_due()
    Call.objects.filter(pk=fires.call).update(next_at=timezone.now())
    [again] = calls.take_due()
    assert again == fires
    calls.note_answered(call_id=fires.call)
    [over] = calls.take_due()
    assert json.loads(over.body)["state"] == "resolved"


@pytest.mark.django_db(transaction=True)
async def test_an_address_hears_that_an_alert_ended_with_its_rule_or_its_figures(mina, room, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]

    async def take(asked, writer):
        writer.write(reply(204))

    def fire_and_go(url):
        fired(mina, room, url)
        delete_rule(actor=mina, rule_id=Rule.objects.get().pk)
        own = make_series("jobs", owner=mina)
        make_rule(mina, room, own, for_seconds=0, url=url)
        World().tick(2, jobs=500.0)
        delete_series(actor=mina, series_id=own.pk)

    async with loopback(take) as server:
        await on_a_thread(fire_and_go)(server.url("/alerts", host="127.0.0.1"))
        assert not await Rule.objects.aexists()
        await caller.call_round()
        await caller.call_round()
    told = [json.loads(asked.body) for asked in server.asked]
    assert sorted((one["series"].rpartition("/")[2], one["state"]) for one in told) == [
        ("jobs", "firing"),
        ("jobs", "resolved"),
        ("load", "firing"),
        ("load", "resolved"),
    ]
    assert not await Call.objects.exclude(next_at=None).aexists()


@pytest.mark.django_db(transaction=True)
async def test_no_address_inside_the_network_is_told_anything(mina, room, settings):
    settings.OUTBOUND_ALLOW = []

    async def take(asked, writer):
        writer.write(reply(204))

    async with loopback(take) as server:
        await on_a_thread(fired)(mina, room, server.url(host="127.0.0.1"))
        await caller.call_round()
    assert server.asked == []
    [call] = [call async for call in Call.objects.all()]
    assert call.problem
    assert call.sent_at is None


@pytest.mark.django_db
def test_a_call_is_given_up_after_its_last_try_and_held_by_one_while_it_is_made(mina, room):
    fired(mina, room, "https://hooks.example/")
    assert len(calls.take_due()) == 1
    assert calls.take_due() == []
    call = Call.objects.get()
    waits = []
    for _ in range(len(calls.PAUSES) + 1):
        calls.note_failed(call_id=call.pk, problem="It answered 500.", passing=True)
        call.refresh_from_db()
        waits.append((call.next_at - timezone.now()).total_seconds() if call.next_at else None)
    assert waits == [pytest.approx(pause, abs=4) for pause in calls.PAUSES] + [None]
    Call.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert calls.prune_calls() == 1


@pytest.mark.django_db
def test_a_refusal_for_good_is_not_tried_again(mina, room):
    fired(mina, room, "https://hooks.example/")
    calls.note_failed(call_id=Call.objects.get().pk, problem="It answered 404.", passing=False)
    assert not calls.is_any_due()
    assert Call.objects.get().next_at is None
