"""check_integrity of what people keep, and --repair: mends what follows from the rest, and leaves the rest alone."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chat.models import Draft, Membership, Mention, Message, Pin, Reaction, SearchEntry, ThreadFollow
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def talk(room, mina, teo):
    """A thread with a pin, a draft and a mention."""
    root = factories.say(mina, room, "root, @teo")
    factories.say(teo, room, "reply", thread=root.pk)
    Pin.objects.create(message=root, room=room, pinned_at=timezone.now())
    Draft.objects.create(user=teo, room=room, thread_root=root, body="Well", rev=1, updated_at=timezone.now())
    call_command("check_integrity", verbosity=0)
    return root


def faults(capsys, **options):
    capsys.readouterr()
    with pytest.raises(CommandError, match="Faults found: 1") as caught:
        call_command("check_integrity", verbosity=0, **options)
    assert caught.value.returncode == 1
    return capsys.readouterr().out


def _pin_elsewhere(root, other):
    Pin.objects.update(room=other)


def _follow_elsewhere(root, other):
    ThreadFollow.objects.filter(user__username="teo").update(room=other)


def _follows_a_reply(root, other):
    ThreadFollow.objects.filter(user__username="teo").update(root=root.replies.get())


def _thread_read_too_far(root, other):
    ThreadFollow.objects.filter(user__username="teo").update(last_read_seq=10_000)


def _room_read_too_far(root, other):
    Membership.objects.filter(room=root.room, user__username="teo").update(last_read_seq=10_000)


def _mention_elsewhere(root, other):
    Mention.objects.update(room=other)


def _not_indexed(root, other):
    SearchEntry.objects.filter(message=root).delete()


def _indexed_wrongly(root, other):
    SearchEntry.objects.filter(message=root).update(checksum=1)


MENDED = [
    (_pin_elsewhere, "the pin of message"),
    (_follow_elsewhere, "in another room"),
    (_follows_a_reply, "which is a reply and no thread"),
    (_thread_read_too_far, "beyond the head"),
    (_room_read_too_far, "beyond the head"),
    (_mention_elsewhere, "has another place than the message"),
    (_not_indexed, "search: 1 entries are missing"),
    (_indexed_wrongly, "search: 0 entries are missing, 1 out of date"),
]


@pytest.mark.parametrize(("damage", "told"), MENDED, ids=lambda value: getattr(value, "__name__", ""))
def test_operator_hears_of_it_and_mends_it(talk, mina, capsys, damage, told):
    other = factories.make_room(mina, name="Other")
    damage(talk, other)
    with pytest.raises(CommandError, match="Faults found"):
        call_command("check_integrity", verbosity=0)
    assert told in capsys.readouterr().out
    call_command("check_integrity", verbosity=0, repair=True)
    call_command("check_integrity", verbosity=0)
    call_command("check_integrity", verbosity=0, repair=True)
    assert "Mended" not in capsys.readouterr().out.splitlines()[-1]


def _draft_elsewhere(root, other):
    Draft.objects.update(room=other)


def _draft_in_a_reply(root, other):
    Draft.objects.update(thread_root=root.replies.get())


def _draft_never_saved(root, other):
    Draft.objects.update(rev=0)


def _another_text(root, other):
    Message.objects.filter(pk=root.replies.get().pk).update(body="replied")
    call_command("rebuild_search", verbosity=0)


LEFT = [
    (_draft_elsewhere, "answers no message of this room"),
    (_draft_in_a_reply, "answers no message of this room"),
    (_draft_never_saved, "was never saved"),
    (_another_text, "says something else than the log"),
]


@pytest.mark.parametrize(("damage", "told"), LEFT, ids=lambda value: getattr(value, "__name__", ""))
def test_what_only_a_person_can_judge_is_told_and_left(talk, mina, capsys, damage, told):
    damage(talk, factories.make_room(mina, name="Other"))
    assert told in faults(capsys)
    assert told in faults(capsys, repair=True)


def test_what_hangs_on_a_deleted_message_is_taken_off(talk, room, teo, capsys):
    message = factories.say(teo, room, "gone")
    Reaction.objects.create(message=message, user=teo, emoji="👍")
    Message.objects.filter(pk=message.pk).update(body="", html="", deleted_at=timezone.now())
    with pytest.raises(CommandError):
        call_command("check_integrity", verbosity=0, repair=True)
    assert "something still hangs on it" not in capsys.readouterr().out
    assert not Reaction.objects.exists()
