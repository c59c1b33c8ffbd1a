"""The people of tests.people with a document, and a hub of each test's own."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from accounts.models import User
from chat.models import Room
from editor import services
from editor.changes import ChangeSet
from editor.models import Document, Update
from editor.selectors import texts
from editor.units import to_units
from realtime import consumers, testing
from realtime.testing import TestSocket
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in as signed_in
from tests.people import teo as teo

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def fresh_buckets() -> None:
    """People's ids come again in the next test; what they spent must not."""
    consumers._buckets.clear()


@pytest.fixture
def document(mina: User, room: Room) -> Document:
    return make_document(mina, room, text="one\ntwo\n")


@pytest.fixture(scope="module")
def module_environment(django_db_setup: None) -> dict[str, str]:
    """The environment of server processes that outlive one test."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    return {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
async def realtime(transactional_db: None, settings: Any) -> AsyncIterator[None]:
    """A hub of this test's own."""
    settings.ALLOWED_HOSTS = ["testserver"]
    yield
    await testing.stop_realtime()


def make_document(actor: User, room: Room, *, name: str = "", text: str = "", **given: Any) -> Document:
    name = name or f"file{next(_numbers)}.py"
    view = services.create_document(actor=actor, room_id=room.pk, cid=uuid4(), name=name, text=text, **given)
    return Document.objects.get(pk=view.id)


def client_of(user: User, name: str = "a") -> str:
    return f"{user.pk}-{name}"


def edit(text: str, start: int, stop: int, new: str) -> ChangeSet:
    """One replacement in a text, positions in code units."""
    return ChangeSet.from_edits(len(to_units(text)), [(start, stop, new)])


def push(actor: User, document: Document, version: int, *changes: ChangeSet, client: str = "", **given: Any) -> int:
    """Stores edits through the service; returns the version after them."""
    return services.submit_updates(
        actor=actor,
        document_id=document.pk,
        client_id=client or client_of(actor),
        version=version,
        changes=changes,
        **given,
    ).version


def write(actor: User, document: Document, start: int, stop: int, new: str, **given: Any) -> int:
    """One replacement in the text as it is now."""
    now = Document.objects.get(pk=document.pk)
    change = ChangeSet.from_edits(now.length, [(start, stop, new)])
    return push(actor, now, now.version, change, **given)


def text_of(document: Document) -> str:
    now = Document.objects.get(pk=document.pk)
    return texts.text_at(now, now.version)


def replay(document: Document) -> list[str]:
    """The text at every version from the rows alone, by a second way: from the first snapshot, change by change."""
    first = document.snapshots.order_by("version").first()
    assert first is not None
    units = to_units(first.text)
    found = [first.text]
    rows = Update.objects.filter(document=document, version__gt=first.version).order_by("version")
    for row in rows:
        units = ChangeSet.from_json(json.loads(row.changes)).apply(units)
        found.append(units.encode("utf-16", "surrogatepass").decode("utf-16"))
    return found


class Pane:
    """A person's open document, over a real consumer: commands carry the topic by themselves."""

    def __init__(self, socket: TestSocket, user: User, document: Document, name: str) -> None:
        self.socket = socket
        self.topic = f"document:{document.pk}"
        self.client_id = client_of(user, name)

    async def say(self, type: str, **data: Any) -> dict[str, Any]:
        """Sends a command; returns its ack or error."""
        return await self.socket.command(type, data, topic=self.topic)

    async def join(self, version: int | None = None, digest: int | None = None) -> dict[str, Any]:
        return await self.say("document.join", client_id=self.client_id, version=version, digest=digest)

    async def push(self, version: int, *updates: Any, **given: Any) -> dict[str, Any]:
        wire = [update.to_json() if isinstance(update, ChangeSet) else update for update in updates]
        return await self.say("document.push", version=version, updates=wire, **given)

    async def heard(self) -> list[tuple[int, str, Any]]:
        """(version, client id, changes) of the next update."""
        frame = await self.socket.expect("document.updates")
        assert frame["seq"] == frame["data"]["updates"][-1]["version"]
        return [(one["version"], one["client_id"], one["changes"]) for one in frame["data"]["updates"]]


class _Opened:
    def __init__(self, user: User, document: Document, name: str, session_key: str | None) -> None:
        # It names Django's settings in the environment, where a conftest must not: workers would load them too early.
        from collab.asgi import application

        path = f"/ws/editor/{document.pk}/"
        self._context = testing.connected(user, path=path, application=application, session_key=session_key)
        self._made = (user, document, name)

    async def __aenter__(self) -> Pane:
        return Pane(await self._context.__aenter__(), *self._made)

    async def __aexit__(self, *error: Any) -> None:
        await self._context.__aexit__(*error)


def opened(user: User, document: Document, name: str = "a", session_key: str | None = None) -> _Opened:
    """A socket of the person to the document, not joined yet."""
    return _Opened(user, document, name, session_key)


def on_a_thread(work: Any) -> Any:
    """Runs something with the ORM beside the loop."""
    return sync_to_async(work)()
