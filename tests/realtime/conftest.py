"""What the realtime tests share: two people, a plain consumer, and an end to the hub after each test."""

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
from asgiref.sync import sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import path

from realtime import log, protocol, testing
from realtime.consumers import BaseConsumer, command
from realtime.middleware import OriginCheck, SessionAuthentication
from realtime.protocol import Command, Effect, Event, Refused, Struct


class Noted(Event, frozen=True, kw_only=True):
    """A durable event of the tests."""

    type: ClassVar[str] = "test.noted"
    topic: ClassVar[str] = "room"
    text: str


class Waved(Event, frozen=True, kw_only=True):
    """An ephemeral event of the tests."""

    type: ClassVar[str] = "test.waved"
    topic: ClassVar[str] = "room"
    durable: ClassVar[bool] = False
    text: str


class Told(Event, frozen=True, kw_only=True):
    """A durable event on a person's own topic."""

    type: ClassVar[str] = "test.told"
    topic: ClassVar[str] = "user"
    text: str


class NoteResult(Struct, frozen=True, kw_only=True):
    """The seq of the note."""

    seq: int


class Note(Command, frozen=True, kw_only=True):
    """Publishes a durable event."""

    type: ClassVar[str] = "test.note"
    topic: ClassVar[str] = "room"
    result: ClassVar[protocol.Result] = NoteResult
    text: str


class Fail(Command, frozen=True, kw_only=True):
    """Fails as only a bug can."""

    type: ClassVar[str] = "test.fail"


@transaction.atomic
def note(*, actor: object = None, topic: str, text: str, effect: Effect | None = None) -> NoteResult:
    """Publishes a durable event; "refuse" is refused after the seq was taken."""
    seq = log.reserve(topic)
    if text == "refuse":
        raise Refused("forbidden")
    return NoteResult(seq=log.append(topic=topic, seq=seq, event=Noted(text=text), effect=effect))


class PlainConsumer(BaseConsumer):
    """Everybody may hear room:1 to room:99; room:100 and above are secret."""

    async def authorize(self, topics):
        return {topic for topic in topics if topic.startswith("room:") and len(topic) <= len("room:99")}

    @command(Note)
    async def note(self, command: Note, topic: str) -> NoteResult:
        return await self.write(note, topic=topic, text=command.text)

    @command(Fail)
    async def fail(self, command: Fail, topic: str) -> NoteResult:
        raise ZeroDivisionError("on purpose")


application = ProtocolTypeRouter(
    {"websocket": OriginCheck(SessionAuthentication(URLRouter([path("ws/", PlainConsumer.as_asgi())])))}
)


async def publish(topic: str, text: str, effect: Effect | None = None) -> int:
    """What a service of another thread does."""
    return (await sync_to_async(note)(topic=topic, text=text, effect=effect)).seq


def connected(user, **options):
    """A socket of the person to the plain consumer."""
    return testing.connected(user, path="/ws/", application=application, **options)


@pytest.fixture
async def realtime(transactional_db, settings) -> AsyncIterator[None]:
    """A hub of this test's own."""
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.PRESENCE_HOOK = ""
    settings.SOCKET_GATES = []
    yield
    await testing.stop_realtime()


@pytest.fixture
def alice(transactional_db):
    return get_user_model().objects.create_user("alice", "alice@example.com", "correct horse battery")


@pytest.fixture
def bob(transactional_db):
    return get_user_model().objects.create_user("bob", "bob@example.com", "correct horse battery")
