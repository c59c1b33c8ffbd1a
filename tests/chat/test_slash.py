"""What one may type after a slash, and who may; what goes wrong is told to the sender only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from chat import selectors, services
from chat.models import Membership, Message, Reminder, Room
from chat.services.reminders import REMINDERS_MOST, tell_due
from chat.services.slash import run_slash
from editor.models import Document
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head, last_event, signed_in, topic_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def run(user: User, room: Room, text: str, **given: Any) -> str:
    given.setdefault("cid", factories.nobody())
    return run_slash(actor=user, room_id=room.pk, text=text, **given).text


def said(room: Room) -> list[str]:
    return [*Message.objects.filter(room=room, kind="user").order_by("seq").values_list("body", flat=True)]


def html(room: Room) -> str:
    return Message.objects.filter(room=room, kind="user").latest("seq").html


def names(user: User, room: Room) -> list[str]:
    return [one["name"] for one in signed_in(user).get(f"/api/rooms/{room.pk}/commands/").json()]


def test_writer_says_what_they_do(teo, room):
    run(teo, room, "/me waves *and* smiles\nat all")
    assert html(room) == "<p><em>waves *and* smiles at all</em></p>\n"
    run(teo, room, "/SHRUG no idea")
    assert "no idea ¯\\_(ツ)_/¯" in html(room)


def test_a_command_that_is_repeated_says_it_once(teo, room):
    cid = UUID(int=7)
    for _ in range(2):
        run(teo, room, "/me waves", cid=cid)
    assert said(room) == ["*waves*"]


def test_writer_says_it_in_a_thread(mina, teo, room):
    root = factories.say(mina, room)
    run(teo, room, "/me nods", thread=root.pk)
    assert Message.objects.get(body="*nods*").thread_root_id == root.pk


@pytest.mark.parametrize("text", ["/nonsense", "/", "kick", "/usr/bin", "/me"])
def test_what_is_no_command_is_told_to_its_sender_only(teo, room, text):
    before = head(topic_of(room)), head(teo.topic)
    with pytest.raises(Refused, match="invalid"):
        run(teo, room, text)
    assert (head(topic_of(room)), head(teo.topic)) == before


def test_help_and_the_list_hold_what_one_may_use(mina, teo, ines, room, secret):
    assert names(mina, room) == ["ask", "chart", "code", "invite", "kick", "me", "mute", "remind", "shrug", "topic"]
    assert names(teo, room) == ["ask", "chart", "code", "invite", "me", "remind", "shrug"]
    assert names(ines, room) == []
    told = run(teo, room, "/help")
    assert "/invite @person" in told
    assert "/kick" not in told
    assert signed_in(ines).get(f"/api/rooms/{secret.pk}/commands/").status_code == 404


def test_commands_are_for_members_and_for_those_who_may(teo, ines, room, secret):
    with pytest.raises(Refused, match="not_member"):
        run(ines, room, "/me waves")
    with pytest.raises(Refused, match="not_found"):
        run(ines, secret, "/help")
    for text in ("/kick @mina go", "/mute @mina 10m go", "/topic Mine"):
        with pytest.raises(Refused, match="forbidden"):
            run(teo, room, text)


def test_nobody_says_anything_by_a_command_in_a_closed_room(mina, teo, room):
    factories.change(mina, room, read_only=True)
    with pytest.raises(Refused, match="forbidden"):
        run(teo, room, "/me waves")
    assert said(room) == []


def test_owner_sets_the_topic(mina, room):
    run(mina, room, "/topic Two carets, one line")
    assert Room.objects.get(pk=room.pk).purpose == "Two carets, one line"
    assert run(mina, room, "/topic") == "Two carets, one line"


def test_member_invites_by_name(teo, ines, room):
    assert run(teo, room, "/invite @ines") == "Ines Haddad is in the room now."
    assert Membership.objects.filter(room=room, user=ines).exists()
    assert "already" in run(teo, room, "/invite ines")
    for text in ("/invite", "/invite @nobody"):
        with pytest.raises(Refused, match="invalid"):
            run(teo, room, text)


def test_moderator_kicks_with_a_reason(mina, teo, room):
    with pytest.raises(Refused, match="invalid"):
        run(mina, room, "/kick @teo")
    run(mina, room, "/kick @teo off topic")
    assert not Membership.objects.filter(room=room, user=teo).exists()
    told = [event["data"] for event in events(teo.topic) if event["type"] == "room.removed"]
    assert told[-1]["reason"] == "off topic"


def test_moderator_mutes_for_a_time(mina, teo, room):
    assert run(mina, room, "/mute @teo 10m too loud") == "Teo Lindqvist is muted here for 10 minutes."
    with pytest.raises(Refused, match="muted") as refused:
        factories.say(teo, room)
    assert refused.value.retry_after is not None
    assert 590 < refused.value.retry_after <= 600


def test_writer_opens_a_file_of_the_room(teo, room):
    first = run_slash(actor=teo, room_id=room.pk, cid=factories.nobody(), text="/code session.py").url
    again = run_slash(actor=teo, room_id=room.pk, cid=factories.nobody(), text="/code session.py").url
    document = Document.objects.get(room=room, name="session.py")
    assert first == again == f"/rooms/{room.slug}/?doc={document.pk}"
    with pytest.raises(Refused, match="invalid"):
        run(teo, room, "/code")


# Reminders


def remind(user: User, room: Room, text: str) -> Reminder:
    run(user, room, f"/remind {text}")
    return Reminder.objects.filter(user=user).latest("pk")


def test_one_is_reminded_once_and_closes_it_everywhere(teo, room):
    accounts.update_preferences(actor=teo, theme="dark")
    one = remind(teo, room, "me in 20m to look at the build")
    assert tell_due() == 0
    later = timezone.now() + timedelta(minutes=20)
    assert (tell_due(now=later), tell_due(now=later)) == (1, 0)
    told = last_event(teo.topic)
    assert (told["type"], told["data"]["reminder"]["text"]) == ("reminder.told", "look at the build")
    assert [one.text for one in selectors.home_snapshot(actor=teo).reminders] == ["look at the build"]
    for _ in range(2):
        services.dismiss_reminder(actor=teo, reminder_id=one.pk)
    assert last_event(teo.topic)["type"] == "reminder.dismissed"
    assert selectors.home_snapshot(actor=teo).reminders == []


def test_a_repeat_after_a_lost_answer_sets_one_reminder(mina, teo, room):
    wish = {"actor": teo, "room_id": room.pk, "cid": factories.nobody(), "text": "/remind in 20m tea"}
    first = run_slash(**wish)
    assert run_slash(**wish) == first
    assert Reminder.objects.filter(user=teo).count() == 1
    with pytest.raises(Refused) as caught:
        run_slash(**wish | {"text": "/remind in 20m coffee"})
    assert (caught.value.code, caught.value.field) == ("conflict", "cid")
    run_slash(**wish | {"actor": mina})
    assert Reminder.objects.count() == 2


def test_one_is_reminded_by_ones_own_clock(teo, room):
    accounts.update_profile(actor=teo, display_name="Teo", time_zone="Asia/Tokyo")
    one = remind(teo, room, "tomorrow at 9:00 stand up")
    assert one.due_at.hour == 0
    assert "tomorrow at 09:00 – stand up" in run(teo, room, "/remind list")


def test_one_lists_and_cancels_ones_own_reminders(mina, teo, room):
    assert "no reminders" in run(teo, room, "/remind")
    one = remind(teo, room, "in 20m tea")
    with pytest.raises(Refused, match="not_found"):
        run(mina, room, f"/remind cancel {one.pk}")
    assert "cancelled" in run(teo, room, f"/remind cancel #{one.pk}")
    assert not Reminder.objects.exists()


def test_nobody_closes_the_reminder_of_another(mina, teo, room):
    one = remind(teo, room, "in 1m tea")
    tell_due(now=timezone.now() + timedelta(minutes=1))
    services.dismiss_reminder(actor=mina, reminder_id=one.pk)
    assert len(selectors.home_snapshot(actor=teo).reminders) == 1


def test_keeping_a_reminder_leaves_no_hole_in_the_log(teo, room):
    before = head(teo.topic)
    remind(teo, room, "in 20m tea")
    assert head(teo.topic) == before


def test_reminders_have_limits(teo, room):
    with pytest.raises(Refused, match="too_large"):
        run(teo, room, f"/remind in 20m {'x' * 501}")
    for number in range(REMINDERS_MOST):
        remind(teo, room, f"in 20m tea {number}")
    with pytest.raises(Refused, match="too_large"):
        run(teo, room, "/remind in 20m one more")
