"""One request to the imitated server: who asks, with what, and what goes wrong on purpose around the answer.

Called by every route. The answer's media type is exactly `application/json`; a 429 is plain text. Never knows what a
route does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from tests.fakes.mattermost.posting import State
from tests.fakes.mattermost.shapes import Refusal, User, invalid

PREFIX: Final = "/api/v4"
KEPT_SECONDS: Final = 0.02
"""Between two looks whether a client that gets no answer is still there."""
Answer = web.StreamResponse


@dataclass(slots=True)
class Asked:
    """A request as the log of the fake has it."""

    method: str
    path: str
    status: int = 0


@dataclass(slots=True)
class Call:
    """One request on its way through a route."""

    request: web.Request
    state: State
    user: User | None = None
    body: Any = None
    losing: bool = False
    """The answer will not arrive: nothing of it may be written."""

    @property
    def actor(self) -> User:
        """Who asks.

        Raises:
            Refusal: 401, of nobody.
        """
        return self.user or self.state.session("")

    def part(self, name: str) -> str:
        """A part of the path; `me` stands for who asks."""
        text = self.request.match_info[name]
        return self.actor.id if name == "user" and text == "me" else text

    def text(self, name: str) -> str:
        """A text of the body, empty where it is not there."""
        return str(self.body.get(name) or "")

    def number(self, name: str, default: int) -> int:
        """A whole number of the query."""
        try:
            return int(self.request.query.get(name, default))
        except ValueError:
            raise invalid("api.context.invalid_url_param.app_error", name) from None


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """An address, who answers it, and whether strangers may ask."""

    method: str
    path: str
    handler: Handler
    anonymous: bool = False
    raw: bool = False
    """The body is the handler's to read: files and webhooks."""


def told(value: Any, status: int = 200) -> web.Response:
    """JSON, without a charset."""
    return web.Response(body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"})


def fine() -> web.Response:
    """Done, and nothing to tell."""
    return told({"status": "OK"})


def refused(call_state: State, refusal: Refusal) -> web.Response:
    """An error in the server's shape; the hardened mode keeps its own failures to itself."""
    body = {
        "id": refusal.code,
        "message": refusal.message,
        "detailed_error": refusal.detail,
        "request_id": call_state.ids.new(),
        "status_code": refusal.status,
    }
    if call_state.script.hardened and refusal.status >= 500:
        body |= {"id": "", "message": "Internal Server Error", "detailed_error": "", "status_code": 500}
    return told(body, refusal.status)


class Doorway:
    """What every request passes: the log, the switched faults, the rate limit, the token, the body."""

    def __init__(self, state: State, log: list[Asked], errors: list[BaseException]) -> None:
        self._state, self._log, self._errors = state, log, errors

    def opened(self, route: Route) -> Callable[[web.Request], Awaitable[Answer]]:
        """A route as aiohttp calls it."""

        async def answer(request: web.Request) -> Answer:
            asked = Asked(request.method, request.path.removeprefix(PREFIX))
            self._log.append(asked)
            answered = await self._around(route, request, asked)
            asked.status = answered.status
            return answered

        return answer

    async def _around(self, route: Route, request: web.Request, asked: Asked) -> Answer:
        script = self._state.script
        await script.answering.wait()
        if script.next_fault(asked.method, asked.path, {"lose_request"}):
            return lost(request)
        limited = self._limited(request)
        if limited is not None:
            return limited
        if script.slow_seconds:
            await asyncio.sleep(script.slow_seconds)
        failing = script.next_fault(asked.method, asked.path, {"fail"})
        if failing is not None:
            return refused(self._state, Refusal(failing.status, failing.code, "Something failed.", "as it was told to"))
        losing = script.next_fault(asked.method, asked.path, {"lose_response", "keep_response"})
        call = Call(request, self._state, losing=losing is not None)
        answered = await self._inside(route, call)
        if losing is None:
            return answered
        while losing.kind == "keep_response" and request.transport is not None:
            await asyncio.sleep(KEPT_SECONDS)
        return lost(request)

    def _limited(self, request: web.Request) -> web.Response | None:
        limiter = self._state.script.limiter
        if limiter is None:
            return None
        passes, headers = limiter.take(request.remote or "")
        if passes:
            return None
        return web.Response(text="limit exceeded", status=429, headers=headers | {"Content-Type": "text/plain"})

    async def _inside(self, route: Route, call: Call) -> Answer:
        try:
            secret = call.request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
            if not route.anonymous:
                call.user = self._state.session(secret)
            if not route.raw:
                call.body = await json_of(call.request)
            return await route.handler(call)
        except Refusal as refusal:
            return refused(self._state, refusal)
        except asyncio.CancelledError:
            raise
        except ConnectionError:
            return lost(call.request)  # whoever asked is gone in the middle of it
        except Exception as error:
            self._errors.append(error)
            raise


async def json_of(request: web.Request) -> Any:
    """The body of a request; nothing is an empty object.

    Raises:
        Refusal: 400 for what is no JSON.
    """
    raw = await request.read()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise invalid("api.context.invalid_body_param.app_error", "body") from None
    return body


def lost(request: web.Request) -> web.Response:
    """Resets the connection, so that whatever is answered reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
