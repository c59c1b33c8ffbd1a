"""What a socket of a room hears of an answer. Used by the tests of runs, here and over several processes."""

from __future__ import annotations

from typing import Any


async def made(socket: Any) -> dict[str, Any]:
    """The next answer that is made."""
    while True:
        message = (await socket.expect("message.created"))["data"]["message"]
        if message["kind"] == "assistant":
            return dict(message)


async def ended(socket: Any, **fields: Any) -> dict[str, Any]:
    """The end of a run, past its turns before."""
    while True:
        told = (await socket.expect("run.changed", **fields))["data"]
        if told["run"]["state"] not in {"waiting", "streaming"}:
            return dict(told)
