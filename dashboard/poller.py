"""The background service that asks feeds for their numbers, in one process of all.

Named in REALTIME_SERVICES and run under a lease. Fetches through outbound, so that no feed leads into the network of
the site; decides nothing: dashboard.services.polling knows what is due and what a failure costs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from django.db import DatabaseError, InterfaceError

from dashboard.finding import find_number
from dashboard.selectors import feeds
from dashboard.services import polling
from dashboard.services.polling import Found, Question
from outbound.client import Answer, Client, Limits
from outbound.dialing import site_policy
from outbound.refusing import OutboundRefused
from realtime import threads

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 1.0
AT_ONCE: Final = 16
LIMITS: Final = Limits(seconds=8, body_bytes=262_144)
"""Shorter than the shortest interval, so that a feed is never asked twice at once."""
WAITS: Final = frozenset({429, 503})


async def poller() -> None:
    """Runs until cancelled."""
    outside = Client(connections=AT_ONCE, policy=site_policy(inside=False))
    async with Client(connections=AT_ONCE) as inside, outside:
        clients = {True: inside, False: outside}
        asking: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    await _begin(clients, asking)
                except (DatabaseError, InterfaceError):
                    logger.exception("Feeds wait, because the database does not answer")
                await asyncio.sleep(ROUND_SECONDS)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)


async def _begin(clients: Mapping[bool, Client], asking: set[asyncio.Task[None]]) -> None:
    free = AT_ONCE - len(asking)
    if not free or not await threads.read(feeds.is_any_due):
        return
    for question in await threads.write(polling.take_due, most=free):
        task = asyncio.create_task(_ask(clients[question.inside], question))
        asking.add(task)
        task.add_done_callback(asking.discard)


async def _ask(client: Client, question: Question) -> None:
    found = await ask(client, question)
    try:
        await threads.write(polling.settle, found=found)
    except (DatabaseError, InterfaceError):
        logger.exception("What feed %d said is lost, because the database does not answer", question.feed)


async def ask(client: Client, question: Question) -> Found:
    """One question and what came of it, whatever the server does."""
    if question.problem:
        return Found(question.feed, question.url, problem=question.problem)
    headers = {"accept": "application/json"}
    if question.authorization:
        headers["authorization"] = question.authorization
    try:
        answer = await client.fetch(question.url, headers=headers, limits=LIMITS)
        if not 200 <= answer.status < 300:
            problem = f"The server answered {answer.status}."
            return Found(question.feed, question.url, problem=problem, wait_seconds=_retry_after(answer))
        value = await threads.compute(find_number, answer.body, question.path)
    except OutboundRefused as refused:
        return Found(question.feed, question.url, problem=refused.words)
    except ValueError as error:
        return Found(question.feed, question.url, problem=str(error))
    return Found(question.feed, question.url, value=value)


def _retry_after(answer: Answer) -> float:
    """Seconds that a busy server asks for; a date is no number of seconds, and the usual patience has to do."""
    told = answer.headers.get("retry-after", "")
    return float(told) if answer.status in WAITS and told.isascii() and told.isdecimal() and len(told) < 6 else 0.0
