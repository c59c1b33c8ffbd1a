"""The back office of rooms: pages load, private words stay private, and deleting goes through the service."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from msgspec import structs

from accounts.models import AuditEntry, User
from chat import markdown, services
from chat.models import Bookmark, Message, Pin, Reminder, Room, ThreadFollow, WordRule
from chat.shapes import BesideView, CardView, RunView, WebhookAttachment
from tests import factories
from tests.chat.conftest import last_event, signed_in, topic_of
from tests.chat.uploading import stored

pytestmark = pytest.mark.django_db

MODELS = sorted((model for model in admin.site._registry if model._meta.app_label == "chat"), key=lambda m: m.__name__)
WRITTEN_HERE = {WordRule}
SAYING = ["message", "messagerevision", "reaction", "mention", "importedline", "beside", "attachment"]

CARD = CardView(kind="attachments", attachments=[WebhookAttachment(title="Build 7")])


@pytest.fixture
def office(db: None) -> Client:
    return signed_in(factories.make_person("boss", is_staff=True, is_superuser=True))


@pytest.fixture
def helper(db: None) -> User:
    user = factories.make_person("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="chat"))
    return user


@pytest.fixture
def talk(mina: User, teo: User, room: Room, secret: Room, tmp_path: Path) -> None:
    """The same in a public and in a private room: a message, edited, with a mention and a reaction, and a link."""
    for place, word in ((room, "daylight"), (secret, "whisper")):
        beside = BesideView(topic="document:1", seq=1)
        message = factories.say(mina, place, f"{word} first, @teo", beside=beside)
        services.edit_message(actor=mina, room_id=place.pk, message_id=message.pk, body=f"{word} second, @teo")
        services.add_reaction(actor=teo, room_id=place.pk, message_id=message.pk, emoji="👍")
        for body in ("One wish", "Another wish"):
            services.save_draft(actor=mina, room_id=place.pk, thread=None, body=body, reply_to=None, rev=0)
        services.report_message(actor=teo, room_id=place.pk, message_id=message.pk, reason="spam", note=word)
        services.claim_case(actor=mina, message_id=message.pk)
        services.save_rule(actor=mina, rule=WordRule(phrase="casino", action="flag", room=place))
        services.create_link(actor=mina, room_id=place.pk)
        keep_at_hand(mina, message)
        answer(mina, place, f"{word} answer")
        file = stored(mina, place, b"plans", name=f"{word}.txt")
        factories.say(mina, place, f"{word} file", attachments=[file.id])
        for body in ("One wish", "Another wish"):
            services.save_draft(actor=mina, room_id=place.pk, thread=None, body=body, reply_to=None, rev=0)
        services.post_card(author=mina, room_id=place.pk, cid=uuid4(), body=f"{word} card", card=CARD)
        lines = tmp_path / f"{word}.jsonl"
        line = {"line": 0, "time": "2005-02-06T10:00:00Z", "author": "mole", "body": f"{word} import"}
        lines.write_text(json.dumps(line))
        call_command("import_room", lines, room=place.slug, verbosity=0)


def answer(asker: User, room: Room, text: str) -> None:
    """Whoever it is that answers, the room gets a message that somebody else writes."""
    author = factories.make_person(f"answers-{room.pk}", kind="assistant")
    run = RunView(id=uuid4(), state="waiting", asker=asker.pk)
    begun = services.begin_answer(author=author, asker=asker, room_id=room.pk, run=run)
    done = structs.replace(run, state="done")
    services.change_answer(message_id=begun.id, run=done, text=markdown.render(text))


def keep_at_hand(user: User, message: Message) -> None:
    now = timezone.now()
    Pin.objects.create(message=message, room=message.room, pinned_by=user, pinned_at=now)
    Bookmark.objects.create(message=message, user=user, created_at=now)
    ThreadFollow.objects.create(user=user, room=message.room, root=message)
    Reminder.objects.create(user=user, room=message.room, text="Answer", due_at=now)


def listing(model: str, **query: str) -> str:
    return reverse(f"admin:chat_{model}_changelist", query=query)


def test_every_model_is_in_the_office():
    assert set(MODELS) == set(apps.get_app_config("chat").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_office_opens_list_search_filters_and_page(office, talk, model):
    name = model._meta.model_name
    page = admin.site._registry[model]
    assert page.search_fields
    assert page.list_filter
    assert office.get(listing(name)).status_code == 200
    assert office.get(listing(name, q="mina 1")).status_code == 200
    row = model.objects.first()
    assert office.get(reverse(f"admin:chat_{name}_change", args=[row.pk])).status_code == 200
    if model in WRITTEN_HERE:
        return
    assert office.get(reverse(f"admin:chat_{name}_add")).status_code == 403
    assert office.post(reverse(f"admin:chat_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_a_list_costs_the_same_for_many_rows(office, talk, mina, room, model, django_assert_max_num_queries):
    for number in range(20):
        message = factories.say(mina, room, f"{number} @teo")
        services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body=f"{number}! @teo")
        services.add_reaction(actor=mina, room_id=room.pk, message_id=message.pk, emoji="👍")
    with django_assert_max_num_queries(15):
        office.get(listing(model._meta.model_name))


@pytest.mark.parametrize("name", SAYING)
def test_staff_below_superuser_see_nothing_that_was_said_in_private(helper, talk, room, secret, name):
    client = signed_in(helper)
    model = next(model for model in MODELS if model._meta.model_name == name)
    path = "room" if name == "message" else "message__room"
    row = model._default_manager.filter(**{path: secret}).first()
    assert row is not None
    listed = client.get(listing(name)).context["cl"].queryset
    assert listed.filter(**{path: room}).exists()
    assert not listed.filter(**{path: secret}).exists()
    assert not client.get(listing(name, q="whisper")).context["cl"].queryset.exists()
    assert client.get(reverse(f"admin:chat_{name}_change", args=[row.pk])).status_code == 302


def test_superuser_reads_everything(office, talk):
    assert "whisper second" in office.get(listing("message", q="whisper")).content.decode()


def test_staff_deletes_with_a_reason_and_a_tombstone_stays(helper, talk, room, mina):
    client = signed_in(helper)
    message = Message.objects.get(body__startswith="daylight second")
    chosen = {"action": "delete_messages", "_selected_action": [str(message.pk)]}
    assert "Delete messages" in client.post(listing("message"), chosen).content.decode()
    assert "This field is required." in client.post(listing("message"), {**chosen, "answered": "1"}).content.decode()
    client.post(listing("message"), {**chosen, "answered": "1", "reason": "Names a customer."})
    message.refresh_from_db()
    assert (message.body, message.deleted_by) == ("", helper)
    assert last_event(topic_of(room))["data"]["by"] == "moderator"
    entry = AuditEntry.objects.get(action="message.delete")
    assert (entry.actor, entry.reason) == (helper, "Names a customer.")
    call_command("check_integrity", verbosity=0)


def test_staff_cannot_delete_what_they_cannot_read(helper, talk):
    message = Message.objects.get(body__startswith="whisper second")
    chosen = {"action": "delete_messages", "_selected_action": [str(message.pk)], "answered": "1", "reason": "x"}
    signed_in(helper).post(listing("message"), chosen)
    message.refresh_from_db()
    assert message.deleted_at is None


def test_superuser_deletes_in_private_rooms_too(office, talk, secret):
    message = Message.objects.get(body__startswith="whisper second")
    chosen = {"action": "delete_messages", "_selected_action": [str(message.pk)], "answered": "1", "reason": "x"}
    page = office.post(listing("message"), chosen, follow=True).content.decode()
    assert "Deleted: 1." in page
    message.refresh_from_db()
    assert message.deleted_at is not None


def test_staff_who_may_only_look_are_offered_no_deleting(talk):
    viewer = factories.make_person("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_", content_type__app_label="chat"))
    page = signed_in(viewer).get(listing("message")).content.decode()
    assert "daylight" in page
    assert "delete_messages" not in page


def test_a_superuser_appoints_an_owner_with_a_reason(office, helper, teo, room):
    member = room.memberships.get(user=teo)
    chosen = {"action": "appoint", "_selected_action": [member.pk]}
    assert "Make owner" in office.post(listing("membership"), chosen).content.decode()
    answered = {**chosen, "answered": "1", "reason": "Mina has gone."}
    signed_in(helper).post(listing("membership"), answered)
    member.refresh_from_db()
    assert member.role == "member"
    page = office.post(listing("membership"), answered, follow=True).content.decode()
    assert "Teo Lindqvist owns Realtime core." in page
    member.refresh_from_db()
    assert member.role == "owner"


def test_a_room_without_a_name_stands_there_by_its_people(office, mina, teo, room):
    factories.make_direct(teo, mina)
    page = office.get(listing("room")).content.decode()
    assert "Mina Okafor, Teo Lindqvist" in page
    assert "Realtime core" in page


def test_office_shows_no_token(office, talk, room):
    link = room.invites.get()
    page = office.get(reverse("admin:chat_roominvite_change", args=[link.pk])).content.decode()
    assert link.token_hash not in page
