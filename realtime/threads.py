"""Where synchronous services and selectors run: the only bridge between the event loop and the ORM.

Consumers, presence and background services call `read` and `write`. On SQLite one thread runs the waiting services
in one transaction, each in its own savepoint (group commit: twice the messages a second); on PostgreSQL a pool of
threads does better. Never decides anything; connections of these threads stay open.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

BATCH_SERVICES = 64
"""Services that share one transaction at most: bounds how long the first waits for the last."""


class Pool:
    """A few threads with database connections of their own."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def submit(self, call: Callable[[], R]) -> Future[R]:
        """Runs `call` on one of the threads."""
        return self._executor.submit(_guarded, call)

    def close(self) -> None:
        """Closes the threads with their connections."""
        gate = threading.Barrier(self._threads)
        for _ in range(self._threads):
            self._executor.submit(_close_together, gate)
        self._executor.shutdown(wait=True)


class GroupWriter:
    """One thread that runs all services that wait in one transaction."""

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], R]) -> Future[R]:
        """Runs `call` with whatever else waits; its future is done after the commit."""
        future: Future[R] = Future()
        self._queue.put((future, call))
        return future

    def close(self) -> None:
        """Finishes what waits, closes the connection and the thread."""
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _run(self) -> None:
        ending = False
        while not ending:
            first = self._queue.get()
            batch = [first] if first else []
            ending = first is None
            while not ending and len(batch) < BATCH_SERVICES and not self._queue.empty():
                item = self._queue.get()
                ending = item is None
                batch += [item] if item else []
            # Who no longer waits for the answer is not run; from here on a call cannot be cancelled.
            batch = [item for item in batch if item[0].set_running_or_notify_cancel()]
            if batch:
                self._commit(batch)
        connection.close()

    def _commit(self, batch: list[tuple[Future[Any], Callable[[], Any]]]) -> None:
        done: list[Callable[[], None]] = []
        try:
            if len(batch) == 1:
                done.append(_settle(*batch[0]))
            else:
                with transaction.atomic():
                    done = [_settle(future, call) for future, call in batch]
                    _check_group()
        except Exception as error:  # noqa: BLE001 - a failed commit is the answer to everybody in it
            _drop_broken_connection(error)
            for future, _ in batch:
                future.set_exception(error)
            return
        for settle in done:
            settle()


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


def _settle(future: Future[Any], call: Callable[[], Any]) -> Callable[[], None]:
    """Runs `call`; returns how to tell its caller once the transaction is committed."""
    try:
        result = call()
    except Exception as error:  # noqa: BLE001 - the caller's answer, whatever it is
        _drop_broken_connection(error)
        failure = error
        return lambda: future.set_exception(failure)
    return lambda: future.set_result(result)


def _guarded(call: Callable[[], R]) -> R:
    try:
        return call()
    except (OperationalError, InterfaceError) as error:
        _drop_broken_connection(error)
        raise


def _drop_broken_connection(error: Exception) -> None:
    # A server that was restarted leaves a dead connection; the next call opens another.
    if isinstance(error, OperationalError | InterfaceError) and not connection.in_atomic_block:
        connection.close()


def _close_together(gate: threading.Barrier) -> None:
    connection.close()
    gate.wait(timeout=30)


class _Threads:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reader: Pool | None = None
        self.writer: Pool | GroupWriter | None = None
        self.computer: ThreadPoolExecutor | None = None


_threads = _Threads()


def _reader() -> Pool:
    with _threads.lock:
        if _threads.reader is None:
            _threads.reader = Pool("collab-read", settings.REALTIME_READ_THREADS)
        return _threads.reader


def _writer() -> Pool | GroupWriter:
    with _threads.lock:
        if _threads.writer is None:
            lite = connection.vendor == "sqlite"
            _threads.writer = (
                GroupWriter("collab-write") if lite else Pool("collab-write", settings.REALTIME_WRITE_THREADS)
            )
        return _threads.writer


async def read(selector: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs a selector on a reader thread and answers its result or its error."""
    return await asyncio.wrap_future(_reader().submit(lambda: selector(*args, **kwargs)))


async def write(service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs a service on the writer; answers after its commit.

    The service must be atomic by itself (`@transaction.atomic`): others may share its transaction.
    """
    return await asyncio.wrap_future(_writer().submit(lambda: service(*args, **kwargs)))


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
