"""How sign-ins end: each end deletes the session and writes the event that closes its sockets."""

import re

from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import selectors, services
from accounts.models import AuditEntry, User
from realtime import sessions
from realtime.protocol import Refused
from realtime.sessions import session_digest
from tests.accounts.conftest import PASSWORD, Person, SignIn, events, prove

NEW = "another horse staple"


def key(client: Client) -> str:
    found = client.session.session_key
    assert found
    return found


def is_in(client: Client) -> bool:
    return client.get("/account/profile/").status_code == 200


def test_person_signs_out_and_that_device_hears_it(person: Person, sign_in: SignIn) -> None:
    user = person()
    here, there = sign_in(user), sign_in(user)
    digest = session_digest(key(here))
    here.post("/account/logout/")
    assert events(user) == [("session.revoked", {"close_code": 4401, "session": digest})]
    assert not is_in(here)
    assert is_in(there)


def test_person_signs_out_another_device(person: Person, sign_in: SignIn) -> None:
    user = person()
    here, phone, tablet = sign_in(user), sign_in(user), sign_in(user)
    digest = session_digest(key(phone))
    row = user.usersession_set.get(session_key=key(phone))
    here.post("/account/devices/", {"device": row.pk})
    assert events(user) == [("session.revoked", {"close_code": 4401, "session": digest})]
    assert [is_in(client) for client in (here, phone, tablet)] == [True, False, True]
    assert not Session.objects.filter(session_key=row.session_key).exists()


def test_person_cannot_sign_out_somebody_elses_device(person: Person, sign_in: SignIn) -> None:
    mina, teo = person("mina"), person("teo")
    mine, theirs = sign_in(mina), sign_in(teo)
    mine.post("/account/devices/", {"device": teo.usersession_set.get().pk})
    assert is_in(theirs)
    assert events(teo) == []


def test_person_signs_out_all_others_after_the_password(person: Person, sign_in: SignIn) -> None:
    user = person()
    here, phone = sign_in(user), sign_in(user)
    asked = here.post("/account/devices/", {"others": "1"})
    assert asked["Location"].startswith("/account/reauthenticate/")
    assert is_in(phone)
    here.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/devices/"})
    assert events(user) == [("session.revoked", {"close_code": 4401, "except_session": session_digest(key(here))})]
    assert is_in(here)
    assert not is_in(phone)


def test_person_changes_the_password_and_stays_here(person: Person, sign_in: SignIn) -> None:
    user = person()
    here, phone = sign_in(user), sign_in(user)
    old = session_digest(key(here))
    response = here.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert response["Location"] == "/account/profile/"
    assert events(user) == [
        ("session.revoked", {"close_code": 4401, "except_session": old}),
        ("session.revoked", {"close_code": 1012, "session": old}),
    ]
    assert is_in(here)
    assert not is_in(phone)
    assert user.usersession_set.count() == 1


def test_person_resets_the_password_by_mail_and_every_device_ends(
    person: Person, sign_in: SignIn, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user = person()
    phone = sign_in(user)
    with django_capture_on_commit_callbacks(execute=True):
        known = client.post("/account/password/reset/", {"email": user.email})
        unknown = client.post("/account/password/reset/", {"email": "nobody@northwind.example"})
    assert known["Location"] == unknown["Location"] == "/account/password/reset/done/"
    link = re.search(r"http://testserver(/account/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link.group(1))["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})
    assert events(user) == [("session.revoked", {"close_code": 4401})]
    assert not is_in(phone)
    assert client.post("/account/login/", {"login": "mina", "password": NEW})["Location"] == "/"
    assert "does not work any more" in Client().get(link.group(1), follow=True).content.decode()


def test_suspended_person_is_out_in_the_same_moment(person: Person, boss: User, sign_in: SignIn) -> None:
    user = person()
    phone = sign_in(user)
    services.sanction_user(actor=boss, user=user, kind="ban", reason="Spam.")
    assert events(user) == [("sanction.applied", {"close_code": 4403, "reason": "Spam."})]
    assert not is_in(phone)
    assert AuditEntry.objects.get(action="sanction.ban").target == user.topic


def test_session_nobody_listed_meets_the_ban_on_its_next_page(person: Person, boss: User, sign_in: SignIn) -> None:
    user = person()
    phone = sign_in(user)
    user.usersession_set.all().delete()
    services.sanction_user(actor=boss, user=user, kind="ban", reason="Spam.")
    response = phone.get("/account/profile/")
    assert response.status_code == 403
    assert "Spam." in response.content.decode()
    assert "_auth_user_id" not in phone.session
    api = sign_in_quietly(user).get("/api/home/")
    assert (api.status_code, api.json()) == (403, {"code": "banned", "message": "Spam.", "field": None})


def sign_in_quietly(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_closed_and_deleted_people_are_out(person: Person, boss: User, sign_in: SignIn) -> None:
    for act in (services.deactivate_person, services.delete_permanently):
        user = person("teo" if act is services.delete_permanently else "mina")
        topic_owner, phone = User(pk=user.pk), sign_in(user)
        act(actor=boss, user=user)
        assert events(topic_owner)[-1] == ("session.revoked", {"close_code": 4401})
        assert not is_in(phone)


def test_person_sees_where_they_are_signed_in(person: Person, sign_in: SignIn) -> None:
    user = person()
    here = sign_in(user, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
    sign_in(user, user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1")
    page = here.get("/account/profile/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("This device") == 1
    assert key(here) not in page


def test_device_list_costs_one_write_a_minute(person: Person, sign_in: SignIn, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    here = sign_in(person())
    here.get("/account/")
    with django_assert_max_num_queries(3):
        here.get("/account/")


def test_staff_signs_somebody_out_but_people_cannot(person: Person, boss: User) -> None:
    import pytest

    from realtime.protocol import Refused

    mina, teo = person("mina"), person("teo")
    with pytest.raises(Refused, match="forbidden"):
        services.revoke_sessions(actor=teo, user=mina, reason="spite")
    services.revoke_sessions(actor=boss, user=mina, reason="staff")
    assert len(events(mina)) == 1


def test_prove_holds_for_ten_minutes(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person())
    prove(client)
    assert client.get("/account/2fa/totp/activate/").status_code == 200
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 601
    session.save()
    assert client.get("/account/2fa/totp/activate/").status_code == 302


def test_a_changed_secret_key_signs_nobody_out(person: Person, sign_in: SignIn, settings: Settings) -> None:
    user = person()
    laptop, phone = sign_in(user), sign_in(user)
    keys = [key(laptop), key(phone)]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, and a long one at that: 0123456789"
    assert isinstance(sessions.authenticate(keys[0]), sessions.Identity)
    assert is_in(laptop)
    tablet = sign_in(user)
    assert is_in(phone)
    assert [key(laptop), key(phone)] == keys
    assert len(selectors.devices_of(user)) == 3
    services.set_password(actor=user, user=user, password=NEW, keep=key(tablet))
    assert not is_in(laptop)


def test_a_handshake_leaves_a_session_that_no_longer_holds_to_the_pages(person: Person, sign_in: SignIn) -> None:
    user = person()
    old = key(sign_in(user))
    User.objects.filter(pk=user.pk).update(password="!")
    assert isinstance(sessions.authenticate(old), Refused)
    assert Session.objects.filter(session_key=old).exists()
