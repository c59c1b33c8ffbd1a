"""Letters about missed mentions: who gets one, what stands in it, and what becomes of it when mail fails."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import sync_to_async
from django.core import mail
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Profile
from accounts.services import sanction_user, update_preferences
from chat import mailer, services
from chat.models import Mention
from chat.services.cards import post_card
from chat.services.letters import SETTLED, claim_letters, put_back
from chat.shapes import CardView
from realtime import testing
from realtime.models import Presence
from tests import factories
from tests.factories import say

pytestmark = pytest.mark.stack
LATER = timedelta(minutes=11)


@pytest.fixture
def ann(db):
    return factories.make_person("ann", display_name="Ann Ono", email="ann@northwind.example")


@pytest.fixture
def place(mina, teo, ann):
    return factories.make_room(mina, teo, ann, name="Realtime core")


def letters(at=LATER):
    return claim_letters(now=timezone.now() + at)


def texts(found):
    return [[line.text for line in letter.lines] for letter in found]


def test_somebody_away_gets_one_letter_for_all_she_missed(mina, teo, ann, place):
    say(mina, place, "@ann one")
    say(teo, place, "@ann and @mina two")
    say(teo, place, "nobody")
    found = {letter.reader.address: letter for letter in letters()}
    assert {address: [line.text for line in letter.lines] for address, letter in found.items()} == {
        "ann@northwind.example": ["@ann one", "@ann and @mina two"],
        "mina@northwind.example": ["@ann and @mina two"],
    }
    line = found["ann@northwind.example"].lines[0]
    assert (line.author, line.room) == ("Mina Okafor", "#Realtime core")
    assert letters() == []


def test_an_alert_that_calls_somebody_is_in_their_letter(ann, place):
    shown = CardView(kind="alert")
    post_card(author=None, room_id=place.pk, cid=uuid7(), body="Delivery is late", card=shown, calls=[ann.pk])
    [letter] = letters()
    assert [(line.author, line.text) for line in letter.lines] == [("Alert", "Delivery is late")]


def test_somebody_suspended_hears_nothing_by_mail_either(mina, ann, place):
    say(mina, place, "@ann one")
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    sanction_user(actor=boss, user=ann, kind="ban", reason="Spam")
    assert letters() == []


def test_nobody_is_written_to_too_early_or_too_often(mina, ann, place):
    say(mina, place, "@ann one")
    assert letters(timedelta(minutes=9)) == []
    assert texts(letters()) == [["@ann one"]]
    say(mina, place, "@ann two")
    assert letters(timedelta(minutes=50)) == []
    say(mina, place, "@ann three")
    assert texts(letters(timedelta(minutes=75))) == [["@ann two", "@ann three"]]


def test_who_has_read_it_needs_no_letter(mina, ann, place):
    message = say(mina, place, "@ann one")
    services.set_read(actor=ann, room_id=place.pk, seq=message.seq)
    assert letters() == []
    assert Mention.objects.get(user=ann).mailed_at == SETTLED


def test_who_is_here_gets_none_until_they_go(mina, ann, place):
    say(mina, place, "@ann one")
    Presence.objects.create(user_id=ann.pk, process="p", until=timezone.now() + timedelta(hours=1))
    assert letters() == []
    Presence.objects.all().delete()
    assert texts(letters()) == [["@ann one"]]


def test_do_not_disturb_puts_a_letter_off(mina, ann, place):
    say(mina, place, "@ann one")
    update_preferences(actor=ann, quiet_until=timezone.now() + timedelta(hours=3))
    assert letters() == []
    assert texts(letters(timedelta(hours=4))) == [["@ann one"]]


@pytest.mark.parametrize("change", ["off", "unverified", "nothing", "quiet", "inactive", "left"])
def test_who_does_not_want_or_may_not_have_letters_gets_none(mina, ann, place, change):
    say(mina, place, "@ann one")
    if change == "off":
        Profile.objects.filter(user=ann).update(email_mentions=False)
    elif change == "unverified":
        EmailAddress.objects.filter(user=ann).update(verified=False)
    elif change == "nothing":
        services.set_notify(actor=ann, room_id=place.pk, level="nothing")
    elif change == "quiet":
        services.set_notify(actor=ann, room_id=place.pk, quiet_until=timezone.now() + timedelta(hours=3))
    elif change == "inactive":
        type(ann).objects.filter(pk=ann.pk).update(is_active=False)
    else:
        services.leave_room(actor=ann, room_id=place.pk)
    assert letters() == []
    assert not Mention.objects.filter(user=ann, mailed_at=None).exists()


def test_a_letter_shows_only_what_may_be_read_when_it_is_written(mina, ann, place):
    say(mina, place, "@ann stays")
    gone, edited = say(mina, place, "@ann goes"), say(mina, place, "@ann old")
    services.delete_message(actor=mina, room_id=place.pk, message_id=gone.pk)
    services.edit_message(actor=mina, room_id=place.pk, message_id=edited.pk, body="@ann new")
    assert texts(letters()) == [["@ann stays", "@ann new"]]


def test_what_is_days_old_is_settled_without_a_letter(mina, ann, place):
    say(mina, place, "@ann one", at=datetime(2005, 2, 6, tzinfo=UTC))
    assert letters() == []
    assert Mention.objects.get(user=ann).mailed_at == SETTLED


def test_at_most_so_many_letters_go_at_a_time(mina, place, monkeypatch):
    monkeypatch.setattr("chat.services.letters.LETTERS", 3)
    for number in range(5):
        person = factories.make_person(f"p{number}", email=f"p{number}@northwind.example")
        services.invite_person(actor=mina, room_id=place.pk, user_id=person.pk)
        say(mina, place, f"@p{number} hello")
    assert [len(letters()), len(letters()), len(letters())] == [3, 2, 0]


def test_those_who_wait_do_not_hold_up_the_others(mina, ann, place, monkeypatch):
    monkeypatch.setattr("chat.selectors.missed.PAGE_ROWS", 2)
    zoe = factories.make_person("zoe", email="zoe@northwind.example")
    services.invite_person(actor=mina, room_id=place.pk, user_id=zoe.pk)
    Presence.objects.create(user_id=ann.pk, process="p", until=timezone.now() + timedelta(hours=1))
    for number in range(5):
        say(mina, place, f"@ann {number}")
    say(mina, place, "@zoe hello")
    assert texts(letters()) == [["@zoe hello"]]


def test_a_letter_that_did_not_go_out_is_written_again(mina, ann, place):
    say(mina, place, "@ann one")
    [letter] = letters()
    put_back(mentions=letter.mentions)
    assert texts(letters()) == [["@ann one"]]


def test_letters_cost_the_same_for_many(mina, place, django_assert_max_num_queries):
    for number in range(12):
        person = factories.make_person(f"p{number}", email=f"p{number}@northwind.example")
        services.invite_person(actor=mina, room_id=place.pk, user_id=person.pk)
    say(mina, place, "@room hello")
    with django_assert_max_num_queries(60):
        assert len(letters()) == 13


# The service


@pytest.fixture
async def realtime(transactional_db):
    yield
    await testing.stop_realtime()


async def prepare(body: str) -> None:
    def make() -> None:
        mina = factories.make_person("mina", display_name="Mina Okafor")
        ann = factories.make_person("ann", display_name="Ann Ono", email="ann@northwind.example")
        place = factories.make_room(mina, ann, name="Realtime core")
        say(mina, place, body, at=timezone.now() - LATER)

    await sync_to_async(make)()


async def test_a_letter_says_who_where_and_how_to_stop(realtime):
    await prepare("@ann <b>look</b>, \U0001f389")
    assert await mailer.send_round()
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (
        ["ann@northwind.example"],
        "[Collab] Mina Okafor mentioned you in #Realtime core",
    )
    html, body = str(letter.alternatives[0][0]), str(letter.body)
    assert "@ann <b>look</b>, \U0001f389" in body
    assert "@ann &lt;b&gt;look&lt;/b&gt;" in html
    link = letter.extra_headers["List-Unsubscribe"].strip("<>")
    assert link in body
    assert link in html
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert re.search(r"/rooms/realtime-core/m/[0-9a-f-]{36}/", body)
    path = link.removeprefix("http://127.0.0.1:8000")
    await sync_to_async(_stop)(path)


def _stop(path: str) -> None:
    """Opening the link changes nothing, mail programs post without a cookie, and twice is no harm."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(path)
    assert (page.status_code, Profile.objects.get(user__username="ann").email_mentions) == (200, True)
    for _ in range(2):
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert Profile.objects.get(user__username="ann").email_mentions is False
    assert client.post(path[:-3] + "x/").status_code == 404


class Smtp:
    """A mail server for one connection after the other; `answer` is what it says to the text."""

    def __init__(self, answer: str) -> None:
        self.answer, self.letters = answer, []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            if line.upper().startswith("DATA"):
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(self.answer.encode() + b"\r\n")
            elif line.upper().startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        await writer.drain()
        writer.close()


async def test_a_mail_server_that_refuses_for_now_gets_it_again(realtime, settings):
    await prepare("@ann hello")
    smtp = Smtp("451 later")
    server = await asyncio.start_server(smtp.serve, "127.0.0.1", 0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.sockets[0].getsockname()
    settings.EMAIL_USE_TLS = False
    async with server:
        assert not await mailer.send_round()
        smtp.answer = "250 taken"
        assert await mailer.send_round()
        assert await mailer.send_round()
    assert len(smtp.letters) == 2
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in smtp.letters[1]


async def test_without_a_mail_server_nothing_is_lost(realtime, settings):
    await prepare("@ann hello")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    assert not await mailer.send_round()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert await mailer.send_round()
    assert len(mail.outbox) == 1
