"""A peer that sends and never reads: its answers do not pile up, and its connection ends."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from realtime import consumers, testing
from realtime.hub import hub
from tests.realtime.conftest import application

pytestmark = [pytest.mark.usefixtures("realtime"), pytest.mark.stack]


class DeafPeer:
    """The server's side of a connection whose peer reads nothing after the handshake."""

    def __init__(self, frames):
        self.frames = frames
        self.taken = 0

    async def receive(self):
        self.taken += 1
        if self.taken == 1:
            return {"type": "websocket.connect"}
        if self.taken <= self.frames:
            await asyncio.sleep(0)
            return {"type": "websocket.receive", "text": '{"type":"' + "x" * 60 + '","ref":1}'}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message):
        if message["type"] != "websocket.accept":
            await asyncio.Event().wait()


def scope_of(key):
    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver"), testing.cookie_header(key)]
    return {"type": "websocket", "path": "/ws/", "query_string": b"", "headers": headers}


async def test_a_deaf_peer_is_given_up(alice, monkeypatch):
    monkeypatch.setattr(consumers, "CLOSE_SECONDS", 0.1)
    key = await sync_to_async(testing.make_session)(alice)
    peer = DeafPeer(frames=1)
    connection = asyncio.ensure_future(application(scope_of(key), peer.receive, peer.send))
    async with asyncio.timeout(30):
        while not hub.sockets:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        hub.close(next(iter(hub.sockets)), 4408, "This page took too long to take its messages.")
        await connection


async def test_answers_that_nobody_reads_do_not_pile_up(alice, monkeypatch):
    monkeypatch.setattr(consumers, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(consumers.BaseConsumer, "unread_bytes", 20_000)
    key = await sync_to_async(testing.make_session)(alice)
    peer = DeafPeer(frames=5_000)
    async with asyncio.timeout(30):
        await application(scope_of(key), peer.receive, peer.send)
    assert not hub.sockets
