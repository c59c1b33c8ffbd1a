"""People of these tests, and what they see."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from accounts import services
from accounts.models import User
from realtime.models import Event

PASSWORD = "correct horse battery"

Person = Callable[..., User]
SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits are counted in the cache; each test starts from none."""
    cache.clear()


@pytest.fixture
def person(db: None) -> Person:
    def make(username: str = "mina", **given: Any) -> User:
        given.setdefault("email", f"{username}@northwind.example")
        given.setdefault("password", PASSWORD)
        return services.create_person(actor=None, username=username, **given)

    return make


@pytest.fixture
def sign_in() -> SignIn:
    def enter(user: User, **headers: str) -> Client:
        client = Client(headers=headers)
        response = client.post("/account/login/", {"login": user.username, "password": PASSWORD})
        assert response.status_code == 302, response.content.decode()
        return client

    return enter


def prove(client: Client) -> None:
    """Answers the question that comes before what matters."""
    response = client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/profile/"})
    assert response.status_code == 302, response.content.decode()


@pytest.fixture
def boss(person: Person) -> User:
    return person("boss", is_staff=True, is_superuser=True)


def events(user: User) -> list[tuple[str, dict[str, Any]]]:
    """(type, effect) of each event on the person's topic, oldest first."""
    import msgspec

    rows = Event.objects.filter(topic=user.topic).order_by("seq")
    return [(row.type, msgspec.json.decode(row.effect) if row.effect else {}) for row in rows]


def digits(secret: str) -> str:
    """What an authenticator shows now."""
    counter = int(time.time()) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, counter))
