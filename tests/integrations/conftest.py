"""The people of tests.people, and programs made for Mattermost that speak for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import services
from accounts.models import User
from accounts.scopes import SCOPES
from chat import services as chat
from integrations.mattermost_api import ids
from realtime import consumers
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged
from tests.integrations.receiving import Receiver
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import teo as teo


@pytest.fixture(autouse=True)
def fresh_allowances() -> Iterator[None]:
    """Rates are counted in the process and in the cache; each test begins with none used."""
    consumers._buckets.clear()
    cache.clear()
    yield
    consumers._buckets.clear()


def token_of(user: User, *scopes: str) -> str:
    """A token of this person or bot; of all scopes when none is named."""
    maker = user
    if user.kind == "bot":
        maker = User.objects.filter(username="boss").first() or factories.make_person("boss", is_superuser=True)
    return services.make_token(actor=maker, user=user, name="program", scopes=scopes or SCOPES)[1]


class Program:
    """A program that knows Mattermost: requests with a token below /api/v4/."""

    def __init__(self, user: User | None = None, *scopes: str, token: str = "") -> None:
        self.id = ids.of_user(user.pk) if user is not None else ""
        self.token = token or (token_of(user, *scopes) if user is not None else "")
        self.client = Client(raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; `body` is sent as JSON."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = json.dumps(body) if body is not None else ""
        return self.client.generic(method, f"/api/v4/{path}", data, content_type="application/json", headers=headers)

    def told(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The JSON of an answer with this status, in the one content type that its clients take."""
        response = self.ask(method, path, body)
        assert response.status_code == status, (response.status_code, response.content.decode())
        assert response["Content-Type"] == "application/json"
        return json.loads(response.content)

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """(status, word) of a refusal, which tells its status in its body too."""
        response = self.ask(method, path, body)
        told = json.loads(response.content)
        assert told["status_code"] == response.status_code
        return response.status_code, told["id"]


@pytest.fixture
def bot(room) -> User:
    """A bot in the room."""
    made = factories.make_person("builds", kind="bot", display_name="Builds")
    chat.join_room(actor=made, room_id=room.pk)
    return made


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """An address on this machine that may be reached."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def fake(settings) -> Iterator[FakeMattermost]:
    """The imitated server, which may be reached."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def both(db, fake, room) -> Bridged:
    """The room and a channel of the imitated server, joined by staff."""
    return Bridged(fake, room, factories.make_person("boss", is_superuser=True, is_staff=True))
