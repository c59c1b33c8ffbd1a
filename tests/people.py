"""Mina owns a room and a private one, Teo is in both, Ines is outside: fixtures of every app's tests.

Taken over by the conftest of a folder that needs them; one above could not import models, which are not set up then.
"""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Room
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


def signed_in(user: User) -> Client:
    """A browser without pages, in which somebody is signed in."""
    client = Client()
    client.force_login(user)
    return client
