"""Numbers over HTTP: every format, both addresses, what is refused and how it is told."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from dashboard.models import Flush, Series
from tests.api.conftest import Script, token_of

pytestmark = pytest.mark.django_db


def push(
    user: User, body: str | bytes, kind: str = "text/plain", *, path: str = "/api/v1/metrics", **headers: str
) -> Any:
    """A push as any HTTP client sends it."""
    given = {"Authorization": f"Bearer {token_of(user, 'metrics:write')}", **headers}
    return Client().generic("POST", path, body, content_type=kind, headers=given)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"load": 0.5}', "application/json"),
        ('{"samples": [{"name": "load", "value": 0.5}]}', "application/json; charset=utf-8"),
        ("# TYPE load gauge\nload 0.5\n", "text/plain; version=0.0.4; charset=utf-8"),
        ("load 0.5\n# EOF\n", "application/openmetrics-text; version=1.0.0"),
        ("load value=0.5", "text/plain; charset=utf-8"),
        ('{"load": 0.5}', "application/x-www-form-urlencoded"),
        ("load value=0.5", "application/octet-stream"),
    ],
    ids=["json", "samples", "prometheus", "openmetrics", "influx", "curl", "bytes"],
)
@pytest.mark.parametrize("path", ["/api/v1/metrics", "/api/metrics"])
def test_a_program_pushes_what_it_has(mina: User, body: str, kind: str, path: str) -> None:
    response = push(mina, body, kind, path=path)
    assert (response.status_code, response.json()) == (200, {"taken": 1, "repeated": 0, "ignored": 0})
    assert Series.objects.get().key == f"person/{mina.pk}/load"
    assert Flush.objects.count() == 1


def test_telegraf_packs_its_lines(mina: User) -> None:
    response = push(mina, gzip.compress(b"cpu,host=a usage=3 1\ncpu,host=b usage=4"), Content_Encoding="gzip")
    assert response.status_code == 400, response.content
    assert [line["line"] for line in response.json()["lines"]] == [1]
    packed = push(mina, gzip.compress(b"cpu,host=b usage=4"), **{"Content-Encoding": "gzip"})
    assert packed.json()["taken"] == 1


def test_every_bad_line_is_named_and_nothing_taken(mina: User) -> None:
    response = push(mina, "good 1\nbad\nalso_good 2\n9 x\n")
    assert response.status_code == 400
    told = response.json()
    assert (told["code"], told["field"], [line["line"] for line in told["lines"]]) == ("invalid", "body", [2, 4])
    assert told["message"].startswith("Nothing was taken, because of line 2: ")
    assert not Series.objects.exists()


def test_a_refusal_of_another_kind_has_no_lines(mina: User) -> None:
    assert Script(mina).ask("GET", "rooms/999999").json()["lines"] is None


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 600_000, {}, 413),
        (gzip.compress(b"\n" * 600_000), {"Content-Encoding": "gzip"}, 413),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (b"load 1", {"Content-Encoding": "br"}, 400),
        ("\n".join(f"m{number} 1" for number in range(2_001)).encode(), {}, 413),
    ],
    ids=["large", "bomb", "rubbish", "brotli", "many"],
)
def test_nobody_pushes_more_than_anybody_reads(mina: User, body: bytes, headers: dict[str, str], status: int) -> None:
    assert push(mina, body, **headers).status_code == status
    assert not Flush.objects.exists()


def test_a_flood_is_told_when_to_come_again(mina: User, settings: Any) -> None:
    settings.API_NUMBERS_PER_SECOND = 100
    body = "\n".join(f"m{number % 400} 1" for number in range(1_900))
    assert push(mina, body).status_code == 200
    flooded = push(mina, body)
    assert (flooded.status_code, flooded.json()["code"]) == (429, "rate_limited")
    assert 15 < int(flooded["Retry-After"]) <= 19
    assert push(mina, "load 1").status_code == 200, "the small one still has room"
    settings.API_NUMBERS_PER_SECOND = 0
    assert push(mina, body).status_code == 200


def test_a_token_needs_the_scope(mina: User) -> None:
    script = Script(mina, "rooms:read", "metrics:read")
    assert script.refused("POST", "metrics", {"load": 1}) == (403, "forbidden")


def test_the_short_address_looks_at_no_cookie(mina: User) -> None:
    client = Client()
    client.force_login(mina)
    response = client.post("/api/metrics", '{"load": 1}', content_type="application/json")
    assert response.status_code == 401


def test_the_same_wish_is_fulfilled_once(mina: User) -> None:
    script = Script(mina)
    body = {"samples": [{"name": "deploys", "value": 1, "kind": "counter"}]}
    first = script.ask("POST", "metrics", body, key="deploy-7")
    again = script.ask("POST", "metrics", body, key="deploy-7")
    assert (first.json(), again.json(), again["Idempotent-Replayed"]) == (first.json(), first.json(), "true")
    assert Flush.objects.count() == 1
    other = script.ask("POST", "metrics", {"deploys": 2}, key="deploy-7")
    assert (other.status_code, json.loads(other.content)["code"]) == (409, "conflict")


@pytest.mark.parametrize(("precision", "status"), [("s", 400), ("ns", 200), ("minutes", 400)])
def test_times_are_in_the_precision_asked_for(mina: User, precision: str, status: int) -> None:
    import time

    line = f"load value=1 {time.time_ns()}"
    assert push(mina, line, path=f"/api/v1/metrics?precision={precision}").status_code == status
