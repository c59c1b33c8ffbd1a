"""The imitated Mattermost server: real HTTP and WebSockets on loopback, real state, and every fault on demand.

Called by tests (`with FakeMattermost() as server`) and by `python -m tests.fakes.mattermost`. Runs in a thread with a
loop of its own, so that it answers whatever the caller's loop does. Calls no outgoing webhook and no command.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import random
import ssl
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from tests.fakes.mattermost import rest_people, rest_posts, rest_socket
from tests.fakes.mattermost.calls import PREFIX, Asked, Doorway, Route
from tests.fakes.mattermost.posting import State
from tests.fakes.mattermost.script import DEFAULT_VERSION, Fault, Limiter, Script
from tests.fakes.mattermost.seeded import Seeded, sow
from tests.fakes.mattermost.shapes import Clock, Ids, Post
from tests.fakes.mattermost.sockets import Hub

START_SECONDS: Final = 20.0
HOUSE_SECONDS: Final = 0.2
BODY_BYTES_MOST: Final = 256 * 1024 * 1024
Made = TypeVar("Made")


class FakeMattermost:
    """A server with its switches. Every method may be called from any thread but the server's own.

    Attributes:
        requests: what came in, oldest first, with the status it was answered with.
        errors: faults of the fake itself; leaving the `with` raises the first.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        version: str = DEFAULT_VERSION,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Asked] = []
        self.errors: list[BaseException] = []
        self._host, self._port, self._tls = host, port, tls
        self.clock = Clock()
        self._seed, self._version = seed, version
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="fake-mattermost", daemon=True)
        self._ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._stop = asyncio.Event()
        self._site: web.TCPSite | None = None

    # Its life

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(START_SECONDS)
        if self.errors and error is None:
            raise self.errors[0]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        ids, script = Ids(self._seed), Script(random.Random(self._seed), self._version)
        script.answering.set()
        self.script = script
        self._hub = Hub(clock=self.clock, ids=ids, script=script)
        self.state = State(self.clock, ids, script, self._hub)
        application = web.Application(client_max_size=BODY_BYTES_MOST)
        doorway = Doorway(self.state, self.requests, self.errors)
        for route in (*rest_people.ROUTES, *rest_posts.ROUTES, rest_socket.ROUTE):
            application.router.add_route(route.method, PREFIX + route.path, doorway.opened(route))
        hook: Route = rest_posts.HOOK_ROUTE
        application.router.add_route(hook.method, hook.path, doorway.opened(hook))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await self._listen()
        except OSError as error:
            self._ready.set_exception(error)
        else:
            self._ready.set_result(None)
            await self._keep_house()
        self._hub.forget_everybody()
        script.answering.set()
        await self._runner.cleanup()

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, self._host, self._port, ssl_context=self._tls)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def _keep_house(self) -> None:
        while not self._stop.is_set():
            self._hub.keep_house()
            try:
                await asyncio.wait_for(self._stop.wait(), HOUSE_SECONDS)
            except TimeoutError:
                continue

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}" if self._tls is None else f"https://localhost:{self._port}"

    def _do(self, work: Callable[[], Made]) -> Made:
        """Runs something on the server's thread and hands its result back."""

        async def run() -> Made:
            return work()

        return self._wait(run())

    def _wait(self, work: Coroutine[Any, Any, Made]) -> Made:
        if self._loop is None:
            raise RuntimeError("The imitated server is not running: use it in a with statement.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    # What it holds

    def seed(self) -> Seeded:
        """An administrator, Alice, Bob and a bot with its token, in two channels of one team."""
        return self._do(lambda: sow(self.state))

    def posts(self, channel_id: str) -> list[Post]:
        """The live posts of a channel that are content, oldest first."""
        return self._do(lambda: [one for one in self.state.live(channel_id) if not one.type.startswith("system_")])

    def sockets_open(self) -> int:
        """How many sockets are connected right now."""
        return self._do(lambda: sum(not one.ended for one in self._hub.sockets))

    # People at their own clients

    def say(self, username: str, channel_id: str, message: str, **more: Any) -> Post:
        """Somebody posts; `more` as in the body of POST /posts."""

        def post() -> Post:
            made = self.state.create_post(
                self.state.user(username), {"channel_id": channel_id, "message": message, **more}
            )
            self.state.tell_posted(made, pending=str(more.get("pending_post_id", "")))
            return made

        return self._do(post)

    def edit(self, username: str, post_id: str, message: str, **more: Any) -> None:
        """Somebody edits their post; `more` as in the body of PUT /posts/{id}/patch."""
        state = self.state
        self._do(lambda: state.edit(state.own_post(state.user(username), post_id), {"message": message, **more}))

    def delete(self, username: str, post_id: str) -> None:
        """Somebody deletes their post."""
        self._do(lambda: self.state.delete(self.state.user(username), post_id))

    def react(self, username: str, post_id: str, name: str) -> None:
        """Somebody reacts."""
        self._do(lambda: self.state.react(self.state.user(username), post_id, name))

    def unreact(self, username: str, post_id: str, name: str) -> None:
        """Somebody takes a reaction back."""
        self._do(lambda: self.state.unreact(self.state.user(username), post_id, name))

    def pin(self, username: str, post_id: str) -> None:
        """Somebody pins a post."""
        state = self.state
        self._do(lambda: state.edit(state.post(state.user(username), post_id), {"is_pinned": True}))

    def type_in(self, username: str, channel_id: str) -> None:
        """Somebody types."""
        state = self.state
        self._do(lambda: state.type_in(state.user(username), state.channels[channel_id], ""))

    def attach(self, username: str, channel_id: str, name: str, data: bytes) -> str:
        """Somebody uploads a file; its id is for `say(file_ids=[…])`."""
        state = self.state
        return self._do(lambda: state.add_file(state.user(username), state.channels[channel_id], name, data).id)

    def remove_member(self, channel_id: str, username: str) -> None:
        """The administrator takes somebody out of a channel."""
        self._do(lambda: self.state.part(self.state.channels[channel_id], self.state.user(username), self._admin()))

    def add_member(self, channel_id: str, username: str) -> None:
        """The administrator puts somebody into a channel."""
        self._do(lambda: self.state.join(self.state.channels[channel_id], self.state.user(username), self._admin()))

    def archive(self, channel_id: str) -> None:
        """The administrator archives a channel."""
        self._do(lambda: self.state.archive(self.state.channels[channel_id], self._admin()))

    def restore(self, channel_id: str) -> None:
        """The administrator restores a channel."""
        self._do(lambda: self.state.restore(self.state.channels[channel_id], self._admin()))

    def revoke(self, secret: str) -> None:
        """Ends a token; sockets that it opened go on for now."""
        self._do(lambda: self.state.tokens.pop(secret, None))

    def _admin(self) -> Any:
        return next(one for one in self.state.users.values() if one.is_admin)

    # What goes wrong

    def advance(self, seconds: float) -> None:
        """Lets time pass on the server: pending ids, idle connections, dead lines and rate limits notice."""

        def move() -> None:
            self.clock.advance(seconds)
            self._hub.keep_house()

        self._do(move)

    def cut_sockets(self) -> None:
        """Resets every WebSocket without a close frame."""

        def cut() -> None:
            for socket in list(self._hub.sockets):
                socket.cut()
                self._hub.part(socket)

        self._do(cut)

    def freeze_sockets(self) -> None:
        """Takes every open line down without telling either end: nothing arrives, nothing is refused."""

        def freeze() -> None:
            for socket in self._hub.sockets:
                socket.frozen_at = self.clock.seconds()

        self._do(freeze)

    def thaw_sockets(self) -> None:
        """Repairs frozen lines; what was sent meanwhile arrives late."""
        self._wait(self._hub.thaw())

    def stall_sockets(self, stalled: bool = True) -> None:
        """Lets clients look as if they read nothing: events queue up, and at 256 the socket is closed."""

        def stall() -> None:
            for connection in self._hub.connections:
                if connection.socket is not None:
                    connection.socket.stalled = stalled
                    connection.wake.set()

        self._do(stall)

    def skip_numbers(self) -> None:
        """Loses an event of every connection without noticing: the next one's seq is one too high."""

        def skip() -> None:
            for connection in self._hub.connections:
                connection.seq += 1

        self._do(skip)

    def babble(self, text: str) -> None:
        """Sends a frame as it is on every open line."""

        def send() -> None:
            for connection in self._hub.connections:
                connection.queue.append(text)
                connection.wake.set()

        self._do(send)

    def hold_requests(self) -> None:
        """Lets requests wait, those for a WebSocket too; lines that are open go on."""
        self._do(self.script.answering.clear)

    def release_requests(self) -> None:
        """Answers what waited."""
        self._do(self.script.answering.set)

    def stop_answering(self) -> None:
        """Takes the whole server for a long breath: it accepts requests and answers none, and lines are dead."""
        self.hold_requests()
        self.freeze_sockets()

    def answer_again(self) -> None:
        """Ends stop_answering()."""
        self.thaw_sockets()
        self.release_requests()

    def go_down(self) -> None:
        """Stops as a server does that is restarted: lines cut, connections and pending ids forgotten."""

        async def down() -> None:
            if self._site is not None:
                await self._site.stop()
            self._site = None
            self.state.pending.clear()
            self._hub.forget_everybody()
            self._hub_drop_requests()

        self._wait(down())

    def _hub_drop_requests(self) -> None:
        server = self._runner.server
        for protocol in list(server.connections if server is not None else ()):
            if protocol.transport is not None:
                protocol.transport.abort()

    def come_up(self) -> None:
        """Listens again on the same port, with everything that was stored."""
        self._wait(self._listen())

    def restart(self) -> None:
        """Goes down and comes up at once."""
        self.go_down()
        self.come_up()

    def rate_limit(self, *, per_second: float, burst: int = 100) -> None:
        """Refuses with 429 whoever asks more often; 0 ends it."""
        limiter = Limiter(self.clock, per_second=per_second, burst=burst) if per_second else None
        self._do(lambda: setattr(self.script, "limiter", limiter))

    def lose_next_response(self, where: str = "", *, times: int = 1) -> None:
        """Does what is asked and cuts the line before the answer."""
        self._fault(Fault("lose_response", where, times))

    def keep_next_response(self, where: str = "") -> None:
        """Does what is asked and never answers; the line stays open until the client leaves."""
        self._fault(Fault("keep_response", where, 1))

    def lose_next_request(self, where: str = "", *, times: int = 1) -> None:
        """Cuts the line before anything is done."""
        self._fault(Fault("lose_request", where, times))

    def fail_next(self, status: int, where: str = "", *, times: int = 1, code: str = "app.save.app_error") -> None:
        """Refuses the next requests that fit `where`, which is part of "METHOD /path"."""
        self._fault(Fault("fail", where, times, status, code))

    def _fault(self, fault: Fault) -> None:
        self._do(lambda: self.script.faults.append(fault))

    def collide_next_pending(self, times: int = 1) -> None:
        """Says of the next pending ids that they are being saved."""
        self._do(lambda: setattr(self.script, "pending_collisions", times))

    def set(self, **values: Any) -> None:
        """Sets fields of the script: version, hardened, overrides, slow_seconds, echo_first, file_bytes_most…

        Raises:
            AttributeError: there is no such field.
        """

        def change() -> None:
            for name, value in values.items():
                setattr(self.script, name, value)

        self._do(change)
