"""Background service: tells people what they wanted to be reminded of, when its time comes.

Named in REALTIME_SERVICES and run under a lease. Decides nothing: chat.services.reminders says what is due.
"""

from __future__ import annotations

import asyncio
from typing import Final

from chat.services.reminders import tell_due
from realtime import threads

ROUND_SECONDS: Final = 2.0


async def teller() -> None:
    """Runs until cancelled."""
    while True:
        await threads.write(tell_due)
        await asyncio.sleep(ROUND_SECONDS)
