"""A token's maker is told a week and a day before its end, once each, and of nothing that is no longer true."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.utils import timezone

from accounts import services
from accounts.models import ApiToken, User
from accounts.services.ending import claim_endings, put_back_ending
from accounts.teller import tell_endings
from tests.accounts.conftest import Person

pytestmark = pytest.mark.stack


def make(maker: User, *, days: float, lived: float = 80, owner: User | None = None) -> ApiToken:
    """A token that ends in so many days and was made so many days ago."""
    now = timezone.now()
    row, _ = services.make_token(
        actor=maker, user=owner or maker, name="ci-notify", scopes=["rooms:read"], expires_at=now + timedelta(days=days)
    )
    ApiToken.objects.filter(pk=row.pk).update(created_at=now - timedelta(days=lived))
    return row


def later(row: ApiToken, days: float) -> None:
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() + timedelta(days=days))


@pytest.mark.django_db(transaction=True)
def test_a_maker_is_told_a_week_and_a_day_before_and_never_twice(person: Person) -> None:
    row = make(person(), days=8)
    tell = async_to_sync(tell_endings)
    assert (tell(), len(mail.outbox)) == (0, 0)
    later(row, 6.9)
    assert (tell(), tell()) == (1, 0)
    letter = mail.outbox[-1]
    assert letter.to == ["mina@northwind.example"]
    assert letter.subject == "The API token “ci-notify” ends in 7 days"
    assert (row.hint in letter.body, "/account/tokens/" in letter.body) == (True, True)
    later(row, 0.9)
    assert (tell(), tell()) == (1, 0)
    assert mail.outbox[-1].subject == "The API token “ci-notify” ends tomorrow"
    later(row, -0.1)
    assert (tell(), len(mail.outbox)) == (0, 2)


@pytest.mark.django_db
def test_a_token_found_on_its_last_day_is_told_of_once(person: Person) -> None:
    make(person(), days=0.5)
    assert [notice.days for notice in claim_endings()] == [1]
    assert claim_endings() == []


@pytest.mark.django_db
def test_short_revoked_and_endless_tokens_are_told_of_to_nobody(person: Person) -> None:
    mina = person()
    make(mina, days=6.9, lived=0.1)
    services.revoke_token(actor=mina, token_id=make(mina, days=3).pk)
    services.make_token(actor=mina, user=mina, name="for ever", scopes=["rooms:read"])
    assert claim_endings() == []


@pytest.mark.django_db
def test_a_bots_token_is_told_of_to_the_member_of_staff_who_made_it(person: Person) -> None:
    boss = person(is_staff=True, is_superuser=True)
    bot = services.make_bot(actor=boss, username="builds")
    make(boss, days=5, owner=bot)
    (notice,) = claim_endings()
    assert (notice.owner, notice.address) == ("builds", "mina@northwind.example")


@pytest.mark.django_db
def test_a_maker_who_is_gone_is_told_nothing(person: Person) -> None:
    mina = person()
    make(mina, days=5)
    User.objects.filter(pk=mina.pk).update(is_active=False)
    assert claim_endings() == []


@pytest.mark.django_db
def test_a_letter_that_was_not_sent_is_due_again(person: Person) -> None:
    row = make(person(), days=5)
    (notice,) = claim_endings()
    put_back_ending(notice=notice)
    assert claim_endings() == [notice]
    later(row, 0.5)
    assert [one.days for one in claim_endings()] == [1]
    put_back_ending(notice=notice)
    assert claim_endings() == []
