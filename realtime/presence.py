"""Who is here: each process holds a lease for each of its people; a lease that ends means they went.

Consumers tell the roster of sockets that come, go or fall idle; selectors ask `states`; the leased service
`sweeper` finds what a killed process left. PRESENCE_HOOK tells the rooms. Never waits on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from realtime import threads
from realtime.hub import hub
from realtime.models import Presence
from realtime.socket import Socket

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=45)
RENEW_SECONDS: Final = 15
SWEEP_SECONDS: Final = 5
GRACE_SECONDS: Final = 4.0
"""A reload closes one socket and opens the next: only after this long is somebody gone."""


class Roster:
    """The people of this process and the state of their sockets."""

    def __init__(self) -> None:
        self._sockets: dict[int, dict[Socket, str]] = {}
        self._told: dict[int, str] = {}
        self._checks: dict[int, asyncio.TimerHandle] = {}
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
            self._sockets, self._told, self._checks = {}, {}, {}
            self._spawn_renewal()

    def _spawn_renewal(self) -> None:
        task = asyncio.get_running_loop().create_task(self._renew_forever())
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
        state = self._state(user_id)
        if self._told.get(user_id, "offline") == state:
            return
        if state == "offline":
            self._told.pop(user_id, None)
        else:
            self._told[user_id] = state
        task = asyncio.get_running_loop().create_task(self._tell(user_id, state))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, user_id: int, state: str) -> None:
        try:
            changed = await threads.write(_record, user_id=user_id, process=hub.process, state=state)
            if changed is not None:
                await threads.read(announce, user_id=user_id, state=changed)
        except Exception:
            logger.exception("The presence of user %s could not be recorded", user_id)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if self._told:
                    await threads.write(_renew, process=hub.process, states=dict(self._told))
            except Exception:
                logger.exception("The presence of %d people could not be renewed", len(self._told))

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
def _record(*, user_id: int, process: str, state: str) -> str | None:
    """Writes what this process knows; returns the person's state over all processes when that changed."""
    before = states([user_id]).get(user_id, "offline")
    own = Presence.objects.filter(user_id=user_id, process=process)
    if state == "offline":
        own.delete()
    else:
        until = timezone.now() + LEASE
        Presence.objects.update_or_create(user_id=user_id, process=process, defaults={"state": state, "until": until})
    after = states([user_id]).get(user_id, "offline")
    return after if after != before else None


@transaction.atomic
def _renew(*, process: str, states: dict[int, str]) -> None:
    until = timezone.now() + LEASE
    rows = [Presence(user_id=user, process=process, state=state, until=until) for user, state in states.items()]
    Presence.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user_id", "process"],
        update_fields=["state", "until"],
        batch_size=500,
    )


def states(user_ids: Iterable[int]) -> dict[int, str]:
    """Online or idle of those who are here, over all processes; who is missing is offline."""
    found: dict[int, str] = {}
    rows = Presence.objects.filter(user_id__in=list(user_ids), until__gt=timezone.now())
    for user_id, state in rows.values_list("user_id", "state"):
        if found.get(user_id) != Presence.State.ONLINE:
            found[user_id] = state
    return found


def announce(*, user_id: int, state: str) -> None:
    """Tells whoever shares a room with the person, through the hook that knows the rooms."""
    if settings.PRESENCE_HOOK:
        import_string(settings.PRESENCE_HOOK)(user_id=user_id, state=state)


@transaction.atomic
def _expire() -> list[int]:
    """Deletes leases that ran out; returns the people who have none left."""
    over = Presence.objects.filter(until__lte=timezone.now())
    people = set(over.values_list("user_id", flat=True))
    if people:
        over.delete()
    return sorted(people - set(states(people)))


async def sweeper() -> None:
    """Background service: finds people whose process died without a word."""
    while True:
        for user_id in await threads.write(_expire):
            await threads.read(announce, user_id=user_id, state="offline")
        await asyncio.sleep(SWEEP_SECONDS)


roster = Roster()
