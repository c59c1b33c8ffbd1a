"""The form of requests and answers: strict JSON, methods, sizes, ETags, ids, one shape for every refusal."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import User
from api.models import IdempotencyKey
from chat.models import Message, Room
from tests import factories
from tests.api.conftest import Script


def test_refusal_has_one_shape(mina: User) -> None:
    response = Script(mina).ask("POST", "rooms", {"kind": "public", "name": "x", "colour": "red"})
    assert response.status_code == 400
    told = response.json()
    assert (told["code"], told["field"], told["retry_after"]) == ("invalid", None, None)
    assert "colour" in told["message"]
    assert told["request_id"] == response["X-Request-Id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"kind": "public"}', None),
        ('{"kind": "secret", "name": "x"}', "kind"),
        ('{"kind": "public", "name": 5}', "name"),
        ('{"kind": "public", "name": "x", "members": [0]}', "members[0]"),
        ('{"kind": "public", "name": "\\ud800"}', None),
        ('{"kind": "public", "name": "a\\u0000b"}', "name"),
        ("[1]", None),
        ("{", None),
        ("[" * 5000, None),
    ],
)
def test_wrong_body_is_told_with_its_field(mina: User, body: str, field: str | None) -> None:
    script = Script(mina)
    headers = {"Authorization": f"Bearer {script.token}"}
    response = Client().post("/api/v1/rooms", body, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (400, "invalid", field)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=+5", "limit=5&limit=6", "colour=red", "joined=yes", "q=%00", "after=-1"]
)
def test_wrong_query_is_told(mina: User, query: str) -> None:
    assert Script(mina).refused("GET", f"rooms?{query}") == (400, "invalid")


def test_other_content_than_json_is_refused(mina: User) -> None:
    headers = {"Authorization": f"Bearer {Script(mina).token}"}
    response = Client().post("/api/v1/rooms", {"kind": "public", "name": "x"}, headers=headers)
    assert (response.status_code, response.json()["field"]) == (400, "Content-Type")


def test_too_large_body_is_refused_and_nothing_is_made(mina: User, room: Room) -> None:
    body = {"body": "x" * 70_000}
    assert Script(mina).refused("POST", f"rooms/{room.pk}/messages", body) == (413, "too_large")
    assert not Message.objects.filter(kind="user").exists()


def test_long_document_is_taken(mina: User, room: Room) -> None:
    text = "é" * 1_000_000
    script = Script(mina)
    made = script.told("POST", f"rooms/{room.pk}/documents", {"name": "long.txt", "text": text}, status=201)
    assert script.told("GET", f"documents/{made['id']}/text")["text"] == text


@pytest.mark.parametrize("path", ["rooms", "me", "tokens/current", "rooms/1/leave"])
def test_address_says_which_methods_it_has(mina: User, path: str) -> None:
    script = Script(mina)
    allowed = script.ask("OPTIONS", path)["Allow"].split(", ")
    response = script.ask("TRACE", path)
    assert (response.status_code, response["Allow"].split(", ")) == (405, allowed)
    assert ("HEAD" in allowed) == ("GET" in allowed)


def test_head_is_get_without_its_body(mina: User) -> None:
    script = Script(mina)
    got, head = script.get("me"), script.ask("HEAD", "me")
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == got["Content-Type"]


def test_unknown_address_is_told_in_json_and_never_redirected(mina: User) -> None:
    for path in ("", "nothing", "rooms/", "rooms/abc", "me/"):
        response = Script(mina).get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), path
    assert Client().get("/api/v1").status_code == 404


def test_what_has_not_changed_is_not_sent_again(mina: User, room: Room) -> None:
    script = Script(mina)
    first = script.get(f"rooms/{room.pk}/members")
    again = script.get(f"rooms/{room.pk}/members", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    factories.give_role(room, mina, "moderator")
    assert script.get(f"rooms/{room.pk}/members", **{"If-None-Match": first["ETag"]}).status_code == 200


def test_answers_are_for_the_owner_of_the_token_only(mina: User) -> None:
    response = Script(mina).get("me")
    assert response["Cache-Control"] == "private, no-cache"
    assert "Authorization" in response["Vary"]
    assert "Access-Control-Allow-Origin" not in response


def test_refused_wish_may_be_sent_again_with_its_key(mina: User, teo: User) -> None:
    script, wish = Script(mina), {"kind": "public", "name": "x", "slug": "general"}
    theirs = factories.make_room(teo, name="General", slug="general")
    assert script.refused("POST", "rooms", wish, key="k") == (409, "conflict")
    assert not IdempotencyKey.objects.exists()
    Room.objects.filter(pk=theirs.pk).update(slug="other")
    assert script.told("POST", "rooms", wish, status=201, key="k")


@pytest.mark.parametrize("key", ["a b", "é", "x" * 256])
def test_strange_key_is_refused(mina: User, key: str) -> None:
    body = json.dumps({"kind": "public", "name": "x"})
    headers = {"Authorization": f"Bearer {Script(mina).token}", "Idempotency-Key": key}
    response = Client().post("/api/v1/rooms", body, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["field"]) == (400, "Idempotency-Key")


def test_health_asks_for_nothing() -> None:
    response = Client().get("/api/v1/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
