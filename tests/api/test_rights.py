"""Who may come: living tokens with the scope, of people who may be here; and nothing secret in an answer or a log."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import services
from accounts.models import ApiToken, AuditEntry, User
from accounts.scopes import SCOPES
from api import endpoints
from api.declared import ANY_TOKEN, ENDPOINTS, Endpoint
from chat.models import Room
from tests import factories
from tests.api.conftest import Script, token_of

assert endpoints.__all__
ADDRESSES = {"int": "1", "uuid": str(factories.nobody()), "str": "x"}


def address_of(endpoint: Endpoint) -> str:
    path = endpoint.path
    for one in endpoint.parameters:
        path = path.replace(f"<{one.kind}:{one.name}>", ADDRESSES[one.kind])
    return path


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_address_asks_for_a_token_and_its_scope(endpoint: Endpoint, mina: User) -> None:
    path = address_of(endpoint)
    response = Script().ask(endpoint.method, path)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    if endpoint.scope == ANY_TOKEN:
        return
    without = Script(mina, *(SCOPES.keys() - {endpoint.scope}))
    response = without.ask(endpoint.method, path)
    assert response.status_code == 403
    assert response["WWW-Authenticate"].endswith(f'error="insufficient_scope", scope="{endpoint.scope}"')


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic bWluYTp4", "Bearer collab_x", "Token {token}"])
def test_wrong_word_at_the_door_is_turned_away(mina: User, header: str) -> None:
    headers = {"Authorization": header.format(token=token_of(mina))}
    response = Client().get("/api/v1/me", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


def test_cookie_opens_nothing_and_is_not_even_read(mina: User, teo: User) -> None:
    script = Script(teo)
    script.client.force_login(mina)
    assert script.told("GET", "me")["person"]["name"] == "teo"
    response = script.client.get("/api/v1/me")
    assert response.status_code == 401
    assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_revoked_and_ended_tokens_are_turned_away(mina: User) -> None:
    script = Script(mina)
    row = ApiToken.objects.get()
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert script.refused("GET", "me") == (401, "unauthenticated")
    ApiToken.objects.filter(pk=row.pk).update(expires_at=None)
    script.told("DELETE", "tokens/current", status=204)
    assert script.refused("GET", "me") == (401, "unauthenticated")
    assert AuditEntry.objects.filter(action="token.revoke", target=mina.topic).count() == 1


def test_suspended_and_closed_accounts_are_turned_away(mina: User, teo: User) -> None:
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    scripts = Script(mina), Script(teo)
    services.sanction_user(actor=boss, user=mina, kind="ban", reason="Spam everywhere")
    response = scripts[0].get("rooms")
    assert (response.status_code, response.json()["message"]) == (403, "Spam everywhere")
    services.deactivate_person(actor=boss, user=teo)
    assert scripts[1].refused("GET", "rooms") == (401, "unauthenticated")


def test_second_factor_that_is_required_is_required_here(mina: User, settings: Settings) -> None:
    script = Script(mina)
    settings.MFA_REQUIRED = "all"
    assert script.refused("GET", "rooms") == (403, "forbidden")


def test_script_sees_and_revokes_its_owners_tokens_only(mina: User, teo: User) -> None:
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    script, other = Script(mina), Script(teo)
    theirs = ApiToken.objects.get(user=teo)
    shown = script.get("tokens")
    assert [row["name"] for row in shown.json()["tokens"]] == ["script"]
    assert script.token not in shown.content.decode()
    for asker in (script, Script(boss)):
        assert asker.refused("DELETE", f"tokens/{theirs.pk}") == (404, "not_found")
    assert script.refused("DELETE", "tokens/999999999999999999999") == (404, "not_found")
    assert other.told("GET", "me")["token"]["id"] == theirs.pk


def test_guest_reads_and_does_not_invite(mina: User, teo: User, ines: User, secret: Room) -> None:
    factories.give_role(secret, teo, "guest")
    script = Script(teo)
    assert script.told("GET", f"rooms/{secret.pk}")["role"] == "guest"
    assert script.refused("POST", f"rooms/{secret.pk}/members", {"user": ines.pk}) == (403, "forbidden")


def test_script_of_somebody_outside_reads_public_rooms_and_writes_nowhere(ines: User, room: Room) -> None:
    script = Script(ines)
    assert script.told("GET", f"rooms/{room.pk}/messages")["messages"]
    assert script.refused("POST", f"rooms/{room.pk}/messages", {"body": "Hi"}) == (403, "not_member")
    assert script.refused("POST", f"rooms/{room.pk}/documents", {"name": "x.md"}) == (403, "not_member")


def test_removed_member_reads_nothing_more_of_a_private_room(mina: User, teo: User, secret: Room) -> None:
    script = Script(teo)
    assert script.told("GET", f"rooms/{secret.pk}/messages")
    Script(mina).told("DELETE", f"rooms/{secret.pk}/members/{teo.pk}")
    assert script.refused("GET", f"rooms/{secret.pk}/messages") == (404, "not_found")


def test_token_in_constant_use_is_noted_once(mina: User) -> None:
    script = Script(mina)
    script.get("me")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    script.get("me")
    assert ApiToken.objects.get().last_used_at == first


def test_too_many_requests_of_one_token_wait(mina: User, settings: Settings) -> None:
    settings.API_READS_PER_SECOND = 1
    script, other = Script(mina), Script(mina)
    answers = [script.get("me") for _ in range(60)]
    assert [answer.status_code for answer in answers[:6]] == [200] * 6
    response = next(answer for answer in answers if answer.status_code != 200)
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert response["Retry-After"] in {"1", "2"}
    assert other.get("me").status_code == 200


@pytest.mark.allow_logged_errors("what fails inside is recorded")
def test_no_token_stands_in_a_log_or_in_an_answer(mina: User, room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = Script(mina)
    answers = [script.get("me"), script.get("tokens"), script.get("nowhere"), script.ask("POST", "rooms", {"a": 1})]
    ApiToken.objects.update(scopes=5)
    failed = script.get("rooms")
    assert failed.status_code == 500
    assert failed.json()["code"] == "internal"
    assert failed.json()["request_id"] == failed["X-Request-Id"]
    told = caplog.text + "".join(answer.content.decode() + str(answer.headers) for answer in [*answers, failed])
    assert failed["X-Request-Id"] in caplog.text
    assert script.token not in told
    assert script.token[12:] not in told
