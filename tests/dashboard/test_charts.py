"""Charts in the conversation: found by name, moving for an hour, stopped, gone with their message."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chat import selectors as chat
from chat import services as rooms
from chat.selectors.integrity import check_room
from chat.services.slash import run_slash
from dashboard.models import Chart
from dashboard.services import charts
from realtime.protocol import Refused
from tests import factories
from tests.dashboard.alerting_world import World, make_series
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def typed(actor, room, text, cid=None):
    return run_slash(actor=actor, room_id=room.pk, cid=cid or uuid4(), text=f"/chart {text}")


def shown(room, reader):
    page = chat.message_page(actor=reader, room_id=room.pk, limit=100)
    return [message for message in page.messages if message.card is not None]


def test_a_chart_is_a_message_of_whoever_asked_for_it(room, mina, teo):
    make_series("errors", room=room, kind="gauge", unit="", title="Errors per minute")
    world = World(timezone.now() - timedelta(seconds=90))
    world.tick(80, every=10, errors=3.0)
    typed(teo, room, "errors 1h")
    [message] = shown(room, mina)
    chart = message.card.chart
    assert (message.author, message.kind, message.body) == (teo.pk, "user", "Errors per minute, last hour")
    assert (chart.title, chart.seconds, chart.points[-1][1]) == ("Errors per minute", 3600, 3.0)
    assert chart.live_until > timezone.now() + timedelta(minutes=59)


def test_a_series_is_found_by_name_title_or_scope_the_rooms_own_first(room, mina):
    own = make_series("load", owner=mina)
    here = make_series("load", room=room)
    for text in ("load", "LOAD", "Load 6h"):
        typed(mina, room, text)
    typed(mina, room, "person/load")
    assert list(Chart.objects.order_by("told_at").values_list("series", flat=True)) == [here.pk] * 3 + [own.pk]


def test_what_is_not_there_is_told_with_what_is_near(room, mina):
    make_series("messages", room=room)
    with pytest.raises(Refused, match="Did you mean messages"):
        typed(mina, room, "mesages 1h")
    with pytest.raises(Refused, match="Say which series"):
        typed(mina, room, "")


def test_nobody_shows_a_room_what_they_may_not_see(room, secret, mina, teo):
    """A series of the site is for staff, one of another room or person for nobody here."""
    make_series("delivery")
    make_series("plans", room=secret)
    make_series("steps", owner=mina)
    for name in ("delivery", "plans", "steps"):
        with pytest.raises(Refused, match="There is no series"):
            typed(teo, room, name)
    teo.is_staff = True
    teo.save(update_fields=["is_staff"])
    typed(teo, room, "delivery")
    assert len(shown(room, mina)) == 1


def test_a_chart_that_is_asked_for_again_with_its_id_is_there_once(room, mina):
    make_series("errors", room=room)
    cid = uuid4()
    for _ in range(2):
        typed(mina, room, "errors", cid=cid)
    assert len(shown(room, mina)) == Chart.objects.count() == 1


def test_who_may_not_write_shows_no_chart(room, ines):
    make_series("errors", room=room)
    with pytest.raises(Refused, match="There is no series"):
        charts.post_chart(actor=ines, room_id=room.pk, cid=uuid4(), text="errors")


def test_a_chart_moves_for_an_hour_and_keeps_its_last_picture(room, mina, teo):
    make_series("errors", room=room, unit="")
    typed(teo, room, "errors 15m")
    now = timezone.now()
    world = World(now)
    world.tick(70, every=10, errors=3.0)
    world.tick(60, every=10, errors=8.0)
    [message] = shown(room, mina)
    assert message.card.chart.points[-1][1] == 8.0
    assert list(check_room(room)) == []
    world.now = now + timedelta(hours=1)
    charts.tend_charts(now=world.now)
    [message] = shown(room, mina)
    assert message.card.chart.live_until is None
    assert message.card.chart.as_of == world.now
    assert message.body.startswith("Errors, last 15 minutes, as of ")
    charts.tend_charts(now=world.now + timedelta(hours=1))
    assert shown(room, mina) == [message]


def test_anybody_who_may_write_stops_a_chart_and_lets_it_move_again(room, mina, teo, ines):
    make_series("errors", room=room)
    typed(teo, room, "errors")
    [message] = shown(room, mina)
    for live in (False, True, False):
        charts.move_chart(actor=mina, room_id=room.pk, message_id=message.id, live=live)
        assert (shown(room, mina)[0].card.chart.live_until is not None) == live
    with pytest.raises(Refused, match="not_member"):
        charts.move_chart(actor=ines, room_id=room.pk, message_id=message.id, live=True)


def test_a_chart_stops_when_its_author_may_not_see_the_series_any_more(room, mina, teo):
    make_series("delivery")
    mina.is_staff = True
    mina.save(update_fields=["is_staff"])
    typed(mina, room, "delivery 15m")
    mina.is_staff = False
    mina.save(update_fields=["is_staff"])
    charts.tend_charts(now=timezone.now() + timedelta(seconds=61))
    [message] = shown(room, teo)
    assert message.card.chart.live_until is None
    with pytest.raises(Refused, match="may not see these figures"):
        charts.move_chart(actor=teo, room_id=room.pk, message_id=message.id, live=True)


def test_a_chart_goes_with_its_message(room, teo):
    make_series("errors", room=room)
    typed(teo, room, "errors")
    rooms.delete_message(actor=teo, room_id=room.pk, message_id=shown(room, teo)[0].id)
    assert not Chart.objects.exists()
    charts.tend_charts(now=timezone.now() + timedelta(hours=2))


def test_of_many_charts_in_a_room_the_newest_move(room, teo):
    make_series("errors", room=room)
    for _ in range(charts.ROOM_LIVE + 2):
        typed(teo, room, "errors")
    moving = [one.card.chart.live_until is not None for one in shown(room, teo)]
    assert moving == [False] * 2 + [True] * charts.ROOM_LIVE


def test_chart_is_offered_to_those_who_may_write(room, teo, mina):
    factories.change(mina, room, read_only=True)
    with pytest.raises(Refused, match="may not use /chart"):
        typed(teo, room, "errors")
