"""What a group of services puts off: nobody can tell it from services that run one after the other."""

import asyncio
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from realtime import log, threads
from realtime.models import Event, Topic
from realtime.protocol import Refused
from tests.realtime.conftest import Noted

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]
TOPIC = "room:1"


@transaction.atomic
def note(text, *, topic=TOPIC, then=lambda: None):
    seq = log.reserve(topic)
    log.append(topic=topic, seq=seq, event=Noted(text=text))
    then()
    return seq


def refuse():
    raise Refused("forbidden")


async def together(*services):
    """Answers of services that wait for the same topic at the same time; each is run once the gate is open."""
    gate = threading.Event()
    held = asyncio.ensure_future(threads.write_to(TOPIC, gate.wait, 10))
    await asyncio.sleep(0.05)
    waiting = [asyncio.ensure_future(threads.write_to(TOPIC, service)) for service in services]
    await asyncio.sleep(0.05)
    gate.set()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)


def stored(topic=TOPIC):
    """(seq, text) of what is in the log, which must end at the head."""
    entries = list(Event.objects.filter(topic=topic).order_by("seq").values_list("seq", "data"))
    head = Topic.objects.filter(key=topic).values_list("head_seq", flat=True).first() or 0
    assert [seq for seq, _ in entries] == list(range(1, head + 1))
    return [(seq, data.split('"')[3]) for seq, data in entries]


async def test_ten_services_write_their_events_in_one_statement():
    reached = []

    def watch(execute, sql, params, many, context):
        reached.append(sql.split()[0])
        return execute(sql, params, many, context)

    def begin():
        connection.execute_wrappers.append(watch)

    await together(begin, *[lambda n=n: note(f"n{n}") for n in range(10)])
    await together(lambda: connection.execute_wrappers.remove(watch))
    assert await threads.read(stored) == [(n + 1, f"n{n}") for n in range(10)]
    # The first takes the topic in its savepoint; then come all events at once, and the head.
    assert reached == ["SAVEPOINT", "INSERT", "RELEASE", "INSERT", "UPDATE"]


async def test_who_is_refused_leaves_no_hole_and_no_row():
    answers = await together(
        lambda: note("one"), lambda: note("no", then=refuse), lambda: note("two"), lambda: note("no", then=refuse)
    )
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [1, Refused, 2, Refused]
    assert await threads.read(stored) == [(1, "one"), (2, "two")]


async def test_a_first_service_that_is_refused_leaves_no_topic():
    answers = await together(lambda: note("no", then=refuse), lambda: note("no", then=refuse))
    assert {type(answer) for answer in answers} == {Refused}
    assert await threads.read(lambda: Topic.objects.filter(key=TOPIC).exists()) is False


async def test_a_service_that_reads_finds_what_others_and_itself_put_off():
    seen = []

    def look():
        seen.append((Event.objects.count(), Topic.objects.get(key=TOPIC).head_seq))

    await together(lambda: note("one"), lambda: note("two", then=look), lambda: note("three"), look)
    assert seen == [(2, 2), (3, 3)]
    assert await threads.read(stored) == [(1, "one"), (2, "two"), (3, "three")]


async def test_a_service_that_read_and_is_refused_takes_only_its_own_back():
    def look_and_refuse():
        assert Event.objects.count() == 2
        refuse()

    answers = await together(lambda: note("one"), lambda: note("no", then=look_and_refuse), lambda: note("two"))
    assert (answers[0], type(answers[1]), answers[2]) == (1, Refused, 2)
    assert await threads.read(stored) == [(1, "one"), (2, "two")]


async def test_a_service_inside_another_is_taken_back_alone():
    @transaction.atomic
    def outer():
        first = note("outer")
        with pytest.raises(Refused):
            note("inner", then=refuse)
        Topic.objects.create(key="t1")
        with pytest.raises(IntegrityError):
            note("lost", then=lambda: Topic.objects.create(key="t1"))
        return first, note("after")

    answers = await together(lambda: note("one"), outer, lambda: note("two"))
    assert answers == [1, (2, 3), 4]
    assert [text for _, text in await threads.read(stored)] == ["one", "outer", "after", "two"]


async def test_a_row_that_cannot_be_written_fails_its_own_service_only():
    @transaction.atomic
    def twice():
        log.append(topic=TOPIC, seq=log.reserve(TOPIC) - 1, event=Noted(text="twice"))

    answers = await together(lambda: note("one"), twice, lambda: note("two"))
    assert (answers[0], type(answers[1]), answers[2]) == (1, IntegrityError, 2)
    assert await threads.read(stored) == [(1, "one"), (2, "two")]


async def test_what_was_tried_twice_is_told_once():
    heard = []

    @transaction.atomic
    def twice():
        log.append(topic=TOPIC, seq=log.reserve(TOPIC) - 1, event=Noted(text="twice"))

    def tell(text):
        transaction.on_commit(lambda: heard.append(text))

    await together(lambda: note("one", then=lambda: tell("one")), twice, lambda: note("two", then=lambda: tell("two")))
    assert heard == ["one", "two"]


async def test_services_of_two_topics_each_move_their_own_head():
    @transaction.atomic
    def both(text):
        return note(text), note(text, topic="room:2")

    answers = await together(lambda: both("one"), lambda: note("two"), lambda: both("three"))
    assert answers == [(1, 1), 2, (3, 2)]
    assert await threads.read(stored) == [(1, "one"), (2, "two"), (3, "three")]
    assert await threads.read(stored, "room:2") == [(1, "one"), (2, "three")]
