"""check_integrity: silent about a lively site, and loud about every way in which tables and log could part."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from chat import services
from chat.models import Beside, Membership, Mention, Message, MessageRevision, Reaction, Room, RoomInvite
from chat.shapes import BesideView
from realtime import log
from realtime.models import Event, Topic
from tests import factories
from tests.chat.conftest import head, topic_of

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def lively(mina: User, teo: User, ines: User, room: Room) -> Room:
    """A room in which everything happened that can happen."""
    root = factories.say(mina, room, "first, @teo")
    reply = factories.say(teo, room, "a reply, @room", thread=root.pk, also_in_room=True)
    services.edit_message(actor=teo, room_id=room.pk, message_id=reply.pk, body="a better reply, @mina")
    gone = factories.say(teo, room, "in the thread only", thread=root.pk)
    services.delete_message(actor=teo, room_id=room.pk, message_id=gone.pk)
    factories.say(mina, room, "a quote", reply_to=root.pk, beside=BesideView(topic="document:7", seq=3))
    for emoji in ("👍", "🎉"):
        services.add_reaction(actor=teo, room_id=room.pk, message_id=root.pk, emoji=emoji)
    services.remove_reaction(actor=teo, room_id=room.pk, message_id=root.pk, emoji="🎉")
    services.join_room(actor=ines, room_id=room.pk)
    services.set_role(actor=mina, room_id=room.pk, user_id=teo.pk, role="moderator")
    services.leave_room(actor=ines, room_id=room.pk)
    factories.change(mina, room, purpose="A purpose")
    factories.make_direct(mina, teo, ines)
    services.set_read(actor=teo, room_id=room.pk, seq=3)
    return room


def faults(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(CommandError, match=r"Faults found: \d+\.") as caught:
        call_command("check_integrity", verbosity=0)
    assert caught.value.returncode == 1
    return capsys.readouterr().out


def test_operator_hears_nothing_of_a_lively_site(lively, capsys):
    call_command("check_integrity", verbosity=0)
    assert capsys.readouterr().out == "Rooms checked: 2. Nothing is wrong.\n"


def test_operator_hears_nothing_after_accounts_were_deleted_and_events_pruned(lively, mina, teo, ines, capsys):
    teo.delete()
    call_command("rebuild_search", verbosity=0)
    call_command("check_integrity", verbosity=0)
    Event.objects.update(at=timezone.now() - timedelta(days=90))
    assert log.prune(before=timezone.now(), keep=3)
    call_command("check_integrity", verbosity=0)


def first(room: Room) -> Message:
    return Message.objects.get(room=room, body__startswith="first")


def owner(room: Room) -> User:
    return Membership.objects.get(room=room, role="owner").user


def _log_hole(room: Room) -> None:
    Event.objects.filter(topic=topic_of(room), seq=3).delete()


def _head_too_high(room: Room) -> None:
    Topic.objects.filter(key=topic_of(room)).update(head_seq=99)


def _no_head(room: Room) -> None:
    Topic.objects.filter(key=topic_of(room)).delete()


def _oldest_too_low(room: Room) -> None:
    Event.objects.filter(topic=topic_of(room), seq=1).delete()


def _no_event(room: Room) -> None:
    Topic.objects.create(key="room:999", head_seq=4)


def _unreadable(room: Room) -> None:
    Event.objects.filter(topic=topic_of(room), seq=2).update(data='{"message":1}')


def _unknown_type(room: Room) -> None:
    Event.objects.filter(topic=topic_of(room), seq=2).update(type="message.invented")


def _lost_message(room: Room) -> None:
    Message.objects.filter(room=room, body="a quote").delete()


def _silent_message(room: Room) -> None:
    Message.objects.create(room=room, seq=head(topic_of(room)) + 1, body="x", html="x", created_at=timezone.now())


def _moved_message(room: Room) -> None:
    # Beyond the end of the log, where no other message is.
    Message.objects.filter(pk=first(room).pk).update(seq=77)


def _other_text(room: Room) -> None:
    Message.objects.filter(pk=first(room).pk).update(body="first, but different")


def _beside_by_hand(room: Room) -> None:
    Beside.objects.create(message=first(room), topic="document:7", seq=3)


def _quietly_deleted(room: Room) -> None:
    Message.objects.filter(pk=first(room).pk).update(deleted_at=timezone.now(), body="", html="")


def _text_of_tombstone(room: Room) -> None:
    Message.objects.filter(room=room, deleted_at__isnull=False).update(html="<p>still here</p>")


def _revision_lost(room: Room) -> None:
    MessageRevision.objects.all().delete()


def _revision_of_nothing(room: Room) -> None:
    MessageRevision.objects.create(message=first(room), seq=3, body="x", replaced_at=timezone.now())


def _mention_elsewhere(room: Room) -> None:
    Mention.objects.filter(message=first(room)).update(seq=1)


def _reply_lost(room: Room) -> None:
    Message.objects.filter(body__startswith="a better").update(thread_root=None)


def _reply_in_reply(room: Room) -> None:
    reply = Message.objects.get(body__startswith="a better")
    Message.objects.filter(body="a quote").update(thread_root=reply)


def _answer_to_elsewhere(room: Room) -> None:
    other = factories.say(owner(room), factories.make_room(owner(room), name="Other"))
    Message.objects.filter(body="a quote").update(reply_to=other)


def _reaction_lost(room: Room) -> None:
    Reaction.objects.all().delete()


def _reaction_invented(room: Room) -> None:
    Reaction.objects.create(message=first(room), user=owner(room), emoji="🙃")


def _role_by_hand(room: Room) -> None:
    Membership.objects.filter(room=room, user__username="teo").update(role="guest")


def _member_by_hand(room: Room) -> None:
    Membership.objects.create(room=room, user=User.objects.get(username="ines"), joined_seq=4)


def _nobody_owns(room: Room) -> None:
    Membership.objects.filter(room=room, role="owner").update(role="member")


def _read_too_far(room: Room) -> None:
    Membership.objects.filter(room=room, user__username="teo").update(last_read_seq=500)


def _wrong_key(room: Room) -> None:
    Room.objects.filter(kind="group").update(direct_key="1-2-999")


def _link_used_too_often(room: Room) -> None:
    RoomInvite.objects.create(room=room, token_hash="x", created_by=owner(room), max_uses=1, uses=2)


BROKEN: list[tuple[Callable[[Room], None], str]] = [
    (_log_hole, "1 events are missing"),
    (_head_too_high, "the head is 99, the last event"),
    (_no_head, "has events and no head"),
    (_oldest_too_low, "the first event is 2"),
    (_no_event, "room:999: the head is 4, and there is no event"),
    (_unreadable, "2: message.created cannot be read"),
    (_unknown_type, "message.invented is no event of this log"),
    (_lost_message, "which is not there"),
    (_silent_message, "is outside the log"),
    (_moved_message, "is not what event 77 told"),
    (_other_text, "says something else than the log"),
    (_beside_by_hand, "has something else beside it than the log tells"),
    (_quietly_deleted, "is deleted in the table or in the log, not in both"),
    (_text_of_tombstone, "is deleted and its text is still there"),
    (_revision_lost, "was edited and has no revision"),
    (_revision_of_nothing, "fits no edit"),
    (_mention_elsewhere, "has another place than the message"),
    (_reply_lost, "hangs on no thread"),
    (_reply_in_reply, "hangs in the thread of a reply"),
    (_answer_to_elsewhere, "answers one of another room"),
    (_reaction_lost, "👍 of user:"),
    (_reaction_invented, "🙃 of user:"),
    (_role_by_hand, "is guest here and moderator in the log"),
    (_member_by_hand, "is member here and None in the log"),
    (_nobody_owns, "nobody owns this room"),
    (_read_too_far, "beyond the head"),
    (_wrong_key, "its key is '1-2-999'"),
    (_link_used_too_often, "was used 2 times of 1"),
]


@pytest.mark.parametrize(("damage", "told"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_operator_hears_of(lively, capsys, damage, told):
    damage(lively)
    assert told in faults(capsys)


def test_thread_figures_that_the_log_told_are_counted_again(lively, capsys):
    Message.objects.filter(body__startswith="a better").update(created_at=timezone.now() - timedelta(days=1))
    assert "was told as (1," in faults(capsys)


def test_unread_figures_are_counted_a_second_way(lively, teo, capsys):
    Membership.objects.filter(room=lively, user=teo).update(last_read_seq=first(lively).seq)
    Mention.objects.filter(message=first(lively)).update(seq=90)
    # The mention's own seq says unread, its message's says read.
    assert f"user:{teo.pk} is told 1 unread, 1 mentions; there are 1 and 0." in faults(capsys)


def test_operator_checks_one_room(lively, secret, capsys):
    _role_by_hand(lively)
    call_command("check_integrity", room=[secret.slug], verbosity=0)
    assert capsys.readouterr().out == "Rooms checked: 1. Nothing is wrong.\n"
    with pytest.raises(CommandError, match="There is no room"):
        call_command("check_integrity", room=["nowhere"])
