"""The room's figures as the assistant reads them: its own, in words, with a place to look."""

from datetime import timedelta

import pytest

from dashboard import services
from dashboard.models import Sample
from dashboard.selectors.samples import gaps_of
from dashboard.selectors.telling import tell_figures
from dashboard.services.boards import series_ids
from dashboard.services.history import count_again
from dashboard.services.recording import database_now, record
from realtime.protocol import Refused
from tests import factories
from tests.dashboard.boarding import series_of
from tests.dashboard.test_sources import listed
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def test_the_assistant_reads_how_much_was_said(mina, room):
    record()
    ids = series_ids({f"room/{room.pk}/messages", f"room/{room.pk}/edits"})
    at = int(database_now().timestamp())
    for ago, total in ((0, 3.0), (600, 4.0)):
        Sample.objects.create(
            series_id=ids[f"room/{room.pk}/messages"], resolution=60, at=(at - ago) // 60 * 60, count=1, total=total,
            low=1, high=1, last=1, last_ms=0,
        )  # fmt: skip
    series_of(mina, name="salary")
    text, sources = tell_figures(actor=mina, room_id=room.pk, query="messages over the last 2 hours")
    assert "over the last 2 hours" in text
    assert "- messages (Messages): 7 in all" in text
    assert "Also measured here: edits." in text
    assert [(one.kind, one.label, one.url) for one in sources] == [
        ("metric", "Messages, 2 hours", f"/rooms/{room.slug}/board/")
    ]
    everything, _ = tell_figures(actor=mina, room_id=room.pk, query="what is going on")
    assert "salary" not in everything
    assert "- edits (Edits): 0 in all" in everything


def test_nobody_outside_gets_a_rooms_figures(room, secret):
    stranger = factories.make_person()
    for place, code in ((room, "not_member"), (secret, "not_found")):
        with pytest.raises(Refused) as caught:
            tell_figures(actor=stranger, room_id=place.pk, query="messages")
        assert caught.value.code == code


def test_what_was_said_before_the_site_counted_is_counted_again(mina, teo, room):
    for _ in range(3):
        factories.say(mina, room, "Hello")
    now = database_now()
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    count_again(since=now - timedelta(hours=2), now=now)
    record()
    text, _ = tell_figures(actor=teo, room_id=room.pk, query="messages 1 hour")
    assert "messages (Messages): 3 in all" in text
    tick = int(database_now().timestamp())
    assert [end - begin < 90 for begin, end in gaps_of(start=tick - 7_200, end=tick - 60, step=60)] in ([], [True])
    assert listed(mina, board, "hot-files").rows == []
