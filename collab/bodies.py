"""How much a request may carry. Stands before Django in collab/asgi.py; never looks at what it carries.

Django writes the whole body of any request to disk before the first line of ours runs, whoever sent it.
"""

from __future__ import annotations

from typing import Any

from realtime.middleware import Receive, Scope, Send


class BodyLimit:
    """Answers 413 to whoever sends more than `most_bytes`, by its own word or in fact."""

    def __init__(self, app: Any, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through while its body stays within the limit."""
        if _declared(scope) > self._most_bytes:
            await self._refuse(send)
            return
        taken = 0

        async def counted() -> Any:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            # To Django it is a client that went away: it drops what it has and answers nothing.
            return message if taken <= self._most_bytes else {"type": "http.disconnect"}

        await self._app(scope, counted, send)
        if taken > self._most_bytes:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        text = f"At most {self._most_bytes // 1_048_576} MB can be sent at once.".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def _declared(scope: Scope) -> int:
    """What Content-Length says; 0 when it says nothing that can be read, and then the bytes are counted."""
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(value) if value.isdigit() else 0
