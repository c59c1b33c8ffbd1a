"""Deleting: a tombstone stays, the text is nowhere any more, neither in a table nor in the log."""

import json

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry
from chat import selectors, services
from chat.models import Beside, Mention, Message, MessageRevision, Reaction
from chat.shapes import BesideView
from realtime.models import Event
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head, last_event, topic_of
from tests.factories import say

pytestmark = pytest.mark.stack


def delete(actor, message, **given):
    return services.delete_message(actor=actor, room_id=message.room_id, message_id=message.pk, **given)


def test_a_deleted_text_is_in_no_table_and_no_event(mina, teo, room):
    message = say(mina, room, "the Xyzzy plan @teo", beside=BesideView(topic="document:719", seq=3))
    services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="the Xyzzy plan, again")
    services.add_reaction(actor=teo, room_id=room.pk, message_id=message.pk, emoji="👍")
    say(teo, room, "what?", reply_to=message.pk)
    delete(mina, message)
    message.refresh_from_db()
    assert (message.body, message.html) == ("", "")
    assert message.deleted_at
    assert not any(model.objects.exists() for model in (MessageRevision, Reaction, Mention, Beside))
    told = json.dumps(list(Event.objects.values_list("data", flat=True)))
    assert not any(word in told for word in ("Xyzzy", "document:719"))
    assert "Xyzzy" not in str(selectors.room_snapshot(actor=teo, room_id=room.pk))
    assert "Xyzzy" not in str(selectors.home_snapshot(actor=teo))


def test_whoever_came_in_meanwhile_has_the_deleted_text_on_no_list(mina, teo, ines, room, secret):
    jun = factories.make_person("jun")
    say(mina, room, "an earlier one")
    message = say(mina, room, "the Xyzzy plan")
    services.join_room(actor=ines, room_id=room.pk)
    services.invite_person(actor=mina, room_id=room.pk, user_id=jun.pk)
    services.leave_room(actor=jun, room_id=room.pk)
    say(teo, room, "a later one")
    late = factories.make_person("late")
    services.join_room(actor=late, room_id=room.pk)
    assert "Xyzzy" in last_event(ines.topic)["data"]["summary"]["last_message"]["excerpt"]
    delete(mina, message)
    assert "Xyzzy" not in json.dumps(list(Event.objects.values_list("data", flat=True)))
    told = last_event(ines.topic)
    assert told["data"]["summary"]["last_message"] | {"author": 0} == {
        "id": str(message.pk), "seq": message.seq, "author": 0, "excerpt": "", "deleted": True, "kind": "user"
    }  # fmt: skip
    assert last_event(topic_of(room))["effect"].forget == {
        topic_of(room): message.seq,
        ines.topic: told["seq"],
        jun.topic: 1,
    }
    assert last_event(late.topic)["data"]["summary"]["last_message"]["excerpt"] == "a later one"


def test_a_list_is_cleaned_although_the_log_of_the_room_was_pruned(mina, ines, room):
    message = say(mina, room, "the Xyzzy plan")
    services.join_room(actor=ines, room_id=room.pk)
    Event.objects.filter(topic=topic_of(room)).delete()
    delete(mina, message)
    assert "Xyzzy" not in json.dumps(list(Event.objects.values_list("data", flat=True)))


def test_the_log_keeps_its_order_and_what_it_counts(mina, teo, room):
    message = say(mina, room, "@teo one")
    services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="two")
    before = [(event["type"], event["seq"]) for event in events(topic_of(room))]
    delete(mina, message)
    after = events(topic_of(room))
    assert [(event["type"], event["seq"]) for event in after[:-1]] == before
    created = after[message.seq - 1]["data"]["message"]
    assert (created["body"], created["mentions"], created["deleted_by"]) == ("", [teo.pk], "author")
    assert after[message.seq]["data"]["mentioned_before"] == [teo.pk]
    gone = after[-1]["data"]
    assert (gone["by"], gone["mentions"], gone["in_room"], gone["author"]) == ("author", [], True, mina.pk)


def test_a_moderator_deletes_unnamed_in_the_room_and_named_in_the_trail(mina, teo, room):
    message = say(teo, room)
    delete(mina, message, reason="off topic")
    assert last_event(topic_of(room))["data"]["by"] == "moderator"
    assert str(mina.pk) not in json.dumps(last_event(topic_of(room))["data"]["by"])
    entry = AuditEntry.objects.get(action="message.delete")
    assert (entry.actor, entry.target, entry.reason) == (mina, f"message:{message.pk}", "off topic")


def test_a_second_deletion_changes_nothing(mina, room):
    message = say(mina, room)
    assert delete(mina, message).seq == head(topic_of(room))
    before = head(topic_of(room))
    assert delete(mina, message).seq == 0
    assert head(topic_of(room)) == before


def test_members_delete_only_what_they_wrote(mina, teo, ines, room):
    message = say(mina, room)
    system = Message.objects.filter(room=room, kind="system").first()
    assert system is not None
    for actor, target in ((teo, message), (ines, message), (mina, system)):
        with pytest.raises(Refused, match="forbidden"):
            delete(actor, target)


def test_what_one_wrote_can_be_deleted_in_an_archived_room(mina, teo, room):
    message = say(teo, room)
    factories.change(mina, room, archived=True)
    assert delete(teo, message).seq


def test_a_deleted_reply_lowers_its_thread_and_the_last_one_ends_it(mina, teo, room):
    root = say(mina, room)
    one, two = say(teo, room, thread=root.pk), say(mina, room, thread=root.pk)
    delete(teo, one)
    data = last_event(topic_of(room))["data"]
    assert (data["thread_root"], data["thread"]["replies"], data["thread"]["people"]) == (str(root.pk), 1, [mina.pk])
    delete(mina, two)
    assert last_event(topic_of(room))["data"]["thread"] is None


def test_replies_stay_under_a_deleted_root(mina, teo, room):
    root = say(mina, room)
    say(teo, room, "still here", thread=root.pk)
    delete(mina, root)
    thread = selectors.thread_snapshot(actor=teo, room_id=room.pk, root_id=root.pk)
    assert (thread.root.deleted_by, [reply.body for reply in thread.replies]) == ("author", ["still here"])
    assert say(teo, room, "and this", thread=root.pk).thread_root_id == root.pk


def test_staff_with_the_right_delete_in_public_rooms_and_superusers_anywhere(mina, teo, room, secret):
    staff = factories.make_person("staff", is_staff=True)
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    staff.user_permissions.add(Permission.objects.get(codename="delete_message", content_type__app_label="chat"))
    assert delete(staff, say(teo, room)).seq
    hidden = say(teo, secret)
    with pytest.raises(Refused, match="not_found"):
        delete(staff, hidden)
    assert delete(boss, hidden).seq


def test_who_was_staff_when_the_socket_opened_and_is_no_more_deletes_nothing(mina, room):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    message = factories.say(mina, room, "stays")
    type(boss).objects.filter(pk=boss.pk).update(is_staff=False, is_superuser=False)
    with pytest.raises(Refused, match="forbidden"):
        services.delete_message(actor=boss, room_id=room.pk, message_id=message.id)
