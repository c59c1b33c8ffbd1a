"""Ready frames on daphne: they reach its transport directly, whole, in order with what daphne sends itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from realtime.transport import open_outlet, text_frame
from tests.realtime.server_peers import CLOSE, TEXT, Client, client_frame, running_daphne

FRAMES = 3_000
PADDING = "x" * 4_000


async def flood(scope: Any, receive: Any, send: Any) -> None:
    """Tells how it writes; then floods, every hundredth frame through daphne, and closes with a frame too many."""
    await receive()
    await send({"type": "websocket.accept"})
    outlet = open_outlet(scope, send)
    await send({"type": "websocket.send", "text": type(outlet).__name__})
    await receive()
    for number in range(FRAMES):
        if number % 100:
            outlet.write(text_frame(f"{number} {PADDING}".encode()))
        else:
            await send({"type": "websocket.send", "text": f"{number} {PADDING}"})
    await send({"type": "websocket.send", "text": f"unread {outlet.unread_bytes()}"})
    await receive()  # daphne cuts whoever has not answered its close frame within a second
    await send({"type": "websocket.close", "code": 4409})
    outlet.write(text_frame(b"late"))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A daphne that floods."""
    with running_daphne(f"{__name__}:flood") as found:
        yield found


def read_text(client: Client) -> str:
    frame = client.read_frame()
    assert frame is not None
    assert frame[0] == TEXT
    return frame[1].decode()


def test_slow_reader_on_daphne_gets_every_frame_whole_and_in_order(port: int) -> None:
    with Client(port, receive_buffer=4_096) as client:
        client.opened()
        assert read_text(client) == "FastOutlet"
        client.send(client_frame(TEXT, b"go"))
        numbers = [int(read_text(client).removesuffix(PADDING)) for _ in range(FRAMES)]
        assert numbers == list(range(FRAMES))
        assert int(read_text(client).removeprefix("unread ")) > 1_000_000
        client.send(client_frame(TEXT, b"done"))
        frame = client.read_frame()
        assert frame is not None
        assert (frame[0], frame[1][:2]) == (CLOSE, (4409).to_bytes(2, "big"))
        client.send(client_frame(CLOSE, frame[1]))
        assert client.read_frame() is None


def test_client_that_vanishes_in_a_flood_leaves_daphne_serving(port: int) -> None:
    with Client(port, receive_buffer=4_096) as client:
        client.opened()
        client.send(client_frame(TEXT, b"go"))
        read_text(client)
    with Client(port) as other:
        other.opened()
        assert read_text(other) == "FastOutlet"
