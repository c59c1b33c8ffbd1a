"""Signing in, and what is told to whoever fails at it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from tests.accounts.conftest import PASSWORD, Person, SignIn

NOTE = re.compile(r'<div class="note bad".*?</div>', re.S)


def note(page: str) -> str:
    found = NOTE.search(page)
    assert found
    return found.group()


@pytest.mark.parametrize("login", ["mina", "MINA", "mina@northwind.example", "Mina@Northwind.Example", " mina "])
def test_person_signs_in_by_name_or_address(person: Person, client: Client, login: str) -> None:
    user = person()
    response = client.post("/account/login/", {"login": login, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_stranger_cannot_tell_unknown_from_wrong(person: Person, client: Client) -> None:
    person()
    pages = [
        client.post("/account/login/", {"login": login, "password": "not the password"}).content.decode()
        for login in ("mina", "mina@northwind.example", "nobody", "nobody@northwind.example")
    ]
    assert len({note(page) for page in pages}) == 1
    assert "do not match" in pages[0]


def test_person_who_mistyped_finds_focus_in_the_password(person: Person, client: Client) -> None:
    person()
    page = client.post("/account/login/", {"login": "mina", "password": "wrong"}).content.decode()
    assert re.search(r'<input type="password"[^>]*autofocus', page)
    assert 'value="mina"' in page
    assert "wrong" not in page


def test_guesser_is_held_back_after_five_attempts(person: Person, client: Client) -> None:
    person()
    for _ in range(5):
        client.post("/account/login/", {"login": "mina", "password": "guess"})
    response = client.post("/account/login/", {"login": "mina", "password": PASSWORD})
    assert response.status_code == 200
    assert 'data-wait-seconds="300"' in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_proxy_header_is_not_believed_unless_told(person: Person) -> None:
    person()
    for turn in range(11):
        client = Client(headers={"X-Forwarded-For": f"203.0.113.{turn}"})
        page = client.post("/account/login/", {"login": f"guess{turn}", "password": "x"}).content.decode()
    assert "Wait 5 minutes" in page


@pytest.mark.parametrize(("remember", "at_browser_close"), [("on", False), ("", True)])
def test_person_chooses_how_long_to_stay(person: Person, client: Client, remember: str, at_browser_close: bool) -> None:
    person()
    client.post("/account/login/", {"login": "mina", "password": PASSWORD, "remember": remember})
    assert client.session.get_expire_at_browser_close() is at_browser_close


def test_person_is_led_on_but_not_out_of_the_site(person: Person, sign_in: SignIn) -> None:
    person()
    for wanted, location in [("/rooms/general/", "/rooms/general/"), ("https://elsewhere.example/", "/")]:
        response = Client().post("/account/login/", {"login": "mina", "password": PASSWORD, "next": wanted})
        assert response["Location"] == location


def test_closed_account_stays_closed(person: Person, boss: User, client: Client) -> None:
    services.deactivate_person(actor=boss, user=person())
    response = client.post("/account/login/", {"login": "mina", "password": PASSWORD})
    assert response["Location"] == "/account/inactive/"
    assert "_auth_user_id" not in client.session


def test_suspended_person_reads_the_reason_instead(person: Person, boss: User, client: Client) -> None:
    user = person()
    services.sanction_user(actor=boss, user=user, kind="ban", reason="Spam in #general.")
    response = client.post("/account/login/", {"login": "mina", "password": PASSWORD})
    assert response.status_code == 403
    assert "Spam in #general." in response.content.decode()
    assert "_auth_user_id" not in client.session
    wrong = client.post("/account/login/", {"login": "mina", "password": "wrong"})
    assert "Spam" not in wrong.content.decode()


def test_suspended_person_comes_back_when_it_is_over(person: Person, boss: User, client: Client) -> None:
    user = person()
    until = timezone.now() + timedelta(hours=1)
    sanction = services.sanction_user(actor=boss, user=user, kind="ban", reason="A day off.", until=until)
    type(sanction).objects.filter(pk=sanction.pk).update(until=timezone.now())
    assert client.post("/account/login/", {"login": "mina", "password": PASSWORD}).status_code == 302


def test_person_signs_out_by_post_only(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person())
    client.get("/account/logout/")
    assert "_auth_user_id" in client.session
    client.post("/account/logout/")
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_page_offers_no_provider_when_none_is_configured(client: Client) -> None:
    page = client.get("/account/login/").content.decode()
    assert "building-2" not in page
    assert "data-with-passkey hidden" in page
