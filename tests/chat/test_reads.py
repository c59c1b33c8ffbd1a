"""Read marks and what is unread."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import selectors, services
from chat.selectors.counts import counts_of
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import head, last_event
from tests.factories import say

pytestmark = pytest.mark.stack


def unread(user, room) -> tuple[int, int]:
    [counts] = counts_of(user.pk, room_id=room.pk)
    return counts.unread, counts.mentions


def test_what_others_say_is_unread_and_what_one_says_is_not(mina, teo, room):
    say(mina, room)
    say(mina, room, "@teo")
    say(teo, room)
    assert (unread(teo, room), unread(mina, room)) == ((2, 1), (1, 0))


def test_system_lines_and_deleted_messages_are_not_counted(mina, teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    message = say(mina, room, "@teo")
    services.delete_message(actor=mina, room_id=room.pk, message_id=message.pk)
    assert unread(teo, room) == (0, 0)


def test_a_reply_in_a_thread_counts_only_as_a_mention_or_when_it_is_sent_to_the_room(mina, teo, room):
    root = say(teo, room)
    say(mina, room, "just here", thread=root.pk)
    assert unread(teo, room) == (0, 0)
    say(mina, room, "@teo here", thread=root.pk)
    assert unread(teo, room) == (0, 1)
    say(mina, room, "everywhere", thread=root.pk, also_in_room=True)
    assert unread(teo, room) == (1, 1)


def test_counting_stops_at_100(mina, teo, room):
    for _ in range(103):
        say(mina, room, "@teo")
    assert unread(teo, room) == (100, 100)


def test_reading_moves_forward_only_and_tells_the_other_tabs(mina, teo, room):
    first, second = say(mina, room, "@teo"), say(mina, room)
    seq = services.set_read(actor=teo, room_id=room.pk, seq=first.seq).seq
    told = last_event(teo.topic)
    assert (told["seq"], told["type"]) == (seq, "read.changed")
    assert told["data"] == {
        "room": room.pk,
        "head_seq": second.seq,
        "last_read_seq": first.seq,
        "unread": 1,
        "mentions": 0,
    }
    before = head(teo.topic)
    assert services.set_read(actor=teo, room_id=room.pk, seq=first.seq).seq == 0
    assert services.set_read(actor=teo, room_id=room.pk, seq=1).seq == 0
    assert head(teo.topic) == before
    services.set_read(actor=teo, room_id=room.pk, seq=second.seq)
    assert unread(teo, room) == (0, 0)


def test_nobody_reads_what_was_not_said_yet(mina, teo, room):
    message = say(mina, room)
    services.set_read(actor=teo, room_id=room.pk, seq=10**12)
    assert last_event(teo.topic)["data"]["last_read_seq"] == message.seq
    say(mina, room)
    assert unread(teo, room) == (1, 0)


def test_reading_is_for_members(ines, room, secret):
    for target in (room, secret):
        with pytest.raises(Refused, match="not_found"):
            services.set_read(actor=ines, room_id=target.pk, seq=1)
    with pytest.raises(Refused, match="invalid"):
        services.set_read(actor=ines, room_id=room.pk, seq=-1)


def test_the_home_of_many_rooms_costs_as_many_queries_as_that_of_one(mina, teo):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            selectors.home_snapshot(actor=teo)
        return len(captured)

    say(mina, factories.make_room(mina, teo), "one")
    factories.make_direct(mina, teo)
    one = queries()
    for number in range(10):
        say(mina, factories.make_room(mina, teo, name=f"Room {number}"), "@teo")
    factories.make_direct(mina, teo, factories.make_person())
    assert queries() == one
    assert one <= 13
