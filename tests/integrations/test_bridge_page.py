"""The page of a bridge: staff see how it is, try the connection, link rooms, and look after what is stuck."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from dashboard import catalogue
from dashboard.selectors import watched
from integrations.curves import curve, round_top
from integrations.models import BridgeLink, BridgeMinute, BridgeOutbox, BridgePulse, BridgeStep, MattermostServer
from integrations.selectors import bridges
from integrations.services.bridges import setup
from realtime import threads
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def both(fake, room, mina):
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    return Bridged(fake, room, boss)


@pytest.fixture
def desk(both, client):
    return sign_in(client, both.boss)


def sign_in(client, person):
    client.force_login(person)
    client.post("/account/reauthenticate/", {"password": "northwind-7"})
    return client


def at(both, name=""):
    if not name:
        return reverse("admin:integrations_mattermostserver_change", args=[both.server.pk])
    return reverse(f"admin:integrations_bridge_{name}", args=[both.server.pk])


def page(desk, both, name=""):
    answer = desk.get(at(both, name))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def held(both, **given):
    values = {"op": "say", "local_id": factories.nobody(), "state": "failed", "problem": "Too large.", "attempts": 1}
    return BridgeOutbox.objects.create(link=both.link, **values | given)


def test_staff_see_what_was_carried_and_how_late(both, desk, teo):
    message = both.say(teo, "ours")
    both.hear("theirs")
    both.pump()
    both.hear("live")
    with both.running():
        wait_until(lambda: "live" in both.here())
        wait_until(lambda: BridgePulse.objects.filter(beat_at__isnull=False).exists())
        shown = page(desk, both, "live")
    assert "Connected" in shown
    assert "Message in # Realtime core, now in ~bridge" in shown
    assert "1 piece of ~bridge caught up" in shown or "Message of Alice" in shown
    assert f"~{both.link.channel_name}" in shown
    assert sum(BridgeMinute.objects.values_list("told", flat=True)) == 1
    assert sum(BridgeMinute.objects.values_list("came", flat=True)) == 2
    late = BridgeStep.objects.get(way="out").lag_ms
    assert late is not None
    assert 0 <= late <= (timezone.now() - message.created_at).total_seconds() * 1_000
    assert (bridges.lag_ms(server_id=both.server.pk) or 0) >= late


def test_lag_takes_the_difference_of_the_clocks_into_account(both):
    BridgePulse.objects.create(server=both.server, clock_ms=-90_000)
    now = timezone.now()
    BridgeStep.objects.create(server=both.server, link=both.link, at=now, way="in", what="message", lag_ms=90_400)
    BridgeMinute.objects.create(
        server=both.server, minute=now.replace(second=0, microsecond=0), came=1, came_ms=90_400, told_ms=300
    )
    assert bridges.lag_ms(server_id=both.server.pk) == 400
    assert bridges.lags_of_links(server_id=both.server.pk) == {both.link.pk: 400}
    assert bridges.minutes_of(server_id=both.server.pk)[-1].lag_ms in {400, 0}


def test_figures_tell_the_dashboard_what_waits_and_what_is_stuck(both):
    assert bridges.figures() == {"bridge.lag": 0.0, "bridge.in": 0.0, "bridge.out": 0.0, "bridge.stuck": 0.0}
    BridgeOutbox.objects.create(
        link=both.link, op="say", local_id=factories.nobody(), created_at=timezone.now() - timedelta(seconds=90)
    )
    held(both)
    held(both, state="waiting", attempts=5, problem="The server failed with status 500.")
    figures = bridges.figures()
    assert 89 < figures["bridge.lag"] < 300
    assert figures["bridge.stuck"] == 2.0
    MattermostServer.objects.update(enabled=False)
    assert bridges.figures() == {}


def test_staff_retry_what_is_stuck_and_skip_it_with_a_reason(both, desk):
    first, second = held(both), held(both)
    assert "2 stuck" in page(desk, both)
    desk.post(at(both, "stuck"), {"order": first.pk, "do": "retry"})
    first.refresh_from_db()
    assert (first.state, first.problem, first.attempts) == ("waiting", "", 0)
    answer = desk.post(at(both, "stuck"), {"order": second.pk, "do": "skip", "reason": " "}, follow=True)
    assert "The reason is missing." in answer.content.decode()
    assert BridgeOutbox.objects.filter(pk=second.pk).exists()
    desk.post(at(both, "stuck"), {"order": second.pk, "do": "skip", "reason": "Said again by hand"})
    assert not BridgeOutbox.objects.filter(pk=second.pk).exists()
    assert AuditEntry.objects.get(action="bridge.skip").reason == "Said again by hand"
    desk.post(at(both, "stuck"), {"order": "99", "do": "retry"})
    assert "not stuck any more" in page(desk, both)


def test_staff_switch_the_bridge_and_have_it_catch_up(both, desk):
    before = both.remade().missed
    desk.post(at(both, "catch_up"))
    assert both.remade().missed == before + 1
    desk.post(at(both, "switch"), {"enabled": "0"})
    assert not MattermostServer.objects.get().enabled
    assert "Off" in page(desk, both)
    desk.post(at(both, "catch_up"))
    assert "Switch the bridge on first." in page(desk, both)
    desk.post(at(both, "switch"), {"enabled": "1"})
    assert MattermostServer.objects.get().enabled
    assert list(AuditEntry.objects.filter(action__startswith="bridge.").values_list("action", flat=True))[-3:]


def test_staff_try_the_connection_and_read_each_step(both, desk, fake):
    fake.remove_member(both.seed.channel_id, "bridgebot")
    answer = desk.post(at(both, "test"), {"url": fake.url, "token_env": ""})
    shown = answer.content.decode()
    assert [words in shown for words in ("version 6.7.0", "@bridgebot", "resumes", "Add @bridgebot to that channel.")]
    assert "May not post in ~bridge" in shown


def test_script_is_told_each_step_on_a_line_of_its_own(both, desk, fake):
    cookies = desk.cookies

    async def ask():
        page_of = AsyncClient()
        page_of.cookies = cookies
        answer = await page_of.post(at(both, "test"), {"url": fake.url}, headers={"accept": "application/x-ndjson"})
        return [json.loads(line) async for line in answer.streaming_content]

    assert [one["state"] for one in async_to_sync(ask)()] == ["good"] * 4


def test_sealed_token_is_sent_nowhere_but_where_it_was_given_for(both, desk, fake, settings):
    asked = len(fake.requests)
    answer = desk.post(at(both, "test"), {"url": fake.url.replace("127.0.0.1", "localhost"), "token_env": ""})
    assert "is for the old address" in answer.content.decode()
    assert len(fake.requests) == asked


def test_variable_of_another_secret_is_not_taken(both, desk):
    answer = desk.post(at(both, "save"), {"url": both.server.url, "token_env": "SECRET_KEY"})
    assert "begins with MATTERMOST_" in answer.content.decode()
    desk.post(at(both, "save"), {"url": both.server.url, "token_env": "MATTERMOST_TOKEN"})
    server = MattermostServer.objects.get()
    assert (server.token_env, server.token) == ("MATTERMOST_TOKEN", "")
    assert AuditEntry.objects.get(action="bridge.change").detail["token"] is True


def test_staff_link_another_room_by_its_name(both, desk, mina):
    factories.make_room(both.boss, name="Design")
    factories.make_room(mina, name="Hidden", kind="private")
    shown = page(desk, both, "link")
    assert "linked already" in shown
    found = desk.get(at(both, "link"), {"part": "rooms", "q": "des"}).content.decode()
    assert "Design" in found
    assert "Hidden" not in desk.get(at(both, "link"), {"part": "rooms", "q": "hid"}).content.decode()
    room_id = found.split('name="room" value="')[1].split('"')[0]
    other = both.seed.other_id
    answer = desk.post(at(both, "link"), {"channel": other, "room": "", "direction": "both"})
    assert "Choose a room." in answer.content.decode()
    desk.post(at(both, "link"), {"channel": other, "room": room_id, "direction": "out"})
    link = BridgeLink.objects.get(channel_id=other)
    assert (link.room.name, link.direction) == ("Design", "out")
    desk.post(at(both, "unlink"), {"link": link.pk})
    assert list(BridgeLink.objects.values_list("pk", flat=True)) == [both.link.pk]


def test_server_that_is_away_is_told_where_its_channels_would_be(both, desk, fake):
    fake.go_down()
    assert "cannot be reached" in page(desk, both, "link")


def test_whoever_may_only_look_changes_nothing(both, client, ines):
    ines.is_staff = True
    ines.save()
    ines.user_permissions.add(Permission.objects.get(codename="view_mattermostserver"))
    desk = sign_in(client, ines)
    shown = page(desk, both)
    assert "Test connection" not in shown
    assert "Catch up now" not in shown
    order = held(both)
    for name, given in (("test", {}), ("save", {}), ("switch", {"enabled": "0"}), ("catch_up", {})):
        assert desk.post(at(both, name), given).status_code == 403
    assert desk.post(at(both, "stuck"), {"order": order.pk}).status_code == 403
    assert desk.get(at(both, "link")).status_code == 403
    assert MattermostServer.objects.get().enabled


def test_closed_room_has_no_name_on_the_page(both, client, ines, mina, teo):
    secret = factories.make_room(mina, teo, kind="private", name="Hiring")
    BridgeLink.objects.filter(pk=both.link.pk).update(room=secret)
    ines.is_staff = True
    ines.save()
    ines.user_permissions.add(Permission.objects.get(codename="view_mattermostserver"))
    shown = page(sign_in(client, ines), both)
    assert "Hiring" not in shown
    assert f"room #{secret.pk}" in shown


def test_token_that_is_not_believed_and_a_cut_line_are_said_in_words(both, desk, fake):
    fake.revoke(both.seed.bot_token)
    with both.running():
        wait_until(lambda: MattermostServer.objects.get().state == MattermostServer.State.REFUSED)
    shown = page(desk, both)
    assert "Refused" in shown
    assert "does not accept the token" in shown
    asked = BridgeStep.objects.filter(way="line").count()
    assert asked == 1


def _wrong_address(both, settings):
    settings.OUTBOUND_ALLOW = []


def _gone(both, settings):
    both.fake.go_down()


def _blocked(both, settings):
    both.fake.fail_next(403, "GET /users/me", times=1_000)


def _limited(both, settings):
    both.fake.fail_next(429, "GET /users/me", times=1_000)


def _failing(both, settings):
    both.fake.fail_next(502, "GET /users/me", times=1_000)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(_wrong_address, "is not on the public internet", id="address"),
        pytest.param(_gone, "cannot be reached", id="gone"),
        pytest.param(_blocked, "does not allow this", id="blocked"),
        pytest.param(_limited, "come more seldom", id="limited"),
        pytest.param(_failing, "failed with status 502", id="failing"),
    ],
)
def test_trouble_is_told_once_in_words_and_tried_again_seldom(both, desk, fake, settings, caplog, spoil, words):
    spoil(both, settings)
    with both.running():
        wait_until(lambda: MattermostServer.objects.get().state == MattermostServer.State.BROKEN)
        asked = len(fake.requests)
        assert words in page(desk, both)
        assert len(fake.requests) - asked <= 4
    told = [one for one in caplog.records if one.name.startswith("integrations.services") and words in one.getMessage()]
    assert len(told) == 1
    assert BridgeStep.objects.filter(way="line", words__contains=words).count() == 1


def test_board_is_given_the_figures_of_bridges(both):
    held(both)
    found = watched.present()
    assert {key: found[f"site/{key}"] for key in bridges.figures()} == bridges.figures()
    assert all(catalogue.known_of(f"site/{key}") for key in bridges.figures())


def test_break_is_shown_with_its_length(both):
    server = MattermostServer.objects.get()
    setup.note_state(server_id=server.pk, state="connected")
    setup.note_state(server_id=server.pk, state="broken", error="The server stopped answering.")
    setup.note_state(server_id=server.pk, state="broken", error="The server stopped answering.")
    BridgePulse.objects.update(broke_at=timezone.now() - timedelta(seconds=61))
    setup.note_state(server_id=server.pk, state="connected")
    pulse = BridgePulse.objects.get()
    assert 61_000 <= (pulse.break_ms or 0) < 100_000
    words = list(BridgeStep.objects.order_by("pk").values_list("words", flat=True))
    assert words == ["Connected", "The server stopped answering.", "Connected again after 1 min"]


def test_curves_stay_in_their_box():
    made = curve([0, 5, 10])
    assert made.line == "M0.0 100.0 L300.0 50.0 L600.0 0.0"
    assert curve([], top=3).line == ""
    assert [round_top(value) for value in (1, 3, 10, 11, 480)] == [1, 5, 10, 20, 500]


@pytest.fixture(autouse=True)
def _closed():
    yield
    threads.close()


def test_token_does_not_wait_in_the_session_while_a_password_is_asked(both, client):
    client.force_login(factories.make_person("chief", password="northwind-7", is_superuser=True, is_staff=True))
    path = reverse("admin:integrations_mattermostserver_add")
    sent = client.post(path, {"name": "Other", "url": both.fake.url, "token": both.seed.bot_token})
    assert sent["Location"].startswith("/account/reauthenticate/")
    waits = str(dict(client.session))
    assert "Other" in waits
    assert both.seed.bot_token not in waits
