"""What the background service makes good: questions that nobody heard, runs that nobody begins, runs that were lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async

from assistant.keeper import keeper
from assistant.models import Run
from chat.models import Message
from realtime.hub import hub
from tests.factories import say

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("site")]

PATIENCE_SECONDS = 30


@asynccontextmanager
async def kept() -> AsyncIterator[None]:
    """The service runs in this process."""
    hub.start()
    task = asyncio.create_task(keeper())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def run_of(question: Message, state: str) -> Run:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        run = await sync_to_async(lambda: Run.objects.filter(question=question, state=state).first())()
        if run is not None:
            return run
        assert time.monotonic() < deadline, f"no run is {state}"
        await asyncio.sleep(0.05)


async def test_a_question_that_a_crash_swallowed_is_answered_once(provider, agent, mina, room, settings):
    hooks, settings.MESSAGE_POSTED_HOOKS = settings.MESSAGE_POSTED_HOOKS, []
    question = await sync_to_async(say)(mina, room, "@assistant Why?")
    settings.MESSAGE_POSTED_HOOKS = hooks
    assert not await sync_to_async(Run.objects.exists)()
    provider.say("Because.")
    async with kept():
        assert (await run_of(question, "done")).text == "Because."
    assert await sync_to_async(Run.objects.count)() == 1
    assert len(provider.requests) == 1


async def test_a_question_of_a_command_is_answered_by_a_server(provider, agent, mina, room):
    provider.say("Because.")
    question = await sync_to_async(say)(mina, room, "@assistant Why?")  # no loop runs yet, as in a command
    assert (await run_of(question, "waiting")).holder == ""
    async with kept():
        assert (await run_of(question, "done")).text == "Because."


async def test_a_lost_run_is_ended(provider, agent, mina, room):
    question = await sync_to_async(say)(mina, room, "Why?")
    lost = {"state": "streaming", "holder": "dead", "slot": 1, "lane": "room:0", "day": "2026-01-01"}
    await sync_to_async(Run.objects.create)(
        asker=mina, room=room, question=question, held_until="2026-01-01T00:00Z", text="Half", **lost
    )
    async with kept():
        run = await run_of(question, "interrupted")
    assert (run.text, run.fault) == ("Half", "interrupted")
