"""Webhooks out of rooms: told once each, signed, tried again until it is no use, and never in a circle."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import AuditEntry
from chat import services as chat
from chat.models import Message
from chat.services.cards import post_card
from chat.shapes import CardView
from integrations import services, signing
from integrations.models import Delivery, OutgoingHook
from integrations.services import deliveries
from realtime.protocol import Refused
from tests import factories
from tests.integrations.receiving import deliver
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def make(mina, room, url, **given):
    values = {"name": "Pager", "form": "collab", "of": "people", "triggers": [], **given}
    return services.make_outgoing(actor=mina, room_id=room.pk, url=url, **values)


def make_due():
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now() - timedelta(seconds=1))


def told(receiver):
    return [json.loads(body) for _, body in receiver.heard]


# What is told


def test_message_is_told_once_and_signed(mina, teo, room, receiver):
    hook, secret = make(mina, room, receiver.url)
    said = factories.say(teo, room, "The build is **red**")
    deliver()
    deliver()
    headers, body = receiver.heard[0]
    assert len(receiver.heard) == 1
    found = json.loads(body)
    assert (found["event"], found["webhook"], found["trigger"]) == ("message.posted", "Pager", "")
    assert (found["message"]["id"], found["message"]["body"]) == (str(said.pk), "The build is **red**")
    assert (found["room"]["id"], found["person"]["name"]) == (room.pk, "teo")
    assert found["message"]["url"].endswith(f"/rooms/{room.slug}/m/{said.pk}/")
    at = int(headers["x-collab-timestamp"])
    assert signing.holds(secret, headers["x-collab-signature"], at=at, body=body, now=int(time.time()))
    assert not signing.holds("other", headers["x-collab-signature"], at=at, body=body, now=at)
    assert not signing.holds(secret, headers["x-collab-signature"], at=at, body=body + b" ", now=at)
    assert not signing.holds(secret, headers["x-collab-signature"], at=at, body=body, now=at + 301)
    row = Delivery.objects.get()
    assert (row.state, row.status, row.attempts, headers["x-collab-delivery"]) == ("sent", 200, 1, str(row.pk))
    hook.refresh_from_db()
    assert secret not in hook.secret


def test_form_of_mattermost_has_its_token(mina, teo, room, receiver):
    _, secret = make(mina, room, receiver.url, form="mattermost", triggers=["!deploy"])
    factories.say(teo, room, "!deploy now")
    deliver()
    found = told(receiver)[0]
    assert (found["token"], found["text"], found["trigger_word"]) == (secret, "!deploy now", "!deploy")
    assert (found["user_name"], found["channel_name"], len(found["post_id"])) == ("teo", room.slug, 26)


def test_alert_is_told_as_what_nobody_says(mina, teo, room, receiver):
    make(mina, room, receiver.url)
    make(mina, room, receiver.url, name="All", of="everybody")
    make(mina, room, receiver.url, name="Theirs", of="everybody", form="mattermost")
    post_card(author=None, room_id=room.pk, cid=uuid7(), body="Delivery is late", card=CardView(kind="alert"))
    deliver()
    ours, theirs = sorted(told(receiver), key=lambda one: "token" in one)
    assert (ours["webhook"], ours["message"]["body"]) == ("All", "Delivery is late")
    assert ours["person"] == {"id": None, "name": "alert", "display_name": "Alert", "kind": "alert"}
    assert (theirs["text"], theirs["user_id"], theirs["user_name"]) == ("Delivery is late", "", "alert")


def test_only_what_is_wanted_is_told(mina, teo, room, bot, receiver):
    make(mina, room, receiver.url, triggers=["!go"])
    make(mina, room, receiver.url, name="All", of="everybody")
    elsewhere = factories.make_room(mina, teo, name="Elsewhere")
    factories.say(mina, elsewhere, "!go elsewhere")
    factories.say(mina, room, "going")
    factories.say(mina, room, "!go")
    factories.say(bot, room, "!go")
    deliver()
    heard = sorted((one["webhook"], one["message"]["body"], one["person"]["name"]) for one in told(receiver))
    assert heard == [
        ("All", "!go", "builds"),
        ("All", "!go", "mina"),
        ("All", "going", "mina"),
        ("Pager", "!go", "mina"),
    ]


def test_deleted_message_is_told_to_nobody(mina, room, receiver):
    make(mina, room, receiver.url)
    said = factories.say(mina, room, "Oops")
    chat.delete_message(actor=mina, room_id=room.pk, message_id=said.pk)
    deliver()
    assert receiver.heard == []
    assert Delivery.objects.get().state == "dropped"


# What is answered


def test_answer_is_said_by_the_hooks_bot(mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    receiver.says({"text": "Paged", "username": "Zed", "attachments": [{"text": "x"}], "response_type": "comment"})
    said = factories.say(teo, room, "Help")
    deliver()
    answer = Message.objects.get(author=hook.bot)
    assert (answer.thread_root_id, answer.body, answer.card.kind) == (said.pk, "**Zed:** Paged\n\nx", "attachments")
    # A delivery that ends twice, because a process was lost, says it once.
    Delivery.objects.update(state="waiting")
    reply = deliveries.Outcome(200, reply=deliveries.Reply("Paged", "Zed", [{"text": "x"}], threaded=True))
    deliveries.finish(delivery_id=Delivery.objects.get().pk, outcome=reply)
    assert Message.objects.filter(author=hook.bot).count() == 1


def test_two_hooks_do_not_talk_for_ever(mina, teo, room, receiver):
    for name in ("One", "Two"):
        make(mina, room, receiver.url, name=name, of="everybody")
    for _ in range(10):
        receiver.says({"text": "again"})
    factories.say(teo, room, "Begin")
    deliver()
    assert len(receiver.heard) == 2
    assert Message.objects.filter(body="again").count() == 2


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<p>ok</p>"), ("application/json", b"{nonsense"), ("application/json", b'{"text": 5}'), ("", b"")],
    ids=["html", "broken", "number", "nothing"],
)
def test_answer_that_is_none_says_nothing(mina, teo, room, receiver, kind, body):
    hook, _ = make(mina, room, receiver.url)
    receiver.answers.append((200, {"Content-Type": kind}, body))
    factories.say(teo, room, "Help")
    deliver()
    assert Delivery.objects.get().state == "sent"
    assert not Message.objects.filter(author=hook.bot).exists()


def test_answer_that_may_not_be_said_stands_in_the_log(mina, teo, room, receiver):
    make(mina, room, receiver.url)
    receiver.says({"text": "Paged"})
    factories.say(teo, room, "Help")
    factories.change(mina, room, read_only=True)
    deliver()
    row = Delivery.objects.get()
    assert (row.state, row.error.startswith("Its answer was not said")) == ("sent", True)


# What goes wrong


def test_failure_is_tried_again_and_waits_as_it_is_asked_to(mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    receiver.answers += [(503, {"Retry-After": "120"}, b""), (500, {}, b"")]
    factories.say(teo, room, "Help")
    deliver()
    row = Delivery.objects.get()
    assert (row.state, row.status, row.attempts) == ("waiting", 503, 1)
    assert row.due_at > timezone.now() + timedelta(seconds=110)
    hook.refresh_from_db()
    assert hook.last_error == "The address answered 503."
    deliver()
    assert len(receiver.heard) == 1
    make_due()
    deliver()
    make_due()
    deliver()
    row.refresh_from_db()
    assert (row.state, row.attempts, len(receiver.heard)) == ("sent", 3, 3)
    hook.refresh_from_db()
    assert hook.last_error == ""


@pytest.mark.parametrize("status", [400, 404, 301], ids=str)
def test_answer_that_will_not_change_ends_it(mina, teo, room, receiver, status):
    make(mina, room, receiver.url)
    receiver.answers.append((status, {"Location": "http://127.0.0.1:1/x"}, b""))
    factories.say(teo, room, "Help")
    deliver()
    row = Delivery.objects.get()
    assert (row.state, row.status, row.attempts) == ("failed", status, 1)
    services.retry_delivery(actor=mina, delivery_id=row.pk)
    deliver()
    row.refresh_from_db()
    assert row.state == "sent"


def test_address_that_never_answers_is_given_up_and_switched_off(mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    OutgoingHook.objects.update(failed_in_row=F("failed_in_row") + deliveries.FAILED_MOST - 1)
    receiver.close()
    factories.say(teo, room, "Help")
    for _ in range(len(deliveries.PAUSES) + 1):
        make_due()
        deliver()
    row = Delivery.objects.get()
    assert (row.state, row.status, row.attempts) == ("failed", None, len(deliveries.PAUSES) + 1)
    hook.refresh_from_db()
    assert (hook.enabled, hook.last_error.startswith("Switched off after 20 failures")) == (False, True)
    factories.say(teo, room, "Help again")
    assert Delivery.objects.count() == 1
    services.switch_outgoing(actor=mina, hook_id=hook.pk, enabled=True)
    factories.say(teo, room, "Help once more")
    assert Delivery.objects.count() == 2


def test_address_that_is_gone_for_ever_is_switched_off(mina, teo, room, receiver):
    hook, _ = make(mina, room, receiver.url)
    receiver.answers.append((410, {}, b""))
    factories.say(teo, room, "Help")
    deliver()
    hook.refresh_from_db()
    assert (hook.enabled, "410" in hook.last_error) == (False, True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://169.254.169.254/latest", "http://[::1]/", "http://localhost:25/"], ids=str
)
def test_network_inside_is_never_reached(mina, teo, room, settings, url):
    settings.OUTBOUND_ALLOW = []
    make(mina, room, url)
    factories.say(teo, room, "Help")
    deliver()
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("failed", 1)
    assert row.error


def test_two_workers_send_it_once(mina, teo, room, receiver):
    make(mina, room, receiver.url)
    factories.say(teo, room, "Help")
    first, second = deliveries.claim_due(limit=5), deliveries.claim_due(limit=5)
    assert (len(first), second) == (1, [])
    # A claim that was lost runs out.
    make_due()
    assert len(deliveries.claim_due(limit=5)) == 1


def test_command_delivers_what_is_due(mina, teo, room, receiver, capsys):
    make(mina, room, receiver.url)
    factories.say(teo, room, "Help")
    call_command("deliver_webhooks", "--once")
    assert "Attempts made: 1." in capsys.readouterr().out
    Delivery.objects.update(ended_at=timezone.now() - timedelta(days=8))
    assert deliveries.prune_deliveries() == 1


# Who makes them


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "http://user:pass@example.org/"}, "url"),
        ({"url": "https://example.org/" + "x" * 500}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"triggers": ["two words"]}, "triggers"),
        ({"triggers": [str(n) for n in range(21)]}, "triggers"),
        ({"form": "other"}, "form"),
        ({"of": "nobody"}, "of"),
        ({"name": ""}, "name"),
    ],
    ids=["scheme", "password", "long", "no-url", "words", "many", "form", "of", "name"],
)
def test_rubbish_is_refused_with_its_field(mina, room, given, field):
    values = {"url": "https://example.org/told", **given}
    with pytest.raises(Refused) as caught:
        make(mina, room, **values)
    assert caught.value.field == field
    assert not OutgoingHook.objects.exists()


def test_only_moderators_make_and_end_them(mina, teo, ines, secret):
    for user, code in ((teo, "forbidden"), (ines, "not_found")):
        with pytest.raises(Refused) as caught:
            make(user, secret, "https://example.org/")
        assert caught.value.code == code
    hook, _ = make(mina, secret, "https://example.org/")
    with pytest.raises(Refused, match="not_found"):
        services.delete_outgoing(actor=ines, hook_id=hook.pk)
    services.delete_outgoing(actor=mina, hook_id=hook.pk)
    assert list(AuditEntry.objects.filter(action__startswith="webhook_out").values_list("action", flat=True)) == [
        "webhook_out.make",
        "webhook_out.delete",
    ]


def test_staff_makes_one_and_sends_again(room, teo, receiver):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True, password="northwind-7")
    client = signed_in(boss)
    client.post("/account/reauthenticate/", {"password": "northwind-7"})
    form = {"slug": room.slug, "name": "Pager", "url": receiver.url, "form": "collab", "of": "people", "words": ""}
    wrong = client.post("/admin/integrations/outgoinghook/add/", {**form, "url": "nonsense"})
    assert (wrong.status_code, OutgoingHook.objects.exists()) == (200, False)
    page = client.post("/admin/integrations/outgoinghook/add/", form, follow=True).content.decode()
    assert "shown only now" in page
    receiver.answers.append((400, {}, b""))
    factories.say(teo, room, "Help")
    deliver()
    row = Delivery.objects.get()
    assert row.state == "failed"
    listed = client.get("/admin/integrations/delivery/").content.decode()
    assert ("answered 400" in listed, "Help" in listed) == (True, False)
    client.post("/admin/integrations/delivery/", {"_selected_action": [row.pk], "action": "again"})
    deliver()
    row.refresh_from_db()
    assert row.state == "sent"
    hook = OutgoingHook.objects.get()
    for path in (f"outgoinghook/{hook.pk}/change/", "outgoinghook/", f"delivery/{row.pk}/change/"):
        assert hook.secret not in client.get(f"/admin/integrations/{path}").content.decode()
