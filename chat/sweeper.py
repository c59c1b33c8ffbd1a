"""The background service that sweeps uploads once a day, in one process of all.

Named in REALTIME_SERVICES. Decides nothing: chat.services.sweeping knows what belongs to nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from django.db import connection

from chat.services.sweeping import sweep

logger = logging.getLogger(__name__)

FIRST_SECONDS: Final = 600
"""Not while the site starts, when everybody comes at once."""
DAY_SECONDS: Final = 86_400


async def sweeper() -> None:
    """Sweeps until it is cancelled."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        removed = await asyncio.to_thread(_sweep_all)
        logger.info("Uploads swept: %s", removed)
        await asyncio.sleep(DAY_SECONDS)


def _sweep_all() -> int:
    """Runs on a thread of its own, for it may take minutes; its connection ends with it."""
    try:
        return sum(1 for _ in sweep())
    finally:
        connection.close()
