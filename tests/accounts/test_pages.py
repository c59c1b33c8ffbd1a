"""Every page of one's own account answers, in our frame, without inline script or style."""

import re

import pytest
from django.test import Client

from tests.accounts.conftest import Person, SignIn, prove

OUTSIDE = [
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/password/reset/key/done/",
    "/account/password/reset/key/1-wrong/",
    "/account/confirm-email/",
    "/account/confirm-email/wrong/",
    "/account/inactive/",
]
INSIDE = [
    "/account/profile/",
    "/account/email/",
    "/account/password/change/",
    "/account/logout/",
    "/account/reauthenticate/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/add/",
    "/account/3rdparty/",
    "/account/tokens/",
]
INLINE = re.compile(r'<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(?:src=|type="application/json"))', re.I)


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.django_db
def test_visitor_sees_page(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    page = response.content.decode()
    assert 'class="brandline"' in page
    assert not INLINE.search(page)


@pytest.mark.parametrize("path", INSIDE)
def test_person_sees_page(person: Person, sign_in: SignIn, path: str) -> None:
    client = sign_in(person())
    prove(client)
    response = client.get(path)
    assert response.status_code == 200, response.headers
    page = response.content.decode()
    assert "auth.js" in page
    assert not INLINE.search(page)
    assert "require-trusted-types-for 'script'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/account/", "/account/2fa/", "/account/sessions/", "/account/devices/"])
def test_person_is_led_to_the_account_page(person: Person, sign_in: SignIn, path: str) -> None:
    response = sign_in(person()).get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/profile/")


@pytest.mark.parametrize("path", INSIDE)
def test_visitor_is_asked_to_sign_in(db: None, client: Client, path: str) -> None:
    if path == "/account/logout/":
        return
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")
