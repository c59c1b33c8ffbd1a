"""Where synchronous services and selectors run: the only bridge between the event loop and the ORM.

Consumers, presence and background services call `read` and `write`. Services that wait for the same lock run in one
transaction, each in its own savepoint (group commit): on SQLite all of them, on PostgreSQL those of one topic.
Never decides anything; connections of these threads stay open.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from realtime import group as groups

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

BATCH_SERVICES = 64
"""Services that share one transaction at most: bounds how long the first waits for the last."""

CLOSE_SECONDS = 30


class Call:
    """One service or selector on its way to a thread, and its answer on the way back. Made on the loop.

    Attributes:
        topic: what it locks, and nothing else; "" says nothing.
        actor: id of whose service it is, if its topic is known.
    """

    __slots__ = ("actor", "error", "future", "loop", "result", "run", "topic")

    def __init__(self, run: Callable[[], Any], *, topic: str = "", actor: int = 0) -> None:
        self.run = run
        self.topic = topic
        self.actor = actor
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def perform(self) -> None:
        """Runs it and keeps what came of it; once more after a group was taken back."""
        self.result = self.error = None
        try:
            self.result = self.run()
        except Exception as error:  # noqa: BLE001 - the caller's answer, whatever it is
            self.error = error
            _drop_broken_connection(error)

    def resolve(self) -> None:
        """Answers on the loop, unless nobody waits any more."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def _answer(calls: list[Call]) -> None:
    """Wakes each loop once for all the answers: to wake it for every single one costs more than the answer."""
    for loop in {call.loop for call in calls}:
        own = [call for call in calls if call.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve_all, own)


def _resolve_all(calls: list[Call]) -> None:
    for call in calls:
        call.resolve()


class Pool:
    """A few threads with database connections of their own."""

    def __init__(self, name: str, threads: int) -> None:
        # Not ThreadPoolExecutor: the locks in each of its futures cost as much as a small query.
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}_{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, job: Callable[[], None]) -> None:
        """Runs a job, which raises nothing, on one of the threads."""
        self._jobs.put(job)

    def submit(self, call: Call) -> None:
        """Runs a call by itself."""
        self.put(lambda: _run_alone(call))

    def close(self) -> None:
        """Finishes what waits, closes the connections and the threads."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=CLOSE_SECONDS)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        connection.close()


class Writer:
    """Runs services; those of a group run one after the other, as many as wait in one transaction."""

    def __init__(self, name: str, threads: int, *, one_group: bool) -> None:
        self._pool = Pool(name, threads)
        self._one_group = one_group
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Call]] = {}
        self.not_begun = 0
        """Services of groups that no thread has taken yet."""

    def submit(self, call: Call) -> None:
        """Runs a call with whatever else of its group waits, and answers after the commit."""
        if not call.topic and not self._one_group:
            self._pool.submit(call)
            return
        group = "" if self._one_group else call.topic
        with self._lock:
            self.not_begun += 1
            waiting = self._waiting.get(group)
            if waiting is not None:
                waiting.append(call)
                return
            self._waiting[group] = deque([call])
        self._pool.put(lambda: self._run_group(group))

    def close(self) -> None:
        """Finishes what waits, closes the connections and the threads."""
        deadline = time.monotonic() + CLOSE_SECONDS
        while self._waiting and time.monotonic() < deadline:
            time.sleep(0.01)  # the pool's threads take what waits; nothing is told when the last is done
        self._pool.close()

    def _run_group(self, group: str) -> None:
        """One transaction of the group; the next one waits behind what others want of the threads."""
        with self._lock:
            waiting = self._waiting[group]
            if not waiting:
                del self._waiting[group]
                return
            batch = [waiting.popleft() for _ in range(min(len(waiting), BATCH_SERVICES))]
            self.not_begun -= len(batch)
        # Who no longer waits for the answer is not run.
        batch = [call for call in batch if not call.future.cancelled()]
        if len(batch) == 1:
            _run_alone(batch[0])
        elif batch:
            _commit(batch)
        self._pool.put(lambda: self._run_group(group))


def _run_alone(call: Call) -> None:
    if not call.future.cancelled():
        call.perform()
        _answer([call])


def _commit(batch: list[Call]) -> None:
    try:
        try:
            _perform_together(batch)
        except groups.Spoilt:
            # Nothing is stored yet: each once more, in a savepoint of its own, so that an error finds its owner.
            _perform_plainly(batch)
    except Exception as error:  # noqa: BLE001 - a failed commit is the answer to everybody in it
        _drop_broken_connection(error)
        for call in batch:
            call.error = error
    _answer(batch)


def _perform_together(batch: list[Call]) -> None:
    company: dict[str, list[int]] = {}
    for call in batch:
        if call.actor:
            company.setdefault(call.topic, []).append(call.actor)
    with transaction.atomic():
        with groups.put_off(company):
            for call in batch:
                call.perform()
        _check_group()


def _perform_plainly(batch: list[Call]) -> None:
    with transaction.atomic():
        for call in batch:
            call.perform()
        _check_group()


def _check_group() -> None:
    """The last look before the commit of a group, which Django would turn into a silent rollback in some cases.

    Raises:
        TransactionManagementError: a service without a transaction of its own, or a full disk, spoiled the group.
    """
    if connection.needs_rollback:
        raise transaction.TransactionManagementError("the group of services was rolled back")
    # A callback that fails must not keep those of the others from running: each is robust, which the stubs do not know.
    callbacks: list[Any] = connection.run_on_commit
    connection.run_on_commit = [(savepoints, call, True) for savepoints, call, _ in callbacks]  # type: ignore[misc]


def _drop_broken_connection(error: Exception) -> None:
    # A server that was restarted leaves a dead connection; the next call opens another.
    if isinstance(error, OperationalError | InterfaceError) and not connection.in_atomic_block:
        connection.close()


class _Threads:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reader: Pool | None = None
        self.writer: Writer | None = None
        self.computer: ThreadPoolExecutor | None = None


_threads = _Threads()


def _reader() -> Pool:
    if (pool := _threads.reader) is not None:
        return pool
    with _threads.lock:
        if _threads.reader is None:
            _threads.reader = Pool("collab-read", settings.REALTIME_READ_THREADS)
        return _threads.reader


def _writer() -> Writer:
    if (writer := _threads.writer) is not None:
        return writer
    with _threads.lock:
        if _threads.writer is None:
            # SQLite has one lock for all writers, so one thread of ours holds it for everybody who waits.
            lite = connection.vendor == "sqlite"
            _threads.writer = Writer("collab-write", 1 if lite else settings.REALTIME_WRITE_THREADS, one_group=lite)
        return _threads.writer


async def read(selector: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs a selector on a reader thread and answers its result or its error."""
    call = Call(lambda: selector(*args, **kwargs))
    _reader().submit(call)
    result: R = await call.future
    return result


async def write(service: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs a service on the writer; answers after its commit.

    The service must be atomic by itself (`@transaction.atomic`): others may share its transaction.
    """
    return await write_to("", service, *args, **kwargs)


async def write_to(topic: str, service: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """As `write`, for a service that locks this topic and no other: those that wait for it share transactions.

    A service that locks more must not come here: two groups that hold one topic and want the other's would block.
    """
    actor = getattr(kwargs.get("actor"), "pk", 0) if topic else 0
    call = Call(lambda: service(*args, **kwargs), topic=topic, actor=actor)
    _writer().submit(call)
    result: R = await call.future
    return result


def more_to_come() -> bool:
    """Whether services wait whose events will follow within a transaction's time."""
    return _threads.writer is not None and _threads.writer.not_begun > 0


async def compute(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs pure work that takes milliseconds (rendering) off the loop and off the database threads."""
    with _threads.lock:
        if _threads.computer is None:
            _threads.computer = ThreadPoolExecutor(2, thread_name_prefix="collab-compute")
        executor = _threads.computer
    return await asyncio.get_running_loop().run_in_executor(executor, lambda: function(*args, **kwargs))


def close() -> None:
    """Finishes what waits and closes all threads and their connections; the next call starts new ones."""
    with _threads.lock:
        workers = [_threads.reader, _threads.writer]
        computer = _threads.computer
        _threads.reader = _threads.writer = _threads.computer = None
    for worker in workers:
        if worker is not None:
            worker.close()
    if computer is not None:
        computer.shutdown(wait=True)
