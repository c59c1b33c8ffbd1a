"""The background service that forgets which wishes were fulfilled, in one process of all.

Named in REALTIME_SERVICES. Decides nothing: api.services knows what is old.
"""

from __future__ import annotations

import asyncio
from typing import Final

from api import services
from realtime import threads

EVERY_SECONDS: Final = 3_600


async def keeper() -> None:
    """Prunes once an hour until it is cancelled."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await threads.write(services.prune_keys)
