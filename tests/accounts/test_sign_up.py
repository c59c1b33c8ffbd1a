"""Making an account: openly, by invite, with a confirmed address, against a second one."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.core.context import request_context
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core import mail
from django.db import transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import invitations, services
from accounts.forms import SignUpForm
from accounts.models import Invite, User
from tests.accounts.conftest import PASSWORD, Person

LEA = {
    "display_name": "Lea  Moreau",
    "username": "Lea",
    "email": "Lea.Moreau@northwind.example",
    "password1": PASSWORD,
    "time_zone": "Europe/Paris",
}


def sign_up(client: Client, **changed: str) -> Any:
    return client.post("/account/signup/", {**LEA, **changed})


@pytest.mark.django_db
def test_visitor_signs_up_and_is_in(client: Client) -> None:
    assert sign_up(client)["Location"] == "/"
    user = User.objects.get()
    assert (user.username, user.display_name, user.email) == ("lea", "Lea Moreau", "lea.moreau@northwind.example")
    assert user.profile.time_zone == "Europe/Paris"
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "léa", "Use letters, digits"),
        ("username", "a b", "Use letters, digits"),
        ("username", "x" * 41, "at most 40 characters"),
        ("username", "room", "This name is taken."),
        ("username", "-lea", "begin and end"),
        ("display_name", "Lea\u202eroot", "invisible characters"),
        ("display_name", "L\x00a", "Null characters"),
        ("display_name", "x" * 61, "at most 60 characters"),
        ("email", "lea", "valid email"),
        ("password1", "short", "too short"),
        ("password1", "1234567890", "too common"),
        ("password1", "lea.moreau@northwind", "too similar"),
        ("password1", "moreau lea moreau", "too similar to the display name"),
    ],
)
def test_visitor_is_told_what_is_wrong(client: Client, field: str, value: str, sentence: str) -> None:
    response = sign_up(client, **{field: value})
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_visitor_with_an_odd_browser_gets_utc(client: Client) -> None:
    sign_up(client, time_zone="Mars/Olympus")
    assert User.objects.get().profile.time_zone == "UTC"


def test_visitor_cannot_take_a_name_in_other_case(person: Person, client: Client) -> None:
    person("lea")
    assert "This name is taken." in sign_up(client, email="other@northwind.example").content.decode()


def test_visitor_learns_nothing_about_an_address_when_mail_decides(
    person: Person,
    client: Client,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    person("mina", email=LEA["email"])
    with django_capture_on_commit_callbacks(execute=True):
        known = sign_up(client)
    with django_capture_on_commit_callbacks(execute=True):
        unknown = sign_up(Client(), username="other", email="other@northwind.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.subject for message in mail.outbox] == [
        "[Collab] You have an account already",
        "[Collab] Confirm your address",
    ]
    assert User.objects.filter(email=LEA["email"].lower()).count() == 1


@pytest.mark.django_db
def test_visitor_confirms_the_address_by_the_link(
    client: Client, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    with django_capture_on_commit_callbacks(execute=True):
        assert sign_up(client)["Location"] == "/account/confirm-email/"
    assert "_auth_user_id" not in client.session
    link = re.search(r"http://testserver(/account/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link
    page = client.get(link.group(1)).content.decode()
    assert "lea.moreau@northwind.example belongs to Lea Moreau" in page
    client.post(link.group(1))
    assert User.objects.get().emailaddress_set.get().verified
    assert client.post("/account/login/", {"login": "lea", "password": PASSWORD})["Location"] == "/"


@pytest.mark.allow_logged_errors("the mail server is down, which Django logs")
@pytest.mark.django_db
def test_visitor_is_in_although_the_mail_server_is_down(
    client: Client, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    with django_capture_on_commit_callbacks(execute=True):
        assert sign_up(client)["Location"] == "/"
    assert User.objects.filter(username="lea").exists()


def test_visitor_without_invite_stays_out(db: None, client: Client, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    assert "By invitation" in client.get("/account/signup/").content.decode()
    assert "By invitation" in sign_up(client).content.decode()
    assert not User.objects.exists()


def invited(boss: User, **given: Any) -> str:
    given.setdefault("expires_at", timezone.now() + timedelta(days=7))
    return services.issue_invite(actor=boss, **given)[1]


def test_guest_signs_up_by_invite_once(boss: User, client: Client, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    token = invited(boss)
    assert client.get(f"/account/invite/{token}/")["Location"] == "/account/signup/"
    assert sign_up(client)["Location"] == "/"
    again = Client()
    assert again.get(f"/account/invite/{token}/").status_code == 410
    assert "By invitation" in sign_up(again, username="two", email="two@northwind.example").content.decode()
    assert Invite.objects.get().uses == 1


def test_guest_who_mistyped_keeps_the_invite(boss: User, client: Client, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    client.get(f"/account/invite/{invited(boss)}/")
    sign_up(client, password1="short")
    assert Invite.objects.get().uses == 0
    assert sign_up(client)["Location"] == "/"


def test_guest_signs_up_only_with_the_invited_address(boss: User, client: Client, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    client.get(f"/account/invite/{invited(boss, email='somebody@northwind.example')}/")
    assert "This invitation is for another address." in sign_up(client).content.decode()
    assert sign_up(client, email="somebody@northwind.example")["Location"] == "/"


def test_second_guest_is_too_late_for_the_last_use(boss: User, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    token = invited(boss)
    first, second = Client(), Client()
    for client in (first, second):
        client.get(f"/account/invite/{token}/")
    assert sign_up(first)["Location"] == "/"
    assert "By invitation" in sign_up(second, username="two", email="two@northwind.example").content.decode()


@pytest.mark.parametrize("state", ["revoked", "over", "unknown"])
def test_guest_with_a_dead_invite_is_told(boss: User, client: Client, state: str) -> None:
    token = invited(boss)
    if state == "revoked":
        services.revoke_invite(actor=boss, invite=Invite.objects.get())
    elif state == "over":
        Invite.objects.update(expires_at=timezone.now())
    else:
        token = "unknown"
    response = client.get(f"/account/invite/{token}/")
    assert response.status_code == 410
    assert "over or was used up" in response.content.decode()


def test_guest_of_a_room_may_sign_up_for_an_hour(db: None, client: Client, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    session = client.session
    invitations.allow_sign_up(session)
    session.save()
    assert sign_up(client)["Location"] == "/"


def test_guest_of_a_room_is_late_after_the_hour(db: None, client: Client, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    session = client.session
    invitations.allow_sign_up(session, seconds=-1)
    session.save()
    assert "By invitation" in sign_up(client).content.decode()


def test_two_visitors_take_one_name_at_once_and_the_later_is_asked_again(person: Person, client: Client) -> None:
    request = RequestFactory().post("/account/signup/")
    request.session, request.user = client.session, AnonymousUser()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    with request_context(request):
        form = SignUpForm(LEA)
        assert form.is_valid(), form.errors
        person("lea")
        with transaction.atomic():
            user, response = form.try_save(request)
    assert user is None
    assert response is not None
    assert response["Location"] == "/account/signup/"
    assert "Somebody was faster" in str(next(iter(request._messages)))  # type: ignore[attr-defined]
    assert User.objects.count() == 1
