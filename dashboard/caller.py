"""The background service that tells addresses of rules what their alerts say, in one process of all.

Named in REALTIME_SERVICES and run under a lease. Decides nothing: dashboard.services.calls says what is due and what
becomes of a failure. An address may hear the same alert twice when whoever called it was killed before noting it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from django.db import DatabaseError, InterfaceError

from dashboard.services import alerts, calls
from dashboard.services.calls import Due
from outbound.client import Client, Limits
from outbound.dialing import site_policy
from outbound.refusing import OutboundRefused
from realtime import threads

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 2.0
PRUNE_ROUNDS: Final = 1_800
LIMITS: Final = Limits(seconds=10, body_bytes=65_536)
"""Shorter than calls are held."""
OK: Final = range(200, 300)
PASSING: Final = frozenset({408, 425, 429, *range(500, 600)})


async def caller() -> None:
    """Runs until cancelled."""
    count = 0
    while True:
        try:
            await call_round()
            if count % PRUNE_ROUNDS == 0:
                await threads.write(calls.prune_calls)
                await threads.write(alerts.prune_alerts)
        except (DatabaseError, InterfaceError):
            logger.exception("Addresses of rules wait, because the database does not answer")
        count += 1
        await asyncio.sleep(ROUND_SECONDS)


async def call_round() -> None:
    """Calls what is due, all at once."""
    if await threads.read(calls.is_any_due):
        await asyncio.gather(*(_call(due) for due in await threads.write(calls.take_due)))


async def _call(due: Due) -> None:
    problem, passing = await _told(due)
    if problem:
        await threads.write(calls.note_failed, call_id=due.call, problem=problem, passing=passing)
    else:
        await threads.write(calls.note_answered, call_id=due.call)


async def _told(due: Due) -> tuple[str, bool]:
    """Why the address did not take it, and whether that may pass."""
    headers = {"content-type": "application/json"}
    try:
        async with Client(policy=site_policy(inside=due.inside)) as client:
            answer = await client.fetch(
                due.url, method="POST", headers=headers, content=due.body.encode(), limits=LIMITS
            )
    except OutboundRefused as refused:
        return refused.words, refused.passing
    if answer.status in OK:
        return "", False
    return f"It answered {answer.status}.", answer.status in PASSING
