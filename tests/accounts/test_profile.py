"""The account page and its requests."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts import selectors
from accounts.agents import describe
from tests.accounts.conftest import Person, SignIn, events

UNTOUCHED = {
    "desktop_notifications": False,
    "notification_sound": False,
    "email_mentions": True,
    "quiet_until": None,
    "quiet_from": None,
    "quiet_to": None,
}


def choose(client: Client, body: Any) -> Any:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post("/account/preferences/", data, content_type="application/json")


def test_person_changes_name_and_zone(person: Person, sign_in: SignIn) -> None:
    user = person()
    client = sign_in(user)
    response = client.post("/account/profile/", {"display_name": " Mina  O ", "time_zone": "Asia/Tokyo"})
    assert response.status_code == 302
    assert selectors.person_view(user).display_name == "Mina O"
    assert "Your profile is saved." in client.get("/account/profile/").content.decode()


def test_person_is_told_what_is_wrong_and_keeps_the_text(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person())
    response = client.post("/account/profile/", {"display_name": "Mina\u202e", "time_zone": "UTC"})
    assert response.status_code == 400
    page = response.content.decode()
    assert "cannot hold control or invisible characters" in page
    assert 'aria-invalid="true"' in page
    response = client.post("/account/profile/", {"display_name": "Mina", "time_zone": "Mars/Olympus"})
    assert response.status_code == 400
    assert 'value="Mina"' in response.content.decode()


def test_person_chooses_by_request(person: Person, sign_in: SignIn) -> None:
    user = person()
    client = sign_in(user)
    response = choose(client, {"theme": "dark", "letter_shortcuts": False})
    assert (
        response.json()
        == {"theme": "dark", "time_zone": "UTC", "enter_sends": True, "letter_shortcuts": False} | UNTOUCHED
    )
    assert 'data-theme="dark"' in client.get("/account/profile/").content.decode()
    assert events(user) == [("preferences.changed", {})]


def test_person_chooses_when_to_be_left_alone(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person())
    chosen = choose(client, {"quiet_from": "22:00", "quiet_to": "07:30", "notification_sound": True}).json()
    assert (chosen["quiet_from"], chosen["quiet_to"], chosen["notification_sound"]) == ("22:00", "07:30", True)
    chosen = choose(client, {"quiet_until": "2999-01-01T00:00:00Z"}).json()
    assert (chosen["quiet_until"], chosen["quiet_from"]) == ("2999-01-01T00:00:00Z", "22:00")
    chosen = choose(client, {"quiet_until": "2020-01-01T00:00:00Z", "quiet_from": None, "quiet_to": None}).json()
    assert (chosen["quiet_until"], chosen["quiet_from"], chosen["quiet_to"]) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"theme": "pink"}, "theme"),
        ({"quiet_from": "22:00"}, "quiet_to"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "quiet_to"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "quiet_from"),
        ({"quiet_from": "22:00:01", "quiet_to": "07:00"}, "quiet_from"),
        ({"quiet_until": "2999-01-01T00:00:00"}, "quiet_until"),
        ({"quiet_until": "tomorrow"}, None),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"enter_sends": "yes"}, None),
        ({"is_superuser": True}, None),
        ([], None),
        ("{", None),
        (b"\xff\xfe", None),
        ("[" * 5000, None),
        ("", None),
    ],
)
def test_wrong_choice_is_refused_in_words(person: Person, sign_in: SignIn, body: Any, field: str | None) -> None:
    user = person()
    response = choose(sign_in(user), body)
    assert response.status_code == 400
    answer = response.json()
    assert (answer["code"], answer["field"]) == ("invalid", field)
    assert answer["message"]
    assert events(user) == []


def test_visitor_and_forger_choose_nothing(person: Person, sign_in: SignIn) -> None:
    assert choose(Client(), {"theme": "dark"}).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(person()).cookies
    assert choose(strict, {"theme": "dark"}).status_code == 403


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPad"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Safari/537.36", "Chrome on an Android tablet"),
        ("curl/8.0", "curl"),
        ("", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
    ],
)
def test_device_has_a_name(agent: str, words: str) -> None:
    assert describe(agent).name == words
