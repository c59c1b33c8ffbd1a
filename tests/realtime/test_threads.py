"""Where services run: group commit with a savepoint each, answers after the commit, broken connections dropped."""

import asyncio
import threading

import pytest
from django.db import OperationalError, connection, transaction

from realtime import threads
from realtime.models import Topic
from realtime.protocol import Refused

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


@transaction.atomic
def create(key, fail=False):
    Topic.objects.create(key=key)
    if fail:
        raise Refused("forbidden")
    return key


def keys():
    return sorted(Topic.objects.filter(key__startswith="t").values_list("key", flat=True))


async def test_services_that_wait_together_fail_alone():
    jobs = [threads.write(create, f"t{n}", fail=n % 3 == 0) for n in range(9)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(answer, Refused) for answer in answers] == [n % 3 == 0 for n in range(9)]
    assert await threads.read(keys) == ["t1", "t2", "t4", "t5", "t7", "t8"]


async def test_services_of_one_topic_share_a_transaction_and_fail_alone():
    jobs = [threads.write_to("room:1", create, f"t{n}", fail=n % 3 == 0) for n in range(9)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(answer, Refused) for answer in answers] == [n % 3 == 0 for n in range(9)]
    assert await threads.read(keys) == ["t1", "t2", "t4", "t5", "t7", "t8"]
    assert not threads.more_to_come()


async def test_an_answer_means_that_it_is_stored():
    await threads.write(create, "t1")
    assert await threads.read(keys) == ["t1"]


async def test_a_database_error_in_one_service_spares_the_others():
    jobs = [threads.write(create, key) for key in ("t1", "t1", "t2")]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert sorted(answer for answer in answers if isinstance(answer, str)) == ["t1", "t2"]
    assert await threads.read(keys) == ["t1", "t2"]


async def test_a_service_whose_caller_went_away_before_it_began_is_not_run(settings):
    gate = threading.Event()
    running = [asyncio.ensure_future(threads.write(gate.wait, 10)) for _ in range(settings.REALTIME_WRITE_THREADS)]
    await asyncio.sleep(0.1)
    waiting = asyncio.ensure_future(threads.write(create, "t1"))
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(*running)
    assert await threads.read(keys) == []


async def test_a_dead_connection_is_replaced_by_the_next_call():
    def die():
        connection.ensure_connection()
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError):
        await threads.read(die)
    assert await threads.read(keys) == []


async def together(*jobs):
    """Answers of services that wait at the same time."""
    gate = threading.Event()
    running = asyncio.ensure_future(threads.write(gate.wait, 10))
    await asyncio.sleep(0.1)
    waiting = [asyncio.ensure_future(job) for job in jobs]
    await asyncio.sleep(0.1)
    gate.set()
    await running
    return await asyncio.gather(*waiting, return_exceptions=True)


def create_without_transaction(key):
    Topic.objects.create(key=key)


async def test_nobody_is_told_that_something_is_stored_which_the_group_took_back():
    answers = await together(
        threads.write(create, "t1"), threads.write(create_without_transaction, "t1"), threads.write(create, "t2")
    )
    assert {answer for answer in answers if isinstance(answer, str)} <= set(await threads.read(keys))


@transaction.atomic
def create_and_call(key, callback):
    transaction.on_commit(callback)
    return create(key)


@pytest.mark.allow_logged_errors("what follows a commit fails on purpose")
async def test_a_callback_that_fails_after_the_commit_silences_nobody():
    heard = []
    answers = await together(
        threads.write(create_and_call, "t1", lambda: 1 / 0),
        threads.write(create_and_call, "t2", lambda: heard.append("t2")),
    )
    assert (answers[1], heard) == ("t2", ["t2"])
    assert await threads.read(keys) == ["t1", "t2"]
