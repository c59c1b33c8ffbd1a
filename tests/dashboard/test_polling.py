"""The poller against real servers on loopback that answer, fail, redirect, drip and recover."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.services import lift_sanction, sanction_user
from dashboard import poller
from dashboard.models import Feed, Flush, Sample, Series
from dashboard.services import feeds, polling, recording
from dashboard.services.polling import Found
from outbound.client import Client, Limits
from realtime import testing
from tests import factories
from tests.outbound.conftest import loopback, reply, saying

pytestmark = pytest.mark.stack
NOW = datetime(2026, 3, 1, 12, 52, 45, tzinfo=UTC)


def make_feed(**given) -> Feed:
    actor = given.pop("actor", None) or factories.make_person("mina")
    made = feeds.create_feed(actor=actor, **{"name": "load", "url": "https://api.example/", "path": "load", **given})
    return Feed.objects.get(pk=made.id)


# What a failure costs


@pytest.mark.django_db
def test_a_feed_that_fails_is_asked_ever_more_rarely_until_it_answers():
    feed = make_feed(interval_seconds=60)
    waits, now = [], NOW
    for _ in range(9):
        Feed.objects.update(next_at=now)
        assert [question.feed for question in polling.take_due(most=5, now=now)] == [feed.pk]
        polling.settle(found=Found(feed.pk, feed.url, problem="The server answered 500."), now=now)
        feed.refresh_from_db()
        waits.append((feed.next_at - now).total_seconds())
        now = feed.next_at
    wanted = [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]
    assert all(least <= wait <= least * 1.1 for wait, least in zip(waits, wanted, strict=True)), waits
    assert (feed.failures, feed.problem, feed.answered_at) == (9, "The server answered 500.", None)
    polling.take_due(most=5, now=now)
    polling.settle(found=Found(feed.pk, feed.url, value=3.5), now=now)
    feed.refresh_from_db()
    assert (feed.failures, feed.problem, feed.answered_at, feed.asked_at) == (0, "", now, now)
    assert feed.next_at == now + timedelta(seconds=60)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "interval", "least"), [(600, 60, 600), (5, 60, 60), (99_999, 60, 3_600), (5, 9_000, 9_000)]
)
def test_a_busy_server_says_when_within_reason(asked, interval, least):
    feed = make_feed(interval_seconds=interval)
    polling.settle(found=Found(feed.pk, feed.url, problem="Busy.", wait_seconds=asked), now=NOW)
    feed.refresh_from_db()
    assert least <= (feed.next_at - NOW).total_seconds() <= least * 1.1


@pytest.mark.django_db
def test_what_is_due_is_taken_once_and_whoever_dies_loses_one_number():
    mina = factories.make_person("mina")
    late, soon = make_feed(actor=mina), make_feed(actor=mina, name="other")
    off = make_feed(actor=mina, name="off")
    Feed.objects.filter(pk=late.pk).update(next_at=NOW - timedelta(seconds=9))
    Feed.objects.filter(pk=soon.pk).update(next_at=NOW)
    Feed.objects.filter(pk=off.pk).update(next_at=NOW, enabled=False)
    assert [question.feed for question in polling.take_due(most=1, now=NOW)] == [late.pk]
    assert [question.feed for question in polling.take_due(most=9, now=NOW)] == [soon.pk]
    assert polling.take_due(most=9, now=NOW) == []
    assert len(polling.take_due(most=9, now=NOW + timedelta(seconds=60))) == 2


@pytest.mark.django_db
def test_feeds_of_somebody_who_is_gone_rest():
    feed = make_feed()
    feed.owner.is_active = False
    feed.owner.save()
    assert polling.take_due(most=9, now=NOW + timedelta(days=9_999)) == []


@pytest.mark.django_db
def test_feeds_of_somebody_who_is_suspended_wait():
    feed, boss = make_feed(), factories.make_person("boss", is_staff=True, is_superuser=True)
    ban = sanction_user(actor=boss, user=feed.owner, kind="ban", reason="Spam")
    assert polling.take_due(most=9) == []
    lift_sanction(actor=boss, sanction=ban)
    assert polling.take_due(most=9) == [], "its turn comes after the interval"
    assert len(polling.take_due(most=9, now=timezone.now() + timedelta(seconds=61))) == 1


@pytest.mark.django_db
def test_an_answer_that_comes_too_late_changes_nothing():
    feed = make_feed()
    Feed.objects.update(url="https://elsewhere.example/")
    polling.settle(found=Found(feed.pk, feed.url, value=1.0))
    Feed.objects.all().delete()
    polling.settle(found=Found(feed.pk, feed.url, value=1.0))
    assert not Flush.objects.exists()


# What servers do


@asynccontextmanager
async def asking(answer, settings, *, allow: str = "127.0.0.1:{port}"):
    """Asks a feed of a server that answers so, through the site's own policy."""
    async with loopback(answer) as server:
        settings.OUTBOUND_ALLOW = [allow.format(port=server.port)] if allow else []
        async with Client() as client:

            async def ask(path: str = "load", **given) -> Found:
                question = {"feed": 1, "url": server.url(host="127.0.0.1"), "authorization": "", **given}
                return await poller.ask(client, polling.Question(path=path, **question))

            yield server, ask


JSON = reply(body=json.dumps({"load": 0.75, "words": "x", "list": [1, 2]}).encode(), Content_Type="application/json")


async def test_a_server_is_asked_for_json_and_nothing_is_told_of_us(settings):
    async with asking(saying(index=JSON), settings) as (server, ask):
        assert (await ask()).value == 0.75
        assert (await ask("sum(list)", authorization="Bearer k")).value == 3
    first, second = server.asked
    assert first.headers["accept"] == "application/json"
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer k"


@pytest.mark.parametrize(
    ("answer", "problem", "waits"),
    [
        (reply(500, b"oh"), "The server answered 500.", 0),
        (reply(404), "The server answered 404.", 0),
        (reply(429, Retry_After="120"), "The server answered 429.", 120),
        (reply(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT"), "The server answered 503.", 0),
        (reply(301), "The server answered 301.", 0),
        (reply(body=b"<html>"), "The answer is no JSON.", 0),
        (reply(body=b'{"other": 1}'), "At load is nothing.", 0),
        (reply(body=b'{"load": "soon"}'), "At load is a text, and no number.", 0),
        (reply(body=b"[" + b"1," * 200_000 + b"1]"), "The answer has more than 262,144 bytes.", 0),
        (b"rubbish\r\n\r\n", "127.0.0.1 ended the answer before it was whole.", 0),
        (reply(302, Location="http://169.254.169.254/"), "169.254.169.254 is not on the public internet.", 0),
        (reply(302, Location="http://localhost:1/"), "localhost is not on the public internet.", 0),
        (reply(302, Location="file:///etc/passwd"), "An address begins with http:// or https://.", 0),
    ],
    ids=["500", "404", "429", "503", "301", "html", "nothing", "text", "huge", "rubbish", "cloud", "inside", "file"],
)
async def test_what_goes_wrong_is_told_in_words(settings, answer, problem, waits):
    async with asking(saying(index=answer), settings) as (_, ask):
        found = await ask()
    assert found.value is None
    assert found.problem.startswith(problem)
    assert found.wait_seconds == waits


async def test_a_feed_that_leads_inside_is_not_asked(settings):
    async with asking(saying(index=JSON), settings, allow="") as (server, ask):
        found = await ask()
    assert found.problem == "127.0.0.1 is not on the public internet. The operator can allow it with OUTBOUND_ALLOW."
    assert server.connections == 0


async def test_a_slow_server_is_not_waited_for(settings, monkeypatch):
    async def drip(asked, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        await asyncio.sleep(60)

    monkeypatch.setattr(poller, "LIMITS", Limits(seconds=0.2))
    async with asking(drip, settings) as (_, ask):
        assert (await ask()).problem == "127.0.0.1 did not finish within 0.2 seconds."


async def test_a_secret_that_is_not_set_is_told_and_nobody_asked(settings):
    async with asking(saying(index=JSON), settings) as (server, ask):
        assert (await ask(problem="The operator has not set FEED_X.")).problem == "The operator has not set FEED_X."
    assert server.asked == []


# The whole of it


@pytest.fixture
async def site(transactional_db):
    yield
    await testing.stop_realtime()


async def wait_for(condition, seconds: float = 20):
    """Waits until the database says so."""
    end = time.monotonic() + seconds
    while not (found := await sync_to_async(condition)()):
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.05)
    return found


async def test_a_feed_fails_is_seen_and_recovers(site, settings, monkeypatch):
    monkeypatch.setenv("FEED_LOAD", "Bearer of-the-site")
    broken = True

    async def answer(asked, writer):
        writer.write(reply(500) if broken else JSON)

    async with loopback(answer) as server:
        settings.OUTBOUND_ALLOW = [f"127.0.0.1:{server.port}"]
        url = server.url("/now", host="127.0.0.1")
        boss = await sync_to_async(factories.make_person)("boss", is_staff=True)
        feed = await sync_to_async(make_feed)(actor=boss, url=url, secret="FEED_LOAD")
        task = asyncio.create_task(poller.poller())
        try:
            failed = await wait_for(lambda: Feed.objects.filter(failures=1).first())
            assert failed.problem == "The server answered 500."
            broken = False
            await sync_to_async(feeds.change_feed)(actor=boss, feed_id=feed.pk)
            well = await wait_for(lambda: Feed.objects.filter(answered_at__isnull=False).first())
            assert (well.failures, well.problem) == (0, "")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await sync_to_async(recording.record)()
        assert await sync_to_async(lambda: Sample.objects.get(series=feed.series_id, resolution=1).last)() == 0.75
        assert await sync_to_async(lambda: Series.objects.get(pk=feed.series_id).last_value)() == 0.75
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer of-the-site"}


async def test_a_slow_feed_does_not_hold_up_the_others(site, settings, monkeypatch):
    monkeypatch.setattr(poller, "LIMITS", Limits(seconds=60))

    async def answer(asked, writer):
        if asked.path == "/slow":
            await asyncio.sleep(60)
        writer.write(JSON)

    async with loopback(answer) as server:
        settings.OUTBOUND_ALLOW = [f"127.0.0.1:{server.port}"]
        boss = await sync_to_async(factories.make_person)("boss", is_staff=True)
        for name in ("slow", "quick"):
            await sync_to_async(make_feed)(actor=boss, name=name, url=server.url(f"/{name}", host="127.0.0.1"))
        task = asyncio.create_task(poller.poller())
        try:
            quick = Feed.objects.filter(series__name="quick", answered_at__isnull=False)
            await wait_for(quick.exists)
            assert not await sync_to_async(Feed.objects.filter(failures__gt=0).exists)()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_only_feeds_of_staff_lead_to_what_is_allowed_inside(site, settings):
    async with loopback(saying(now=JSON)) as server:
        settings.OUTBOUND_ALLOW = [f"127.0.0.1:{server.port}"]
        for name, staff in (("mina", False), ("boss", True)):
            actor = await sync_to_async(factories.make_person)(name, is_staff=staff)
            await sync_to_async(make_feed)(actor=actor, name=name, url=server.url("/now", host="127.0.0.1"))
        task = asyncio.create_task(poller.poller())
        try:
            await wait_for(Feed.objects.filter(series__name="boss", answered_at__isnull=False).exists)
            refused = await wait_for(lambda: Feed.objects.filter(failures=1).first())
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    words = "127.0.0.1 is not on the public internet. Only staff may ask servers inside the network."
    assert refused.problem == words
    assert len(server.asked) == 1
