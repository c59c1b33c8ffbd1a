"""The WebSocket of programs made for Mattermost: /api/v4/websocket, by token instead of cookie.

Called by collab.routing. Greets, takes the few commands there are, and hands on what a Connection has to tell. Never
decides what somebody may hear.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from accounts.tokens import Bearer
from integrations.mattermost_api import connections, shapes
from integrations.mattermost_api.connections import Connection
from integrations.mattermost_api.dispatch import bearer_of_header
from integrations.mattermost_api.people import TypingIn, type_in
from integrations.mattermost_api.refusing import PERMISSIONS, Failed
from realtime import threads
from realtime.consumers import take_token
from realtime.hub import hub
from realtime.middleware import OriginCheck, Receive, Scope, Send, header
from realtime.protocol import Refused
from realtime.ratelimit import Limit

AUTH_SECONDS: Final = 5.0
CHECK_SECONDS: Final = 30.0
"""How often the token behind a socket is asked again."""
FRAME_BYTES: Final = 8_192
HEARS: Final = "messages:read"
SPEAKS: Final = "messages:write"
TOKEN_OVER: Final = 4401
COMMANDS: Final = Limit(burst=60, per_second=20)
TYPING: Final = Limit(burst=10, per_second=1)
CHALLENGE: Final = "authentication_challenge"
BAD_SEQ: Final = "api.web_socket_router.bad_seq.app_error"
BAD_ACTION: Final = "api.web_socket_router.bad_action.app_error"
NO_ACTION: Final = "api.web_socket_router.no_action.app_error"


class Wish(msgspec.Struct):
    """A command of a program."""

    seq: int = 0
    action: str = ""
    data: dict[str, Any] | None = None


class _Over(Exception):
    """There is nothing more to do for this socket.

    Attributes:
        code: what it is closed with.
    """

    def __init__(self, code: int = 1000) -> None:
        super().__init__(code)
        self.code = code


class MattermostSocket:
    """The ASGI application of this address; a page of another site is refused, a program sends no origin."""

    def __init__(self) -> None:
        self._checked = OriginCheck(_serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one socket."""
        if header(scope, b"origin"):
            await self._checked(scope, receive, send)
        else:
            await _serve(scope, receive, send)


async def _serve(scope: Scope, receive: Receive, send: Send) -> None:
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    one = _Serving(scope, receive, send)
    try:
        await one.run()
    except _Over as over:
        await _close(send, over.code)


async def _close(send: Send, code: int) -> None:
    try:
        await send({"type": "websocket.close", "code": code})
    except Exception:  # noqa: BLE001 - the peer may be gone already, in every server's own words
        return


class _Serving:
    """One socket from its greeting to its end."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._authorization = header(scope, b"authorization")
        self._query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        self._connection: Connection | None = None
        self._by_header = False

    async def run(self) -> None:
        """Until either side has enough.

        Raises:
            _Over: the socket is to be closed.
        """
        bearer, seq = await self._sign_in()
        try:
            connection = self._connection = await self._connect(bearer)
            if seq:
                connection.reply({"status": "OK", "seq_reply": seq})
            await self._talk(connection)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._connection is None:
            return
        # Who signed in with a command cannot name a connection to go on with.
        if self._by_header and not self._connection.over:
            self._connection.detach()
        else:
            self._connection.end()

    # Who it is

    async def _sign_in(self) -> tuple[Bearer, int]:
        """Whose socket it is, and the number of the command that said so; 0 for the header."""
        if self._authorization:
            bearer = await _bearer(self._authorization)
            if bearer is not None:
                self._by_header = True
                return bearer, 0
            await asyncio.sleep(AUTH_SECONDS)
            raise _Over
        try:
            async with asyncio.timeout(AUTH_SECONDS):
                while True:
                    wish = await self._next_wish()
                    if wish.action == CHALLENGE:
                        break
        except TimeoutError:
            raise _Over from None
        self._authorization = f"Bearer {(wish.data or {}).get('token', '')}"
        bearer = await _bearer(self._authorization)
        if bearer is None:
            raise _Over
        return bearer, wish.seq

    async def _connect(self, bearer: Bearer) -> Connection:
        """The connection that the program names, if it can go on; otherwise a new one, whose greeting says so."""
        named, place = self._query.get("connection_id", [""])[0], self._query.get("sequence_number", [""])[0]
        if self._by_header and named and place.isascii() and place.isdigit() and len(place) < 16:
            found = connections.find(named, token_id=bearer.token_id)
            if found is not None and found.go_on(int(place)):
                return found
        made = Connection(bearer)
        try:
            await made.open()
            # Whatever ends the token from here on is heard; it may have ended just before.
            if await _bearer(self._authorization) is None:
                raise _Over(TOKEN_OVER)
        except BaseException:
            made.end()
            raise
        return made

    # Talk

    async def _talk(self, connection: Connection) -> None:
        talking = [
            asyncio.ensure_future(work)
            for work in (self._hear(connection), self._tell(connection), self._check(connection))
        ]
        ended = asyncio.get_running_loop().create_future()
        connection.attach(lambda: None if ended.done() else ended.set_result(None))
        try:
            await asyncio.wait([*talking, ended], return_when=asyncio.FIRST_COMPLETED)
            for task in talking:
                if task.done():
                    task.result()
        finally:
            for task in talking:
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)
        raise _Over(connection.code)

    async def _tell(self, connection: Connection) -> None:
        while True:
            text = connection.take()
            if text is None:
                await connection.woken.wait()
                continue
            await self._send({"type": "websocket.send", "text": text.decode()})

    async def _check(self, connection: Connection) -> None:
        """A token that is over ends its socket, and with it what could be taken up again.

        One that is revoked is told by the log; this finds what no event tells: its end, a backup that was put back.
        """
        while True:
            await asyncio.sleep(_until_asked(connection.bearer.ends_at))
            if await _bearer(self._authorization) is None:
                hub.close(connection.socket, TOKEN_OVER, "")
                return

    async def _hear(self, connection: Connection) -> None:
        while True:
            wish = await self._next_wish()
            if wish.seq < 1:
                connection.reply(_fail(None, BAD_SEQ, "Invalid sequence for WebSocket message.", 400))
            elif not wish.action:
                connection.reply(_fail(wish.seq, NO_ACTION, "No WebSocket action.", 400))
            elif wish.action != CHALLENGE:
                connection.reply(await self._answer(connection, wish))

    async def _answer(self, connection: Connection, wish: Wish) -> dict[str, Any]:
        try:
            take_token(connection.bearer.user.pk, "mattermost command", COMMANDS)
            return {"status": "OK", "seq_reply": wish.seq, "data": await _fulfil(connection, wish)}
        except Failed as failed:
            return _fail(wish.seq, failed.word, failed.message, failed.status)
        except msgspec.ValidationError as error:
            return _fail(wish.seq, "api.websocket_handler.invalid_param.app_error", str(error), 400)
        except Refused as refused:
            return _fail(wish.seq, PERMISSIONS, refused.message, 403)

    async def _next_wish(self) -> Wish:
        """The next command.

        Raises:
            _Over: the peer went away, or says what is no command.
        """
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise _Over
        text = message.get("text")
        if text is None:
            raise _Over(1003)
        if len(text.encode(errors="replace")) > FRAME_BYTES:
            raise _Over(1009)
        try:
            return msgspec.json.decode(text, type=Wish)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _Over(1003) from None


def _until_asked(ends_at: datetime | None) -> float:
    """Seconds until a token is asked for again, not much later than its end."""
    left = CHECK_SECONDS if ends_at is None else (ends_at - datetime.now(UTC)).total_seconds() + 0.1
    return min(CHECK_SECONDS, max(left, 0.1))


def _fail(seq: int | None, word: str, message: str, status: int) -> dict[str, Any]:
    error = {"id": word, "message": message, "detailed_error": "", "status_code": status}
    return {"status": "FAIL", **({"seq_reply": seq} if seq else {}), "error": error}


async def _fulfil(connection: Connection, wish: Wish) -> dict[str, Any]:
    if wish.action == "ping":
        now = int(datetime.now(UTC).timestamp() * 1000)
        return {"text": "pong", "version": shapes.VERSION, "server_time": now, "node_id": ""}
    if wish.action == "user_typing":
        if SPEAKS not in connection.bearer.scopes:
            raise Failed(403, PERMISSIONS, f"This token lacks the scope {SPEAKS}.")
        take_token(connection.bearer.user.pk, "mattermost typing", TYPING)
        given = msgspec.convert(wish.data or {}, TypingIn, strict=False)
        await threads.read(type_in, connection.bearer.user, given)
        return {}
    if wish.action in {"get_statuses", "get_statuses_by_ids", "presence", "user_update_active_status"}:
        return {}
    if wish.action == "posted_notify_ack":
        return {}
    raise Failed(500, BAD_ACTION, "Unknown WebSocket action.")


async def _bearer(authorization: str) -> Bearer | None:
    """Whose token it is, if it lets them hear."""
    try:
        found = await threads.read(bearer_of_header, authorization)
    except Refused:
        return None
    return found if HEARS in found.scopes else None
