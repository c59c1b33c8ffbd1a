"""The background service that takes messages to the addresses that want them, in one process of all.

Named in REALTIME_SERVICES; woken by the listener of messages, and looks every few seconds all the same. Decides
nothing: integrations.services.deliveries knows what is due and what comes of an answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from email.utils import parsedate_to_datetime
from typing import Any, Final

from integrations import payloads
from integrations.services import commands, deliveries
from integrations.services.commands import CallOrder
from integrations.services.deliveries import Order, Outcome
from integrations.signing import sign
from outbound.client import Client, Limits
from outbound.refusing import OutboundRefused
from realtime import threads
from realtime.hub import hub

logger = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Deliveries that are under way, and as many calls of commands beside them."""
LOOK_SECONDS: Final = 5.0
PRUNE_SECONDS: Final = 3600.0
LIMITS: Final = Limits(seconds=15.0, body_bytes=200_000, redirects=0)
"""Redirects are not followed: what was signed is for the address that was named."""


class _Bell:
    """Whether somebody has said something since the last look; bound to the loop on which the service runs."""

    def __init__(self) -> None:
        self.event: asyncio.Event | None = None

    def ring(self) -> None:
        """There may be something to deliver."""
        if self.event is not None:
            self.event.set()


_bell: Final = _Bell()


def wake() -> None:
    """There may be something to deliver; from any thread. Where the service runs elsewhere, it looks by itself."""
    hub.on_loop(_bell.ring)


class Hands:
    """What is under way: one delivery for each webhook and some calls of commands; nobody waits for a slow address.

    Args:
        client: connections, which the caller closes.
        bell: rung whenever a hand is free again.
    """

    def __init__(self, client: Client, bell: asyncio.Event) -> None:
        self._client, self._bell = client, bell
        self._deliveries: dict[int, asyncio.Task[None]] = {}
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._last_hook = 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._deliveries or self._calls)

    async def take(self) -> int:
        """Begins what is due, as far as hands are free; answers how many."""
        free = AT_ONCE - len(self._deliveries)
        orders = await threads.write(
            deliveries.claim_due, limit=free, busy=frozenset(self._deliveries), after=self._last_hook
        )
        for order in orders:
            self._last_hook = order.hook
            self._begin(self._deliveries, order.hook, _deliver(self._client, order))
        calls = await threads.write(commands.claim_calls, limit=AT_ONCE - len(self._calls))
        for call in calls:
            self._begin(self._calls, call.call, _call(self._client, call))
        return len(orders) + len(calls)

    def _begin(self, tasks: dict[int, asyncio.Task[None]], key: int, work: Coroutine[Any, Any, None]) -> None:
        def end(task: asyncio.Task[None]) -> None:
            del tasks[key]
            self._bell.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                # Its claim runs out; everything else goes on.
                logger.error("A webhook's delivery or a command's call broke off", exc_info=error)

        tasks[key] = asyncio.create_task(work)
        tasks[key].add_done_callback(end)

    async def drop(self) -> None:
        """Lets go of everything: its claims run out."""
        tasks = [*self._deliveries.values(), *self._calls.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def runner() -> None:
    """Delivers until it is cancelled."""
    _bell.event = asyncio.Event()
    pruned_at = 0.0
    try:
        async with Client(connections=2 * AT_ONCE) as client:
            hands = Hands(client, _bell.event)
            try:
                while True:
                    _bell.event.clear()
                    await hands.take()
                    if time.monotonic() - pruned_at > PRUNE_SECONDS:
                        pruned_at = time.monotonic()
                        await threads.write(deliveries.prune_deliveries)
                        await threads.write(commands.prune_calls)
                    await _rest(_bell.event)
            finally:
                await hands.drop()
    finally:
        _bell.event = None


async def _rest(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):  # on Python 3.11 wait_for may swallow a cancellation
            await event.wait()
    except TimeoutError:
        return


async def deliver_due(client: Client) -> int:
    """Everything that is due, each to its address; answers how many."""
    bell = asyncio.Event()
    hands, done = Hands(client, bell), 0
    try:
        while (taken := await hands.take()) or hands.busy:
            done += taken
            await bell.wait()
            bell.clear()
    finally:
        await hands.drop()
    return done


async def _call(client: Client, call: CallOrder) -> None:
    """Asks once: whoever typed it waits."""
    at = int(time.time())
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": payloads.JSON,
        "authorization": f"Token {call.secret}",
        "x-collab-timestamp": str(at),
        "x-collab-signature": sign(call.secret, at=at, body=call.body),
    }
    replies, error = [], ""
    try:
        answer = await client.fetch(call.url, method="POST", headers=headers, content=call.body, limits=LIMITS)
        if 200 <= answer.status < 300:
            kind = answer.headers.get("content-type", "")
            replies = payloads.answers_of(content_type=kind, body=answer.body)
        else:
            error = f"The address answered {answer.status}."
    except OutboundRefused as refused:
        error = refused.words
    await threads.write(commands.finish_call, call_id=call.call, replies=replies, error=error)


async def _deliver(client: Client, order: Order) -> None:
    outcome = await _send(client, order)
    await threads.write(deliveries.finish, delivery_id=order.delivery, outcome=outcome)


async def _send(client: Client, order: Order) -> Outcome:
    at = int(time.time())
    headers = {
        "content-type": payloads.JSON,
        "accept": payloads.JSON,
        "x-collab-delivery": str(order.delivery),
        "x-collab-timestamp": str(at),
        "x-collab-signature": sign(order.secret, at=at, body=order.body),
    }
    try:
        answer = await client.fetch(order.url, method="POST", headers=headers, content=order.body, limits=LIMITS)
    except OutboundRefused as refused:
        return Outcome(None, refused.words, passing=refused.passing)
    if 200 <= answer.status < 300:
        kind = answer.headers.get("content-type", "")
        return Outcome(answer.status, reply=payloads.reply_of(content_type=kind, body=answer.body))
    told = f"The address answered {answer.status}."
    return Outcome(answer.status, told, retry_after=_seconds(answer.headers.get("retry-after", "")))


def _seconds(header: str) -> float | None:
    """Retry-After: seconds, or a date."""
    if header.isascii() and header.isdigit() and len(header) < 10:
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
