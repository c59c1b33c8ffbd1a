"""Authenticator, recovery codes, and who must have them."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts import gates, selectors, vault
from accounts.models import User
from tests.accounts.conftest import PASSWORD, Person, SignIn, digits, prove

CODE = re.compile(r"<li>(\d{8}|[\w-]{8,})</li>")


def set_up(client: Client) -> tuple[str, list[str]]:
    """Turns the authenticator on; answers its secret and the recovery codes."""
    prove(client)
    page = client.get("/account/2fa/totp/activate/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    found = re.search(r'id="secret" value="(\w+)"', page)
    assert found
    secret = found.group(1)
    done = client.post("/account/2fa/totp/activate/", {"code": digits(secret)})
    codes = client.get(done["Location"]).content.decode()
    return secret, CODE.findall(codes)


def start(user: User) -> Client:
    client = Client()
    response = client.post("/account/login/", {"login": user.username, "password": PASSWORD})
    assert response["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    return client


def test_person_turns_on_the_authenticator_and_signs_in_with_it(person: Person, sign_in: SignIn) -> None:
    user = person()
    secret, _ = set_up(sign_in(user))
    client = start(user)
    wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert "This code is not right." in wrong.content.decode()
    assert client.post("/account/2fa/authenticate/", {"code": digits(secret)})["Location"] == "/"


def test_person_uses_a_recovery_code_once(person: Person, sign_in: SignIn) -> None:
    user = person()
    _, codes = set_up(sign_in(user))
    assert len(codes) == 10
    assert start(user).post("/account/2fa/authenticate/?recovery=1", {"code": codes[0]})["Location"] == "/"
    again = start(user).post("/account/2fa/authenticate/?recovery=1", {"code": codes[0]})
    assert "none of your unused codes" in again.content.decode()


def test_person_sees_recovery_codes_only_when_they_are_made(person: Person, sign_in: SignIn) -> None:
    user = person()
    client = sign_in(user)
    _, codes = set_up(client)
    later = sign_in_with_code(user, codes)
    prove(later)
    page = later.get("/account/2fa/recovery-codes/").content.decode()
    assert "9 of 10 codes are left" in page
    assert not any(code in page for code in codes)
    assert later.get("/account/2fa/recovery-codes/download/").status_code in {403, 404}


def sign_in_with_code(user: User, codes: list[str]) -> Client:
    client = start(user)
    client.post("/account/2fa/authenticate/", {"code": codes[-1]})
    return client


def test_wrong_digits_do_not_turn_it_on(person: Person, sign_in: SignIn) -> None:
    user = person()
    client = sign_in(user)
    prove(client)
    client.get("/account/2fa/totp/activate/")
    assert "not right" in client.post("/account/2fa/totp/activate/", {"code": "000000"}).content.decode()
    assert not selectors.has_second_factor(user)


def test_person_removes_the_authenticator_after_the_password(person: Person, sign_in: SignIn) -> None:
    user = person()
    client = sign_in(user)
    set_up(client)
    client.post("/account/2fa/totp/deactivate/")
    assert not selectors.has_second_factor(user)
    assert client.get("/account/profile/").status_code == 200


def test_guesser_of_digits_is_held_back(person: Person, sign_in: SignIn) -> None:
    user = person()
    secret, _ = set_up(sign_in(user))
    client = start(user)
    for _ in range(5):
        client.post("/account/2fa/authenticate/", {"code": "000000"})
    held = client.post("/account/2fa/authenticate/", {"code": digits(secret)})
    assert held.status_code == 200
    assert "Too many attempts" in held.content.decode()


def test_everybody_is_led_to_set_up_where_it_is_required(person: Person, sign_in: SignIn, settings: Settings) -> None:
    settings.MFA_REQUIRED = "all"
    user = person()
    client = sign_in(user)
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/account/profile/#security"
    assert client.get("/api/home/").status_code == 403
    refused = gates.require_second_factor(user=user, session=client.session)
    assert refused is not None
    assert refused.code == "forbidden"
    set_up(client)
    assert gates.require_second_factor(user=user, session=client.session) is None
    assert "Location" not in client.get("/").headers


def test_only_staff_must_where_only_staff_must(person: Person, boss: User, settings: Settings) -> None:
    settings.MFA_REQUIRED = "staff"
    assert selectors.may_connect(person())
    assert not selectors.may_connect(boss)


def test_socket_of_a_suspended_person_is_refused_with_the_reason(person: Person, boss: User) -> None:
    from accounts import services

    user = person()
    assert gates.refuse_banned(user=user, session={}) is None
    services.sanction_user(actor=boss, user=user, kind="ban", reason="Spam.")
    refused = gates.refuse_banned(user=user, session={})
    assert refused is not None
    assert (refused.code, refused.message) == ("banned", "Spam.")


def test_passkey_page_hands_out_a_challenge(person: Person, sign_in: SignIn, client: Client) -> None:
    inside = sign_in(person())
    prove(inside)
    page = inside.get("/account/2fa/webauthn/add/").content.decode()
    assert '"challenge"' in page
    options = client.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["userVerification"] == "required"
    refused = inside.post("/account/2fa/webauthn/add/", {"name": "x", "credential": '{"id": "no"}'})
    assert refused.status_code == 200
    assert "note bad" in refused.content.decode()


def stored(user: User) -> str:
    return str(list(Authenticator.objects.filter(user=user).order_by("type").values_list("data", flat=True)))


def test_secrets_of_the_second_step_lie_sealed(person: Person, sign_in: SignIn) -> None:
    user = person()
    secret, codes = set_up(sign_in(user))
    assert secret not in stored(user)
    assert stored(user).count("sealed:") == 2
    assert not any(code in stored(user) for code in codes)


def test_person_whose_secret_was_stored_in_clear_still_signs_in(person: Person, sign_in: SignIn) -> None:
    user = person()
    secret, _ = set_up(sign_in(user))
    Authenticator.objects.filter(user=user, type="totp").update(data={"secret": secret})
    assert start(user).post("/account/2fa/authenticate/", {"code": digits(secret)})["Location"] == "/"


def test_operator_changes_the_key_and_seals_anew(person: Person, sign_in: SignIn, settings: Settings) -> None:
    user = person()
    secret, codes = set_up(sign_in(user))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, and a long one at that: 0123456789"
    assert start(user).post("/account/2fa/authenticate/", {"code": digits(secret)})["Location"] == "/"
    call_command("reseal_factors", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    assert start(user).post("/account/2fa/authenticate/?recovery=1", {"code": codes[0]})["Location"] == "/"


def test_operator_who_lost_the_key_is_told(person: Person, sign_in: SignIn, settings: Settings) -> None:
    set_up(sign_in(person()))
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another key, and a long one at that: 0123456789"
    with pytest.raises(CommandError, match="2 were sealed with a key that is not in SECRET_KEY_FALLBACKS; 0 done"):
        call_command("reseal_factors", verbosity=0)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS"):
        vault.unseal(Authenticator.objects.get(type="totp").data["secret"])
    settings.SECRET_KEY = before
    assert vault.unseal(vault.seal("é")) == "é"
