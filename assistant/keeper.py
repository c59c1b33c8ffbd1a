"""The background service that looks after runs: lost ones are ended, forgotten ones begun, missed questions asked.

Named in REALTIME_SERVICES: in one process of all. Decides nothing; what it does is safe to repeat.
"""

from __future__ import annotations

import asyncio
from typing import Final

from assistant import listeners, runner, services
from realtime import threads

ROUND_SECONDS: Final = 2.0
MISSED_ROUNDS: Final = 10
"""How often it looks for missed questions, in rounds; they are rare, and to find none costs a query."""
MENDED_ROUNDS: Final = 300


async def keeper() -> None:
    """Runs until cancelled."""
    count = 0
    while True:
        for run, holder in await threads.read(services.lost_runs):
            await threads.write(services.sweep_run, run_id=run, holder=holder)
        if count % MISSED_ROUNDS == 0:
            for message in await threads.read(services.missed_questions):
                await threads.write(listeners.answer, message=message)
        if count % MENDED_ROUNDS == 0:
            # From the start of a site on, there is somebody to mention.
            await threads.write(services.default_agent)
            await threads.write(services.mend_reservations)
            await threads.write(services.prune_logs)
        if await threads.read(services.can_claim):
            runner.wake()
        count += 1
        await asyncio.sleep(ROUND_SECONDS)
