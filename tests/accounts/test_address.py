"""Changing the address that mail goes to."""

import re

from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tests.accounts.conftest import Person, SignIn, prove

NEW = "mina@elsewhere.example"


def ask(client: Client, capture: DjangoCaptureOnCommitCallbacks, address: str = NEW) -> str:
    """Asks for the new address; answers the path of the link in the mail."""
    with capture(execute=True):
        client.post("/account/email/", {"action_add": "", "email": address})
    found = re.search(r"http://testserver(/account/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def test_person_changes_the_address_by_the_link(
    person: Person, sign_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user = person()
    client = sign_in(user)
    prove(client)
    link = ask(client, django_capture_on_commit_callbacks)
    assert mail.outbox[-1].to == [NEW]
    user.refresh_from_db()
    assert user.email == "mina@northwind.example"
    assert "waits to be confirmed" in client.get("/account/email/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(link)
    user.refresh_from_db()
    assert user.email == NEW
    assert mail.outbox[-1].to == ["mina@northwind.example"]
    assert "Your address was changed" in mail.outbox[-1].subject


def test_person_cannot_take_the_address_of_another_nor_learn_of_them(
    person: Person, sign_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = sign_in(person())
    person("teo")
    prove(client)
    pages = []
    for address in ("teo@northwind.example", "nobody@northwind.example"):
        with django_capture_on_commit_callbacks(execute=True):
            pages.append(client.post("/account/email/", {"action_add": "", "email": address}))
    assert [page.status_code for page in pages] == [302, 302]
    assert pages[0]["Location"] == pages[1]["Location"]


def test_person_confirms_an_address_that_another_account_has_claimed(
    person: Person, sign_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user = person()
    client = sign_in(user)
    prove(client)
    link = ask(client, django_capture_on_commit_callbacks)
    User.objects.create(username="squatter", email=NEW)
    client.post(link)
    response = client.get("/account/profile/")
    assert "belongs to another account" in response.content.decode()
    user.refresh_from_db()
    assert user.email == "mina@northwind.example"
