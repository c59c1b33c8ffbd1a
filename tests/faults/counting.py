"""What the fault tests of numbers share: who records, what is said, and waiting for what becomes true."""

import asyncio
import time
import uuid

from asgiref.sync import sync_to_async

from dashboard.models import Process
from realtime import services

RECORDER = "dashboard.recorder.recorder"
WAIT_SECONDS = 60
"""A lease of 15 seconds and two busy cores."""


async def until(condition, what):
    """Waits for what becomes true in the database."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := await sync_to_async(condition)()):
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)
    return found


async def say(socket, cast, count):
    for _ in range(count):
        data = {"cid": str(uuid.uuid4()), "body": "A word"}
        assert (await socket.command("message.send", data, topic=cast.topic))["type"] == "ack"


async def who_records(processes):
    """(the process that records, the other one)."""

    def recording():
        # One of an earlier test may be noted still, until its lease runs out.
        holder = services.holders().get(RECORDER)
        label = Process.objects.filter(name=holder).values_list("label", flat=True).first() or ""
        return next((process for process in processes if label.endswith(f":{process.pid}")), None)

    found = await until(recording, "none of them records")
    return found, next(process for process in processes if process is not found)
