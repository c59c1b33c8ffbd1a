"""A background service at work while a test looks, on a loop and a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from realtime import threads

PATIENCE_SECONDS = 120.0


@contextmanager
def at_work(service: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[Future[None]]:
    """Runs it; at the end it is cancelled and waited for, as when a process stops."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    task = asyncio.run_coroutine_threadsafe(service(), loop)
    try:
        yield task
    finally:
        task.cancel()

        async def settle() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.to_thread(threads.close)

        asyncio.run_coroutine_threadsafe(settle(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()
