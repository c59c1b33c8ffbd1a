"""Snapshots belong to one moment, and nobody waits for them."""

import threading
import time

import pytest
from django.db import connection, connections, transaction

from chat import selectors, services
from chat.models import Message
from chat.selectors import one_moment
from tests import factories
from tests.chat.conftest import head, topic_of
from tests.factories import say

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def elsewhere(call):
    """Runs the call on a thread with a connection of its own; returns its result and its seconds."""
    results = []

    def run():
        start = time.monotonic()
        try:
            results.append((call(), time.monotonic() - start))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert results, "the call did not end"
    return results[0]


def test_a_snapshot_that_is_being_read_keeps_no_writer_waiting(mina, teo, room):
    with one_moment():
        before = selectors.room_snapshot(actor=teo, room_id=room.pk)
        _, seconds = elsewhere(lambda: say(mina, room, "meanwhile"))
        assert seconds < 5
        again = selectors.room_snapshot(actor=teo, room_id=room.pk)
    assert again == before
    after = selectors.room_snapshot(actor=teo, room_id=room.pk)
    assert (after.as_of_seq, after.messages[-1].body) == (before.as_of_seq + 1, "meanwhile")


def test_a_writer_in_the_middle_of_its_work_keeps_no_snapshot_waiting(mina, teo, room):
    with transaction.atomic():
        say(mina, room, "not yet")
        seen, seconds = elsewhere(lambda: selectors.home_snapshot(actor=teo))
    assert seconds < 5
    assert seen.rooms[0].unread == 0
    assert selectors.home_snapshot(actor=teo).rooms[0].unread == 1


def test_the_head_of_a_snapshot_is_always_that_of_its_last_message(mina, teo, room):
    stop = threading.Event()

    def talk():
        try:
            while not stop.is_set():
                say(mina, room)
        finally:
            connection.close()

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        for _ in range(60):
            seen = selectors.room_snapshot(actor=teo, room_id=room.pk)
            assert seen.as_of_seq == seen.messages[-1].seq
            [summary] = selectors.home_snapshot(actor=teo).rooms
            assert summary.last_message is None or summary.head_seq == summary.last_message.seq
    finally:
        stop.set()
        thread.join()


def test_nothing_can_be_written_in_a_moment_on_postgresql(mina, room):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's deferred transaction would take the lock then")
    with pytest.raises(Exception, match="read-only"), one_moment():
        say(mina, room)


def test_writers_go_on_taking_the_lock_at_once_after_a_moment(mina, room):
    selectors.room_snapshot(actor=mina, room_id=room.pk)
    if connection.vendor == "sqlite":
        assert vars(connections["default"])["transaction_mode"] == "IMMEDIATE"
    with transaction.atomic():
        assert services.set_read(actor=mina, room_id=room.pk, seq=head(topic_of(room))).seq == 0
    assert Message.objects.filter(room=room).exists()


def test_many_writers_lose_nothing_and_leave_no_gap(mina, room):
    people = [factories.make_person() for _ in range(6)]
    for person in people:
        services.join_room(actor=person, room_id=room.pk)
    before = head(topic_of(room))

    def talk(person):
        try:
            for _ in range(10):
                say(person, room)
        finally:
            connection.close()

    threads = [threading.Thread(target=talk, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seqs = Message.objects.filter(room=room, seq__gt=before).order_by("seq").values_list("seq", flat=True)
    assert list(seqs) == list(range(before + 1, before + 61))
