"""Somebody's account is deleted: rooms stay readable and owned, and nothing tells whose words they were."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import services as accounts
from accounts.models import ApiToken, AuditEntry, User
from chat import selectors, services
from chat.models import Draft, Membership, Message
from tests import factories
from tests.chat.conftest import events, last_event, signed_in, topic_of

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def boss(db: None) -> User:
    return factories.make_person("boss", is_staff=True, is_superuser=True)


def types_since(topic, after):
    return [one["type"] for one in events(topic, after)]


def test_what_they_said_stays_and_nobody_is_named(boss, mina, teo, room):
    message = factories.say(teo, room, "Redis is back")
    services.add_reaction(actor=teo, room_id=room.pk, message_id=message.pk, emoji="👍")
    head = last_event(topic_of(room))["seq"]
    accounts.delete_permanently(actor=boss, user=teo, reason="Asked for it.")
    assert types_since(topic_of(room), head) == ["person.changed", "member.left"]
    assert last_event(topic_of(room))["data"]["message"]["body"] == "Deleted person left"
    snapshot = selectors.room_snapshot(actor=mina, room_id=room.pk)
    [author] = [person for person in snapshot.people if person.id == teo.pk]
    assert author.display_name == "Deleted person"
    assert [one.body for one in snapshot.messages if one.author == teo.pk] == ["Redis is back"]
    assert [member.person.name for member in snapshot.members] == ["mina"]
    assert not User.objects.filter(username="teo").exists()
    factories.make_person("teo")


def test_ways_in_and_what_was_theirs_alone_are_gone(boss, mina, teo, room):
    message = factories.say(mina, room)
    services.create_link(actor=teo, room_id=room.pk)
    ApiToken.objects.create(user=teo, name="script", token_hash="x", hint="x")
    Draft.objects.create(user=teo, room=room, body="unsaid", updated_at=message.created_at)
    accounts.delete_permanently(actor=boss, user=teo)
    teo.refresh_from_db()
    assert (teo.email, teo.is_active, teo.has_usable_password()) == ("", False, False)
    assert not ApiToken.objects.exists()
    assert not Draft.objects.exists()
    assert room.invites.get().revoked_at is not None


def test_a_room_without_its_owner_gets_another(boss, mina, teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    factories.give_role(room, ines, "moderator")
    accounts.delete_permanently(actor=boss, user=mina)
    assert Membership.objects.get(room=room, user=ines).role == "owner"
    assert "member.role_changed" in types_since(topic_of(room), 0)
    accounts.delete_permanently(actor=boss, user=ines)
    assert Membership.objects.get(room=room).role == "owner"


def test_a_direct_conversation_keeps_its_people(boss, mina, teo):
    direct = factories.make_direct(mina, teo)
    factories.say(teo, direct, "Psst")
    accounts.delete_permanently(actor=boss, user=teo)
    [summary] = [one for one in selectors.home_snapshot(actor=mina).rooms if one.room.id == direct.pk]
    assert [person.display_name for person in summary.people] == ["Deleted person"]


def test_the_office_removes_their_messages_by_choice(boss, mina, teo, room, secret):
    for place in (room, secret):
        factories.say(teo, place, "Something private")
    page = reverse("admin:accounts_user_delete", args=[teo.pk])
    client = signed_in(boss)
    assert "Delete their messages too" in client.get(page).content.decode()
    client.post(page, {"answered": "1", "reason": "Asked for it.", "words": "on"})
    assert not Message.objects.filter(body="Something private").exists()
    assert AuditEntry.objects.filter(action="message.delete").count() == 2
    entry = AuditEntry.objects.get(action="person.delete")
    assert (entry.reason, entry.detail) == ("Asked for it.", {"username": "teo"})
    teo.refresh_from_db()
    assert teo.display_name == "Deleted person"


def test_a_command_removes_what_somebody_said(boss, mina, teo, room, capsys):
    for number in range(3):
        factories.say(teo, room, f"line {number}")
    given = {"actor": "boss", "reason": "Asked for it.", "verbosity": 0}
    call_command("remove_messages", "teo", dry_run=True, **given)
    assert "Would delete 3 messages" in capsys.readouterr().out
    call_command("remove_messages", "teo", **given)
    call_command("remove_messages", "teo", **given)
    assert not Message.objects.filter(author=teo, deleted_at=None).exists()
    for name, actor in (("nobody", "boss"), ("teo", "mina")):
        with pytest.raises(CommandError):
            call_command("remove_messages", name, **given | {"actor": actor})
