"""The process that writes an answer is killed, told to stop, or is another than the one that is asked to stop it."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.fake.server import FakeOpenAI
from tests.assistant.hearing import ended, made
from tests.cluster import Process, connected, running
from tests.faults.cast import Cast

pytestmark = [pytest.mark.fault, pytest.mark.stack]

KEY = "sk-test-0123456789abcdef"
FOUND_SECONDS = 35
STOP_SECONDS = 20
"""A second is what it takes; a loaded machine may take more."""
BEGUN = "Let me think about that. "


@pytest.fixture
def provider() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(key=KEY) as fake:
        yield fake


@pytest.fixture
def cluster(module_environment: dict[str, str], provider: FakeOpenAI, cast: Cast) -> Iterator[list[Process]]:
    """Two processes that ask the scripted provider."""
    environment = {
        **module_environment,
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": KEY,
        "ASSISTANT_MODEL": "fake-1",
        "ASSISTANT_DEMO": "0",
    }
    with running(environment, count=2) as processes:
        yield processes


async def ask(socket: Any, cast: Cast, body: str = "@assistant Why?") -> dict[str, Any]:
    """Asks, and returns the answer as it was made."""
    sent = await socket.command("message.send", {"cid": str(uuid.uuid4()), "body": body}, topic=cast.topic)
    assert sent["type"] == "ack", sent
    return await made(socket)


async def heard(socket: Any, chars: int) -> str:
    text = ""
    while len(text) < chars:
        text += (await socket.expect("run.delta"))["data"]["text"]
    return text


@contextlib.asynccontextmanager
async def both(cluster: list[Process], cast: Cast) -> Any:
    """A member on each process, in the room."""
    async with connected(cluster[0], cast.keys[0]) as here, connected(cluster[1], cast.keys[1]) as there:
        for socket in (here, there):
            await socket.subscribe(**{f"room_{cast.room_id}": None})
        yield here, there


async def test_an_answer_is_stopped_from_another_process(cluster, cast, provider):
    provider.hang(BEGUN)
    async with both(cluster, cast) as (here, there):
        answer = await ask(here, cast)
        await heard(here, len(BEGUN) - 1)
        begun = time.monotonic()
        done = await there.command("run.stop", {"run": answer["run"]["id"]}, topic=cast.topic)
        assert done["type"] == "ack", done
        for socket in (here, there):
            told = await ended(socket)
            assert (told["run"]["state"], told["run"]["stopped_by"]) == ("stopped", cast.ids[1])
            assert told["body"].startswith(BEGUN.strip())
        assert time.monotonic() - begun < STOP_SECONDS


async def test_the_answer_of_a_killed_process_is_found_and_can_be_asked_again(cluster, cast, provider):
    provider.hang(BEGUN)
    async with both(cluster, cast) as (here, there):
        answer = await ask(here, cast)
        await heard(here, len(BEGUN) - 1)
        await kept(there, cast, answer)
        begun = time.monotonic()
        await asyncio.to_thread(cluster[0].kill)
        told = await patiently(there, answer, seconds=FOUND_SECONDS + STOP_SECONDS)
        assert time.monotonic() - begun < FOUND_SECONDS + STOP_SECONDS
        assert told["run"]["state"] == "interrupted"
        assert told["body"].startswith(BEGUN.strip())
        assert told["run"]["problem"]
        provider.say("Because.")
        data = {"cid": str(uuid.uuid4()), "message": answer["id"]}
        again = await there.command("run.repeat", data, topic=cast.topic)
        assert again["type"] == "ack", again
        end = await ended(there)
        assert (end["message"], end["body"], end["run"]["answers"]) == (answer["id"], "Because.", 2)


async def kept(socket: Any, cast: Cast, answer: dict[str, Any]) -> None:
    """Waits until what was said is in the database: a snapshot has it."""
    from asgiref.sync import sync_to_async

    from assistant.models import Run

    deadline = time.monotonic() + STOP_SECONDS
    while BEGUN.strip() not in (await sync_to_async(Run.objects.get)(pk=answer["run"]["id"])).text:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def patiently(socket: Any, answer: dict[str, Any], *, seconds: float) -> dict[str, Any]:
    """The end of a run, however long nothing is heard before."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await ended(socket, message=answer["id"])
        except TimeoutError:
            assert time.monotonic() < deadline, "nobody found the lost run"


async def test_a_process_that_is_told_to_end_keeps_what_was_written(cluster, cast, provider):
    provider.hang(BEGUN)
    async with both(cluster, cast) as (here, there):
        answer = await ask(here, cast)
        await heard(here, len(BEGUN) - 1)
        stopping = asyncio.create_task(asyncio.to_thread(cluster[0].stop))
        told = await patiently(there, answer, seconds=FOUND_SECONDS)
        assert told["run"]["state"] == "interrupted"
        assert told["body"].startswith(BEGUN.strip())
        assert await stopping < FOUND_SECONDS


async def test_another_process_goes_on_with_what_was_not_begun(cluster, cast, provider):
    provider.hang()
    provider.say("Because.")
    async with both(cluster, cast) as (here, there):
        answer = await ask(here, cast)
        deadline = time.monotonic() + STOP_SECONDS
        while not provider.requests:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        stopping = asyncio.create_task(asyncio.to_thread(cluster[0].stop))
        told = await patiently(there, answer, seconds=2 * FOUND_SECONDS)
        await stopping
        assert (told["run"]["state"], told["body"]) == ("done", "Because.")


async def test_questions_on_two_processes_are_answered_one_by_one(cluster, cast, provider):
    for number in range(6):
        provider.drip(f"Answer {number} in some words", 0.02)
    async with both(cluster, cast) as sockets:
        await asyncio.gather(*(asking(socket, cast) for socket in sockets))
        ends = [await ended(sockets[0]) for _ in range(6)]
    assert [end["body"] for end in ends] == [f"Answer {number} in some words" for number in range(6)]
    assert len({end["message"] for end in ends}) == 6


async def asking(socket: Any, cast: Cast) -> None:
    for _ in range(3):
        sent = await socket.command("message.send", {"cid": str(uuid.uuid4()), "body": "@assistant?"}, topic=cast.topic)
        assert sent["type"] == "ack", sent
