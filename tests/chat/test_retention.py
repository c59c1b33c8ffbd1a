"""apply_retention: what is older than a room keeps goes with everything that hangs on it, and nothing else does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from chat import services
from chat.models import Attachment, Draft, Message, MessageRevision, Pin, Report, Room
from chat.services import retention
from collab.asgi import application
from realtime import log, renewal, watch
from realtime.hub import hub
from realtime.models import Event
from realtime.testing import connected, stop_realtime
from tests import factories
from tests.chat.conftest import events, topic_of

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
async def realtime(transactional_db, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    yield
    await stop_realtime()


@pytest.fixture
def old_room(room):
    """A room that keeps its messages for thirty days."""
    Room.objects.filter(pk=room.pk).update(retention_days=30)
    Message.objects.filter(room=room).delete()
    renewal.renew_topic(topic_of(room))
    return room


def say(user, room, body, days_ago, **given):
    return factories.say(user, room, body, at=timezone.now() - timedelta(days=days_ago), **given)


def bodies(room):
    return list(Message.objects.filter(room=room).order_by("seq").values_list("body", flat=True))


def apply(capsys, **options):
    call_command("apply_retention", verbosity=0, **options)
    call_command("check_integrity", verbosity=0)
    return capsys.readouterr().out.splitlines()[0]


def test_operator_deletes_what_is_too_old_and_a_second_time_nothing(old_room, mina, teo, capsys):
    for days in (90, 60, 31):
        say(mina, old_room, f"{days} days", days)
    say(teo, old_room, "29 days", 29)
    call_command("apply_retention", dry_run=True)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("realtime-core: 3 messages from before ")
    assert told[1] == "Would delete 3 messages of 1 rooms; 1 have a retention."
    assert len(bodies(old_room)) == 4
    assert apply(capsys) == "Deleted 3 messages of 1 rooms; 1 have a retention."
    assert bodies(old_room) == ["29 days"]
    head = log.heads([topic_of(old_room)])
    assert apply(capsys) == "Deleted 0 messages of 0 rooms; 1 have a retention."
    assert log.heads([topic_of(old_room)]) == head, "nobody is disturbed for nothing"


def test_a_room_without_an_end_keeps_everything_unless_the_site_says_otherwise(room, mina, settings, capsys):
    say(mina, room, "ancient", 4000)
    assert apply(capsys) == "Deleted 0 messages of 0 rooms; 0 have a retention."
    settings.MESSAGE_RETENTION_DAYS = 365
    Room.objects.filter(pk=room.pk).update(retention_days=5000)
    assert apply(capsys) == "Deleted 0 messages of 0 rooms; 1 have a retention."
    Room.objects.filter(pk=room.pk).update(retention_days=None)
    assert apply(capsys).startswith("Deleted 1 messages")


def test_operator_names_one_room(old_room, mina, capsys):
    other = factories.make_room(mina, name="Other")
    Room.objects.filter(pk=other.pk).update(retention_days=30)
    say(mina, old_room, "here", 40)
    say(mina, other, "there", 40)
    assert apply(capsys, room=other.slug).startswith("Deleted 1 messages")
    assert "here" in bodies(old_room)
    assert "there" not in bodies(other)


def test_a_thread_goes_with_its_last_reply(old_room, mina, teo, capsys):
    lively, dead = say(mina, old_room, "lively", 90), say(mina, old_room, "dead", 90)
    say(teo, old_room, "old reply", 80, thread=lively.pk)
    say(teo, old_room, "new reply", 2, thread=lively.pk)
    say(teo, old_room, "last word", 80, thread=dead.pk)
    assert apply(capsys).startswith("Deleted 2 messages")
    assert bodies(old_room) == ["lively", "old reply", "new reply"]


def test_what_is_pinned_reported_or_being_answered_stays(old_room, mina, teo, capsys):
    pinned, reported, answered = (say(mina, old_room, word, 90) for word in ("pinned", "reported", "answered"))
    root = say(mina, old_room, "root of a pin", 90)
    reply = say(teo, old_room, "pinned reply", 90, thread=root.pk)
    say(mina, old_room, "plain", 90)
    for message in (pinned, reply):
        Pin.objects.create(message=message, room=old_room, pinned_at=timezone.now())
    report = Report.objects.create(room=old_room, message=reported, reporter=teo, reason="spam")
    draft = Draft.objects.create(
        user=teo, room=old_room, thread_root=answered, body="Well", rev=1, updated_at=timezone.now()
    )
    assert apply(capsys).startswith("Deleted 1 messages")
    assert bodies(old_room) == ["pinned", "reported", "answered", "root of a pin", "pinned reply"]
    Report.objects.filter(pk=report.pk).update(state=Report.State.DISMISSED)
    Draft.objects.filter(pk=draft.pk).update(body="")
    assert apply(capsys).startswith("Deleted 2 messages")


def test_a_long_thread_goes_in_pieces_and_may_be_interrupted(old_room, mina, capsys):
    root = say(mina, old_room, "root", 90)
    rows = [
        Message(room=old_room, seq=seq, cid=uuid4(), body="x", thread_root=root, created_at=root.created_at)
        for seq in log_seqs(old_room, 450)
    ]
    Message.objects.bulk_create(rows)
    [due] = retention.rooms_with_an_end(room_id=old_room.pk)
    counts = retention.expire_room(due)
    assert next(counts) == 200
    counts.close()
    assert bodies(old_room).count("x") == 250
    assert "root" in bodies(old_room)
    assert list(retention.expire_room(due)) == [200, 51]
    assert bodies(old_room) == []


def log_seqs(room, count):
    first = log.reserve_many(topic_of(room), count)
    return range(first, first + count)


def test_no_word_of_it_is_left_in_log_files_or_quotes(
    old_room, mina, teo, ines, capsys, django_capture_on_commit_callbacks
):
    message = say(mina, old_room, "The code is xyzzy", 90)
    services.edit_message(actor=mina, room_id=old_room.pk, message_id=message.pk, body="The word is xyzzy")
    quoting = factories.say(teo, old_room, "Which?", reply_to=message.pk)
    services.join_room(actor=ines, room_id=old_room.pk)
    name = default_storage.save("attachments/1/xyzzy", ContentFile(b"bytes"))
    Attachment.objects.create(
        room=old_room, uploader=mina, message=message, kind="file", state="claimed", name="a", sha256="0", size_bytes=5,
        content_type="text/plain", file=name,
    )  # fmt: skip
    assert "xyzzy" in str(list(Event.objects.values_list("data", flat=True)))
    with django_capture_on_commit_callbacks(execute=True):
        apply(capsys)
    assert "xyzzy" not in str(list(Event.objects.values_list("data", flat=True)))
    assert not MessageRevision.objects.exists()
    assert not default_storage.exists(name)
    assert Message.objects.get(pk=quoting.pk).reply_to is None


def test_excerpts_in_lists_of_rooms_go_with_the_message(old_room, mina, ines, capsys):
    message = say(mina, old_room, "xyzzy", 90)
    services.join_room(actor=ines, room_id=old_room.pk)
    added = [event for event in events(ines.topic) if event["type"] == "room.added"]
    assert added[-1]["data"]["summary"]["last_message"]["excerpt"] == "xyzzy"
    assert apply(capsys).startswith("Deleted 1 messages")
    added = [event for event in events(ines.topic) if event["type"] == "room.added"]
    assert added[-1]["data"]["summary"]["last_message"]["excerpt"] == ""
    assert not Message.objects.filter(pk=message.pk).exists()


def test_a_log_that_does_not_reach_back_goes_on(old_room, mina, capsys):
    say(mina, old_room, "old", 90)
    log.prune(before=timezone.now() + timedelta(days=1), keep=0)
    factories.say(mina, old_room, "new")
    before = log.heads([topic_of(old_room)])
    assert apply(capsys).startswith("Deleted 1 messages")
    assert log.heads([topic_of(old_room)]) == before


@pytest.mark.django_db(transaction=True)
async def test_an_open_page_is_told_to_start_over(realtime, old_room, mina):
    await sync_to_async(say)(mina, old_room, "old", 90)
    topic = topic_of(old_room)
    async with connected(mina, application=application) as socket:
        await socket.subscribe(**{topic.replace(":", "_"): None})
        await sync_to_async(call_command)("apply_retention", verbosity=0)
        await watch.poll(hub)
        frame = await socket.expect("reset")
        assert (frame["topic"], frame["data"]["head"]) == (topic, (await sync_to_async(log.heads)([topic]))[topic][0])
        await sync_to_async(factories.say)(mina, old_room, "new")
        assert (await socket.expect("message.created"))["data"]["message"]["body"] == "new"
