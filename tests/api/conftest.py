"""The people of tests.people, and scripts that speak for them."""

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
from realtime import consumers
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import teo as teo


@pytest.fixture(autouse=True)
def _fresh_allowances() -> Iterator[None]:
    """Rates are counted in the process and in the cache; each test begins with none used."""
    consumers._buckets.clear()
    cache.clear()
    yield
    consumers._buckets.clear()


def token_of(user: User, *scopes: str) -> str:
    """A token of this person; of all scopes when none is named."""
    return services.make_token(actor=user, user=user, name="script", scopes=scopes or SCOPES)[1]


class Script:
    """Somebody's script: requests with a token, below /api/v1/."""

    def __init__(self, user: User | None = None, *scopes: str, token: str = "") -> None:
        self.token = token or (token_of(user, *scopes) if user is not None else "")
        self.client = Client(raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        """One request; `body` is sent as JSON."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        data = json.dumps(body) if body is not None else ""
        kind = "application/json" if body is not None else ""
        return self.client.generic(method, f"/api/v1/{path}", data, content_type=kind, headers=headers)

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def told(self, method: str, path: str, body: Any = None, *, status: int = 200, key: str = "") -> Any:
        """The JSON of an answer with this status."""
        response = self.ask(method, path, body, key=key)
        assert response.status_code == status, (response.status_code, response.content.decode())
        return json.loads(response.content) if response.content else None

    def refused(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> tuple[int, str]:
        """(status, code) of a refusal."""
        response = self.ask(method, path, body, key=key, **headers)
        return response.status_code, json.loads(response.content)["code"]
