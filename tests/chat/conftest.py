"""Mina owns the room, Teo is in it, Ines is outside."""

from typing import Any

import msgspec
import pytest
from django.test import Client

from accounts.models import User
from chat.models import Room
from realtime import log
from tests import factories


@pytest.fixture
def mina(db: None) -> User:
    return factories.make_person("mina", display_name="Mina Okafor", email="mina@northwind.example")


@pytest.fixture
def teo(db: None) -> User:
    return factories.make_person("teo", display_name="Teo Lindqvist")


@pytest.fixture
def ines(db: None) -> User:
    return factories.make_person("ines", display_name="Ines Haddad")


@pytest.fixture
def room(mina: User, teo: User) -> Room:
    return factories.make_room(mina, teo, name="Realtime core")


@pytest.fixture
def secret(mina: User, teo: User) -> Room:
    return factories.make_room(mina, teo, kind="private", name="Hiring")


def events(topic: str, after: int = 0) -> list[dict[str, Any]]:
    """The frames of a topic's log, with the effect of each."""
    entries = log.read(topic, after, 1000)
    return [msgspec.json.decode(entry.frame) | {"effect": entry.effect} for entry in entries]


def last_event(topic: str) -> dict[str, Any]:
    return events(topic)[-1]


def topic_of(room: Room) -> str:
    return f"room:{room.pk}"


def head(topic: str) -> int:
    return log.heads([topic])[topic][0]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
