"""Who is here: each process holds a lease for each of its people; a lease that ends means they went.

Consumers tell the roster of sockets that come, go or fall idle; selectors ask `states`; the leased service
`sweeper` finds what a killed process left. PRESENCE_HOOK tells the rooms. Never waits on the event loop, and reads
the database's clock only: those of the machines may differ.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from realtime import threads
from realtime.hub import hub
from realtime.models import Presence
from realtime.socket import Socket

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=45)
RENEW_SECONDS: Final = 15
SWEEP_SECONDS: Final = 5
GATHER_SECONDS: Final = 0.05
"""Who comes within this time is recorded together: after a restart a thousand people come in one second."""
BATCH: Final = 200
GRACE_SECONDS: Final = 4.0
"""A reload closes one socket and opens the next: only after this long is somebody gone."""


class Roster:
    """The people of this process and the state of their sockets."""

    def __init__(self) -> None:
        self._sockets: dict[int, dict[Socket, str]] = {}
        self._told: dict[int, str] = {}
        self._checks: dict[int, asyncio.TimerHandle] = {}
        self._due: set[int] = set()
        self._telling = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, socket: Socket) -> None:
        """A socket came; its person counts as online."""
        self._bind()
        self.set_state(socket, Presence.State.ONLINE)

    def set_state(self, socket: Socket, state: str) -> None:
        """A tab says whether its person is there."""
        if not socket.closing:
            self._sockets.setdefault(socket.user_id, {})[socket] = state
            self._check(socket.user_id)

    def leave(self, socket: Socket) -> None:
        """A socket went."""
        own = self._sockets.get(socket.user_id)
        if own is None or own.pop(socket, None) is None:
            return
        if not own:
            del self._sockets[socket.user_id]
        timer = self._checks.pop(socket.user_id, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._checks[socket.user_id] = loop.call_later(GRACE_SECONDS, self._check, socket.user_id)

    def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._sockets, self._told, self._checks, self._due, self._telling = {}, {}, {}, set(), False
            self._spawn(self._renew_forever())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _state(self, user_id: int) -> str:
        states = self._sockets.get(user_id, {}).values()
        if not states:
            return "offline"
        return Presence.State.ONLINE if Presence.State.ONLINE in states else Presence.State.IDLE

    def _check(self, user_id: int) -> None:
        timer = self._checks.pop(user_id, None)
        if timer is not None:
            timer.cancel()
        if self._news(user_id) is not None:
            self._due.add(user_id)
            if not self._telling:
                self._telling = True
                self._spawn(self._tell())

    def _news(self, user_id: int) -> str | None:
        """The person's state here when it is not what was told; None while a reload may still bring them back."""
        state = self._state(user_id)
        return None if user_id in self._checks or state == self._told.get(user_id, "offline") else state

    async def _tell(self) -> None:
        """Records and announces who is due, everybody of a moment at once, so that the last change is what stays."""
        try:
            while self._due:
                await asyncio.sleep(GATHER_SECONDS)
                due, self._due = self._due, set()
                news = {user_id: state for user_id in due if (state := self._news(user_id)) is not None}
                self._told = {user_id: state for user_id, state in (self._told | news).items() if state != "offline"}
                await self._publish(news)
        finally:
            self._telling = False

    async def _publish(self, news: dict[int, str]) -> None:
        try:
            await threads.write(_record, process=hub.process, news=news)
            await threads.read(_announce_now, user_ids=list(news))
        except Exception:
            logger.exception("The presence of %d people could not be recorded", len(news))

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self.renew()
            except Exception:
                logger.exception("The presence of %d people could not be renewed", len(self._told))

    async def renew(self) -> None:
        """Prolongs the leases; who lost theirs, as after a long sleep of the machine, is told again."""
        lost = await threads.write(_renew, process=hub.process, told=dict(self._told)) if self._told else []
        for user_id in lost:
            self._told.pop(user_id, None)
            self._check(user_id)

    async def stop(self) -> None:
        """Ends the renewal; the leases run out by themselves."""
        for timer in self._checks.values():
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop = None


@transaction.atomic
def _record(*, process: str, news: dict[int, str]) -> None:
    """Writes what this process knows of these people (id -> state)."""
    until = Now() + LEASE
    gone = [user_id for user_id, state in news.items() if state == "offline"]
    here = [
        Presence(user_id=user_id, process=process, state=state, until=until)
        for user_id, state in sorted(news.items())
        if state != "offline"
    ]
    for start in range(0, len(gone), BATCH):
        Presence.objects.filter(process=process, user_id__in=gone[start : start + BATCH]).delete()
    Presence.objects.bulk_create(
        here,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["user_id", "process"],
        update_fields=["state", "until"],
    )


@transaction.atomic
def _renew(*, process: str, told: dict[int, str]) -> list[int]:
    """Prolongs the leases of these people (id -> state); returns those whose row is gone or says something else."""
    rows = Presence.objects.filter(process=process).values_list("user_id", "state", "pk")
    kept = {user_id: pk for user_id, state, pk in rows if told.get(user_id) == state}
    keys = list(kept.values())
    for start in range(0, len(keys), BATCH):
        Presence.objects.filter(pk__in=keys[start : start + BATCH]).update(until=Now() + LEASE)
    return [user_id for user_id in told if user_id not in kept]


def states(user_ids: Iterable[int]) -> dict[int, str]:
    """Online or idle of those who are here, over all processes; who is missing is offline."""
    found: dict[int, str] = {}
    rows = Presence.objects.filter(user_id__in=list(user_ids), until__gt=Now())
    for user_id, state in rows.values_list("user_id", "state"):
        if found.get(user_id) != Presence.State.ONLINE:
            found[user_id] = state
    return found


def here() -> set[int]:
    """Everybody who is here, online or idle, over all processes."""
    return set(Presence.objects.filter(until__gt=Now()).values_list("user_id", flat=True))


def announce(*, user_id: int, state: str) -> None:
    """Tells whoever shares a room with the person, through the hook that knows the rooms."""
    if settings.PRESENCE_HOOK:
        import_string(settings.PRESENCE_HOOK)(user_id=user_id, state=state)


def _announce_now(*, user_ids: list[int]) -> None:
    """Announces what holds over all processes; read after the commit, so of two that change it at once one is right."""
    now = states(user_ids)
    for user_id in user_ids:
        announce(user_id=user_id, state=now.get(user_id, "offline"))


@transaction.atomic
def _expire() -> list[int]:
    """Deletes leases that ran out; returns the people who have none left."""
    over = Presence.objects.filter(until__lte=Now())
    people = set(over.values_list("user_id", flat=True))
    if people:
        over.delete()
    return sorted(people - set(states(people)))


async def sweeper() -> None:
    """Background service: finds people whose process died without a word."""
    while True:
        await threads.read(_announce_now, user_ids=await threads.write(_expire))
        await asyncio.sleep(SWEEP_SECONDS)


roster = Roster()
