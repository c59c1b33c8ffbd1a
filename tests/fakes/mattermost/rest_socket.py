"""The address of the WebSocket on the imitated server: who may listen, what may be asked on it, when it is closed.

Called by FakeMattermost. Leaves all that is told to the hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.parse
from typing import Any, Final

from aiohttp import WSMsgType, web

from tests.fakes.mattermost.calls import Answer, Call, Route
from tests.fakes.mattermost.posting import State
from tests.fakes.mattermost.shapes import Refusal, User, forbidden, looks_like_id
from tests.fakes.mattermost.sockets import Connection, Socket, listen

FRAME_BYTES_MOST: Final = 8192
TICK_SECONDS: Final = 0.02


async def open_socket(call: Call) -> Answer:
    """Upgrades; a good token in the header opens at once, everybody else has five seconds for the challenge."""
    request, state = call.request, call.state
    origin = request.headers.get("Origin")
    if origin and urllib.parse.urlsplit(origin).netloc != request.host:
        raise forbidden("api.web_socket.connect.upgrade.app_error")
    user = user_of(state, request.headers.get("Authorization", "").removeprefix("Bearer ").strip())
    ws = web.WebSocketResponse(autoping=False, autoclose=False, compress=False, max_msg_size=FRAME_BYTES_MOST + 1)
    await ws.prepare(request)
    transport = request.transport
    if not isinstance(transport, asyncio.Transport):
        return ws
    socket = Socket(ws, transport)
    state.hub.sockets.add(socket)
    try:
        await talk(call, socket, user)
    finally:
        socket.ended = True
        await put_down(state, socket)
    return ws


async def put_down(state: State, socket: Socket) -> None:
    """Closes a socket; one whose line is down stays open until somebody notices."""
    if not socket.is_down():
        state.hub.sockets.discard(socket)
        with contextlib.suppress(ConnectionError):
            await socket.ws.close()
        return
    while socket.is_down() and not socket.transport.is_closing():
        await asyncio.sleep(TICK_SECONDS)


async def talk(call: Call, socket: Socket, user: User | None) -> None:
    """One socket's life after its upgrade."""
    state, query = call.state, call.request.query
    connection_id, sequence = query.get("connection_id", ""), query.get("sequence_number", "")
    if connection_id and (not looks_like_id(connection_id) or (sequence and not sequence.isdecimal())):
        return
    if user is not None:
        named = connection_id if sequence else ""
        connection = state.hub.open(user, socket, connection_id=named, sequence=int(sequence or 0))
    else:
        challenged = await challenge(state, socket)
        if challenged is None:
            socket.transport.close()
            return
        user, ref = challenged
        connection = state.hub.open(user, socket)
        # The answer comes after the hello and before whatever else is queued.
        connection.queue.insert(1, json.dumps({"status": "OK", "seq_reply": ref}))
    await listen(state.hub, connection, socket, lambda one, text: act(state, one, text))


def user_of(state: State, secret: str) -> User | None:
    """Whose token this is, or nobody's."""
    try:
        return state.session(secret)
    except Refusal:
        return None


async def challenge(state: State, socket: Socket) -> tuple[User, int] | None:
    """Waits for a token; None when it is wrong, or when none came in time. Other actions get no answer."""
    until = state.clock.seconds() + state.script.auth_seconds
    while state.clock.seconds() < until and not socket.ws.closed:
        try:
            # Short waits, because the clock may be moved; aiohttp keeps a frame that is half read.
            message = await socket.ws.receive(timeout=TICK_SECONDS)
        except TimeoutError:
            continue
        if message.type is not WSMsgType.TEXT:
            return None
        frame = read(message.data)
        if frame is None:
            return None
        if frame.get("action") == "authentication_challenge":
            user = user_of(state, str((frame.get("data") or {}).get("token") or ""))
            return None if user is None else (user, int(frame.get("seq") or 0))
    return None


def read(text: str) -> dict[str, Any] | None:
    """A client's frame; None for what is no JSON object."""
    try:
        frame = json.loads(text)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) else None


def act(state: State, connection: Connection, text: str) -> bool:
    """Does what a client asks on its socket; False closes it."""
    frame = read(text)
    if frame is None:
        return False
    ref, action = frame.get("seq"), frame.get("action")
    if action == "authentication_challenge":
        return True
    if not isinstance(ref, int) or ref <= 0:
        connection.reply(failed(None, "api.web_socket_router.bad_seq.app_error", 400))
        return True
    try:
        connection.reply(answered(ref, perform(state, connection, str(action), frame.get("data") or {})))
    except Refusal as refusal:
        connection.reply(failed(ref, refusal.code, refusal.status))
    return True


def perform(state: State, connection: Connection, action: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """One action.

    Raises:
        Refusal: it is unknown or not allowed.
    """
    connection.seen_at = state.clock.seconds()
    if action == "ping":
        return {"node_id": "", "server_time": state.clock.ms(), "text": "pong", "version": state.script.version}
    if action == "user_typing":
        channel = state.channel(str(data.get("channel_id") or ""), connection.user)
        state.type_in(connection.user, channel, str(data.get("parent_id") or ""))
        return None
    if action in {"get_statuses", "get_statuses_by_ids"}:
        wanted = data.get("user_ids") or list(state.users)
        return {one: state.users[one].status for one in wanted if one in state.users}
    if action in {"presence", "user_update_active_status", "posted_notify_ack"}:
        return None
    raise Refusal(500, "api.web_socket_router.bad_action.app_error", "That action is not known.")


def answered(ref: int, data: dict[str, Any] | None) -> dict[str, Any]:
    """A good answer to an action."""
    return {"status": "OK", "seq_reply": ref} | ({"data": data} if data is not None else {})


def failed(ref: int | None, code: str, status: int) -> dict[str, Any]:
    """A bad answer to an action; one without a usable number is told none."""
    error = {"id": code, "message": "That did not work.", "detailed_error": "", "status_code": status}
    return {"status": "FAIL", **({} if ref is None else {"seq_reply": ref}), "error": error}


ROUTE: Final = Route("GET", "/websocket", open_socket, anonymous=True, raw=True)
