"""The life of a socket on both of our classes: handshake, the frames writer, back-pressure, silence, and every end."""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from realtime.websocket_frames import encode_frame
from tests.realtime.server_peers import (
    BINARY,
    CLOSE,
    DROPPED,
    PING,
    PONG,
    TEXT,
    Client,
    RunningServer,
    client_frame,
    close_frame,
    echo,
    running,
    wait_until,
)

CLASSES = ("lean", "sansio")
Start = Callable[..., RunningServer]


@pytest.fixture(params=CLASSES)
def websocket_class(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Switch:
    """The application of a server that several tests share: a new connection gets the one of its test."""

    target: Any = echo

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.target(scope, receive, send)


@pytest.fixture(scope="module")
def shared() -> Iterator[dict[str, tuple[RunningServer, Switch]]]:
    switches = {name: Switch() for name in CLASSES}
    with running("lean", switches["lean"]) as lean, running("sansio", switches["sansio"]) as sansio:
        yield {"lean": (lean, switches["lean"]), "sansio": (sansio, switches["sansio"])}


@pytest.fixture
def start(websocket_class: str, shared: dict[str, tuple[RunningServer, Switch]]) -> Iterator[Start]:
    """Starting and stopping takes 0.3 s, so only tests that need options of their own get their own server."""
    servers: list[RunningServer] = []

    def start(app: Any = echo, **options: Any) -> RunningServer:
        if not options:
            server, switch = shared[websocket_class]
            switch.target = app
            return server
        servers.append(RunningServer(websocket_class, app, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class Recorder:
    """An application that accepts, keeps every event and scope, and does what `script` says after that."""

    def __init__(self, script: Callable[..., Any] | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.scopes: list[dict[str, Any]] = []
        self.script = script

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        if self.script is not None:
            await self.script(scope, receive, send)
        while True:
            event = await receive()
            self.events.append(event)
            if event["type"] == "websocket.disconnect":
                return

    @property
    def codes(self) -> list[int]:
        """The codes of all disconnect events so far."""
        return [event["code"] for event in self.events if event["type"] == "websocket.disconnect"]


def writer_of(scope: Any) -> Any:
    return scope["extensions"]["collab.frames"]["writer"]


# Handshake


def test_app_sees_the_request_as_asgi_describes_it(start: Start) -> None:
    app = Recorder()
    server = start(app)
    extra = "Cookie: a=b\r\nSec-WebSocket-Protocol: one, two\r\nSec-WebSocket-Protocol: three\r\n"
    with server.connect("/ws/caf%C3%A9/?room=1%202", extra):
        wait_until(lambda: app.scopes)
        scope = app.scopes[0]
    assert scope["path"] == "/ws/café/"
    assert scope["raw_path"] == b"/ws/caf%C3%A9/"
    assert scope["query_string"] == b"room=1%202"
    assert scope["subprotocols"] == ["one", "two", "three"]
    assert (b"cookie", b"a=b") in scope["headers"]
    assert scope["scheme"] == "ws"
    assert scope["server"] == ("127.0.0.1", server.port)
    assert scope["client"][0] == "127.0.0.1"
    assert scope["asgi"]["spec_version"] == "2.4"


def test_client_gets_the_accept_key_of_the_rfc(start: Start) -> None:
    with Client(start().port) as client:
        head = client.upgrade(key="dGhlIHNhbXBsZSBub25jZQ==").lower()
    assert head.startswith("http/1.1 101 ")
    assert "\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head
    assert "sec-websocket-extensions" not in head


def test_client_that_offers_deflate_is_answered_without_it(start: Start) -> None:
    with Client(start().port) as client:
        assert "extensions" not in client.upgrade(extra="Sec-WebSocket-Extensions: permessage-deflate\r\n").lower()


def test_client_gets_the_apps_headers_and_subprotocol(start: Start) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "two", "headers": [(b"x-room", b"12")]})
        await receive()

    with Client(start(app).port) as client:
        head = client.upgrade(extra="Sec-WebSocket-Protocol: one, two\r\n").lower()
    assert "\r\nsec-websocket-protocol: two" in head
    assert "\r\nx-room: 12" in head


def test_client_that_the_app_refuses_gets_403(start: Start) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4403})

    with Client(start(app).port) as client:
        assert client.upgrade().startswith("HTTP/1.1 403 ")


@pytest.mark.allow_logged_errors("after a denial uvicorn's class says that the application did not answer")
def test_client_gets_the_apps_own_denial(start: Start) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        headers = [(b"retry-after", b"7"), (b"content-type", b"application/json")]
        await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b'{"code":', "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b'"slow"}'})

    with Client(start(app).port) as client:
        head = client.upgrade()
        while client._more():
            pass
    assert head.startswith("HTTP/1.1 429 Too Many Requests")
    assert "retry-after: 7" in head.lower()
    assert "content-length: 15" in head.lower()
    assert bytes(client.received) == b'{"code":"slow"}'


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"), "4"),
        (("Sec-WebSocket-Version: 13", "X-Nothing: 1"), "4"),
        (("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Key: short"), "400"),
        (("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "X-Nothing: 1"), "400"),
        (
            ("AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Key: BAAAAAAAAAAAAAAAAAAAAA=="),
            "400",
        ),
    ],
)
def test_client_with_a_wrong_handshake_is_told_so(start: Start, change: tuple[str, str], status: str) -> None:
    request = (
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert change[0] in request
    with Client(start().port) as client:
        client.send(request.replace(*change).encode())
        assert client.read_head().startswith(f"HTTP/1.1 {status}")


@pytest.mark.allow_logged_errors("the application returns without an answer, which the server reports")
def test_client_of_an_app_that_says_nothing_gets_500(start: Start) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    with Client(start(app).port) as client:
        assert client.upgrade().startswith("HTTP/1.1 500 ")


@pytest.mark.allow_logged_errors("the application fails on purpose")
@pytest.mark.parametrize("bad", [{"headers": [(b"x", b"a\r\nset-cookie: b")]}, {"subprotocol": "never-offered"}])
def test_client_of_the_lean_class_never_sees_an_impossible_accept(bad: dict[str, Any]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", **bad})

    with running("lean", app) as server, Client(server.port) as client:
        head = client.upgrade()
    assert head.startswith("HTTP/1.1 500 ")
    assert "set-cookie" not in head


def test_client_that_does_not_wait_for_the_101_loses_nothing(start: Start) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.1)
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})

    with Client(start(app).port) as client:
        client.send(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        time.sleep(0.03)
        client.send(client_frame(TEXT, b"early"))
        assert "101" in client.read_head()
        assert client.read_frame() == (TEXT, b"early")


# Texts that are taken before they are queued


def test_app_that_hears_ahead_is_not_woken_for_what_it_takes() -> None:
    ahead: list[str] = []

    def take(text: str) -> bool:
        ahead.append(text)
        return text.startswith("flow")

    async def hear(scope: Any, receive: Any, send: Any) -> None:
        writer_of(scope).hear_ahead(take)

    app = Recorder(hear)
    with running("lean", app) as server, server.connect() as client:
        client.send(client_frame(TEXT, b"one"))
        wait_until(lambda: [event.get("text") for event in app.events] == ["one"])
        client.send(client_frame(TEXT, b"flow 1") + client_frame(TEXT, b"two") + client_frame(TEXT, b"flow 2"))
        wait_until(lambda: len(app.events) > 2)
        client.send(client_frame(TEXT, b"flow 3") + client_frame(TEXT, b"end"))
        wait_until(lambda: len(app.events) > 3)
    # What comes behind a text that waits is queued behind it.
    assert ahead == ["one", "flow 1", "two", "flow 3", "end"]
    assert [event["text"] for event in app.events[:4]] == ["one", "two", "flow 2", "end"]


def test_app_on_uvicorns_class_gets_every_text() -> None:
    async def hear(scope: Any, receive: Any, send: Any) -> None:
        writer_of(scope).hear_ahead(lambda text: True)

    app = Recorder(hear)
    with running("sansio", app) as server, server.connect() as client:
        client.send(client_frame(TEXT, b"one"))
        wait_until(lambda: [event.get("text") for event in app.events] == ["one"])


# A request that drips in


def test_client_that_sends_no_headers_is_cut_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.server.HEADER_TIMEOUT_SECONDS", 0.3)
    server = start()
    with Client(server.port) as silent, Client(server.port) as slow:
        slow.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        assert silent.read_head() == ""
        assert slow.read_head() == ""
    assert time.monotonic() - began < 2.0


def test_client_that_sends_endless_headers_is_refused(start: Start) -> None:
    with Client(start().port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for number in range(30):
            client.send(b"X-%d: %b\r\n" % (number, b"a" * 4096))
            time.sleep(0.001)
        head = client.read_head()
    assert head == "" or head.startswith("HTTP/1.1 400 ")


def test_client_of_plain_http_keeps_its_connection(start: Start) -> None:
    with Client(start().port) as client:
        for _ in range(3):
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.read_head().startswith("HTTP/1.1 200 ")
            while len(client.received) < 2:
                client._more()
            client.received.clear()


# The frames writer


def test_client_gets_ready_frames_in_order_with_sent_ones(start: Start) -> None:
    async def script(scope: Any, receive: Any, send: Any) -> None:
        for number in range(50):
            writer_of(scope).write(encode_frame(TEXT, b"w%d" % number))
            await send({"type": "websocket.send", "text": f"s{number}"})
        await send({"type": "websocket.close", "code": 4000, "reason": "done"})

    with start(Recorder(script)).connect() as client:
        frames = [client.read_frame() for _ in range(100)]
        assert frames == [(TEXT, b"%b%d" % (kind, number)) for number in range(50) for kind in (b"w", b"s")]
        assert client.read_frame() == (CLOSE, struct.pack("!H", 4000) + b"done")
        client.send(close_frame(4000))
        assert client.read_frame() is None


def test_writer_is_silent_before_accept_and_after_close(start: Start) -> None:
    seen: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        writer = writer_of(scope)
        await receive()
        seen.append(writer.open)
        writer.write(encode_frame(TEXT, b"too early"))
        await send({"type": "websocket.accept"})
        seen.append(writer.open)
        writer.write(encode_frame(TEXT, b"now"))
        await send({"type": "websocket.close", "code": 4001})
        seen.append(writer.open)
        writer.write(encode_frame(TEXT, b"too late"))

    with start(app).connect() as client:
        assert client.read_frame() == (TEXT, b"now")
        assert client.read_frame() == (CLOSE, struct.pack("!H", 4001))
        client.send(close_frame(4001))
        assert client.read_frame() is None
    assert seen == [False, True, False]


def test_writer_of_a_lost_socket_does_nothing(start: Start) -> None:
    app = Recorder()
    server = start(app)
    with server.connect():
        pass
    wait_until(lambda: app.codes)
    writer = writer_of(app.scopes[0])
    server.call(lambda: writer.write(encode_frame(TEXT, b"x")))
    assert server.call(lambda: (writer.open, writer.buffered_bytes())) == (False, 0)


def test_slow_reader_fills_its_own_buffer_and_delays_nobody(start: Start) -> None:
    app = Recorder()
    server = start(app)
    slow = Client(server.port, receive_buffer=4096).opened()
    frame = encode_frame(BINARY, b"x" * 65536)
    with slow, server.connect() as quick:
        wait_until(lambda: len(app.scopes) == 2)
        writers = [writer_of(scope) for scope in app.scopes]
        for _ in range(100):
            server.call(lambda: [writer.write(frame) for writer in writers])
            began = time.monotonic()
            assert quick.read_frame() == (BINARY, b"x" * 65536)
            assert time.monotonic() - began < 1.0
        assert server.call(writers[0].buffered_bytes) > 2_000_000
        assert server.call(writers[1].buffered_bytes) == 0
        for _ in range(100):  # and nothing was lost for the slow one
            assert slow.read_frame() == (BINARY, b"x" * 65536)


# Back-pressure


def test_slow_app_holds_its_client_back(start: Start) -> None:
    gate: list[asyncio.Event] = []

    async def script(scope: Any, receive: Any, send: Any) -> None:
        gate.append(asyncio.Event())
        await gate[0].wait()

    app = Recorder(script)
    server = start(app)
    with server.connect() as client:
        client.socket.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 1000:
                client.socket.sendall(client_frame(BINARY, b"x" * 60_000))
                sent += 1
        assert sent < 1000
        wait_until(lambda: gate)
        server.call(gate[0].set)
        wait_until(lambda: len(app.events) >= sent)
    assert all(len(event["bytes"]) == 60_000 for event in app.events[:sent])


def test_client_gets_every_answer_to_a_burst_of_small_messages(start: Start) -> None:
    with start().connect() as client:
        client.send(b"".join(client_frame(TEXT, b"%d" % number) for number in range(5000)))
        assert [client.read_frame() for _ in range(5000)] == [(TEXT, b"%d" % number) for number in range(5000)]


def test_client_that_pings_without_reading_costs_no_memory() -> None:
    app = Recorder()
    with running("lean", app) as server, Client(server.port, receive_buffer=4096).opened() as client:
        flood = client_frame(PING, b"p" * 125) * 1000
        for _ in range(100):
            client.socket.sendall(flood)
        client.send(client_frame(PING, b"last"))
        writer = writer_of(app.scopes[0])
        assert server.call(writer.buffered_bytes) < 300_000
        while (frame := client.read_frame()) != (PONG, b"last"):
            assert frame == (PONG, b"p" * 125)


# Silence


def test_half_open_peer_is_gone_after_interval_and_timeout(start: Start) -> None:
    app = Recorder()
    server = start(app, ws_ping_interval=0.5, ws_ping_timeout=0.5)
    with server.connect() as client:
        assert client.read_frame() is not None  # the ping, which nobody answers
        began = time.monotonic()
        wait_until(lambda: app.codes)
        assert time.monotonic() - began < 2.0
    assert app.codes[0] in (1006, 1011)


def test_peer_that_answers_pings_stays(start: Start) -> None:
    app = Recorder()
    server = start(app, ws_ping_interval=0.4, ws_ping_timeout=0.4)
    with server.connect() as client:
        for _ in range(4):
            frame = client.read_frame()
            assert frame is not None
            assert frame[0] == PING
            client.send(client_frame(PONG, frame[1]))
        assert not app.codes
        client.send(close_frame())
        assert client.read_to_end() == ([], 1000)


def test_peer_of_a_slow_app_is_not_taken_for_dead_by_the_lean_class() -> None:
    # Uvicorn's class stops reading after one message, so it cannot hear the pong.
    async def script(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(2.5)

    app = Recorder(script)
    options = {"ws_ping_interval": 0.4, "ws_ping_timeout": 0.4, "ws_max_queue": 2}
    with running("lean", app, **options) as server, server.connect() as client:
        client.send(client_frame(TEXT, b"x") * 10)
        wait_until(lambda: len(app.events) >= 10)
        assert not app.codes


# Ends


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (close_frame(4005, b"bye"), 4005),
        (client_frame(CLOSE), 1005),
        (client_frame(TEXT, b"\xff"), 1007),
        (client_frame(3), 1002),
        (client_frame(TEXT, b"x", mask=b""), 1002),
        (b"", 1006),
    ],
)
def test_app_learns_how_the_socket_ended(start: Start, data: bytes, code: int) -> None:
    app = Recorder()
    with start(app).connect() as client:
        client.send(data)
        if not data:
            client.socket.shutdown(socket.SHUT_RDWR)
        client.read_to_end()
    wait_until(lambda: app.codes)
    assert app.codes == [code]


def test_app_gets_what_came_before_the_close_first(start: Start) -> None:
    app = Recorder()
    with start(app).connect() as client:
        client.send(client_frame(TEXT, b"1") + client_frame(TEXT, b"2") + close_frame(1001))
        client.read_to_end()
    wait_until(lambda: app.codes)
    assert [event.get("text", event.get("code")) for event in app.events] == ["1", "2", 1001]


def test_client_learns_that_a_message_was_too_big_while_still_sending(start: Start) -> None:
    with start(ws_max_size=65_536).connect() as client:
        client.send(client_frame(BINARY, b"x" * 2_000_000))
        assert client.read_to_end()[1] == 1009


@pytest.mark.allow_logged_errors("the application fails on purpose")
def test_client_of_a_failing_app_gets_1011(start: Start) -> None:
    async def script(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("on purpose")

    with start(Recorder(script)).connect() as client:
        assert client.read_frame() == (CLOSE, struct.pack("!H", 1011))


def test_app_that_sends_to_a_gone_client_gets_an_os_error(start: Start) -> None:
    caught: list[BaseException] = []

    async def script(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.disconnect"
        try:
            await send({"type": "websocket.send", "text": "anybody?"})
        except OSError as error:
            caught.append(error)
            raise

    with start(Recorder(script)).connect() as client:
        client.send(close_frame())
        client.read_to_end()
    wait_until(lambda: caught)


def test_client_that_never_answers_a_close_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4408})

    monkeypatch.setattr("realtime.websocket_connection.CLOSE_TIMEOUT_SECONDS", 0.3)
    with running("lean", Recorder(script)) as server, server.connect() as client:
        began = time.monotonic()
        assert client.read_to_end() == ([], 4408)
        assert 0.2 < time.monotonic() - began < 2.0


def test_client_that_still_sends_after_our_close_gets_its_code(start: Start) -> None:
    async def script(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4429})

    with start(Recorder(script)).connect() as client:
        client.send(client_frame(TEXT, b"more") * 1000 + close_frame(4429))
        assert client.read_to_end() == ([], 4429)


def test_everybody_gets_1012_when_the_server_stops(websocket_class: str) -> None:
    app = Recorder()
    with running(websocket_class, app) as server:
        clients = [server.connect() for _ in range(5)]
        server.server.should_exit = True
        for client in clients:
            assert client.read_frame() == (CLOSE, struct.pack("!H", 1012))
            client.send(close_frame(1012))
            assert client.read_frame() is None
            client.socket.close()
    assert app.codes == [1012] * 5


@pytest.mark.parametrize("seed", range(20))
def test_client_that_sends_rubbish_is_closed_cleanly_and_alone(seed: int) -> None:
    rubbish = random.Random(seed)
    app = Recorder()
    with running("lean", app) as server, server.connect() as witness:
        for _ in range(20):
            with server.connect() as client:
                client.send(rubbish.randbytes(rubbish.randint(1, 400)) + client_frame(3))
                client.socket.shutdown(socket.SHUT_WR)
                frames, code = client.read_to_end()
                assert code in {1002, 1007, 1009, DROPPED, 1005} | set(range(1000, 5000))
                assert all(opcode == PONG for opcode, _ in frames)
        wait_until(lambda: len(app.codes) == 20)
        witness.send(client_frame(PING, b"fine"))
        assert witness.read_frame() == (PONG, b"fine")
    assert not server.server.server_state.connections
    assert not server.server.server_state.tasks
