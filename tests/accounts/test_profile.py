"""The account page and its requests."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts import selectors
from accounts.agents import describe
from tests.accounts.conftest import Person, SignIn, events


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
    assert response.json() == {"theme": "dark", "time_zone": "UTC", "enter_sends": True, "letter_shortcuts": False}
    assert 'data-theme="dark"' in client.get("/account/profile/").content.decode()
    assert events(user) == [("preferences.changed", {})]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"theme": "pink"}, "theme"),
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
