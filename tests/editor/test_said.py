"""What was said in the room when a version was made: for the column of authors, and for the cut through the chat."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat import services as chat
from chat.models import Message
from editor.models import Update
from tests.chat.conftest import head
from tests.editor.conftest import make_document, signed_in, write
from tests.factories import make_room, say

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

NOW = timezone.now() - timedelta(hours=2)


def written(who, document, minutes):
    """An update at a minute; returns its version."""
    version = write(who, document, 0, 0, "x")
    Update.objects.filter(document=document, version=version).update(at=NOW + timedelta(minutes=minutes))
    return version


def spoken(who, room, minutes, body, **given):
    """A message of a minute."""
    return say(who, room, body, at=NOW + timedelta(minutes=minutes), **given)


def said(who, document, version, status=200):
    answer = signed_in(who).get(f"/api/documents/{document.pk}/said/?v={version}")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_teo_reads_what_mina_wrote_nearest_to_her_edit(mina, teo, room, document):
    spoken(mina, room, 0, "Far away")
    spoken(teo, room, 19, "Not hers")
    near = spoken(mina, room, 18, "I split it\nso that it fits")
    spoken(mina, room, 24, "Further")
    answer = said(teo, document, written(mina, document, 20))
    assert answer["said"]["message"] == str(near.pk)
    assert (answer["said"]["author"], answer["said"]["excerpt"]) == (mina.pk, "I split it so that it fits")


def test_what_is_said_soon_after_counts_and_what_is_a_quarter_of_an_hour_away_does_not(mina, teo, room, document):
    after = spoken(teo, room, 22, "There it is")
    assert said(mina, document, written(teo, document, 20))["said"]["message"] == str(after.pk)
    assert said(mina, document, written(teo, document, 38))["said"] is None
    assert said(mina, document, written(teo, document, 6))["said"] is None


def test_what_was_deleted_and_what_the_room_told_by_itself_are_not_said(mina, teo, room, document):
    gone = spoken(mina, room, 20, "Never mind")
    chat.delete_message(actor=mina, room_id=room.pk, message_id=gone.pk)
    Message.objects.filter(room=room, kind="system").update(created_at=NOW + timedelta(minutes=20), author=mina)
    assert said(teo, document, written(mina, document, 20))["said"] is None


def test_a_reply_in_a_thread_is_said_and_is_not_the_newest_of_the_log(mina, teo, room, document):
    Message.objects.filter(room=room).delete()
    root = spoken(teo, room, 1, "Root")
    reply = spoken(mina, room, 2, "In the thread", thread=root.pk)
    answer = said(teo, document, written(mina, document, 3))
    assert (answer["said"]["message"], answer["newest"]) == (str(reply.pk), str(root.pk))


def test_the_newest_message_of_every_moment_is_found(mina, teo, room, document):
    Message.objects.filter(room=room).delete()
    made = [spoken(mina, room, 10 * number, f"m{number}") for number in range(9)]
    versions = [written(teo, document, 10 * number + 5) for number in range(9)]
    assert [said(teo, document, version)["newest"] for version in versions] == [str(one.pk) for one in made]
    early = written(teo, document, -60)
    assert said(teo, document, early)["newest"] is None
    assert head(f"room:{room.pk}") > 9


def test_the_beginning_has_its_maker_and_a_compacted_version_has_nobody(mina, teo, room, document):
    hello = say(mina, room, "A new file")
    assert said(teo, document, 0)["said"]["message"] == str(hello.pk)
    version = written(mina, document, 1)
    Update.objects.filter(document=document).delete()
    assert said(teo, document, version) == {"version": version, "said": None, "newest": None}


def test_nobody_outside_learns_what_was_said(mina, teo, ines, secret, room, document):
    hidden = make_document(mina, secret)
    say(mina, secret, "Between us")
    assert said(ines, hidden, 0, 404)["code"] == "not_found"
    say(mina, room, "For all")
    assert said(ines, document, 0)["said"]["excerpt"] == "For all"
    say(mina, make_room(ines, mina, kind="private", name="Other"), "Elsewhere")
    assert said(ines, document, 0)["said"]["excerpt"] == "For all"


def test_a_version_must_be_named_and_be_one(mina, document):
    assert signed_in(mina).get(f"/api/documents/{document.pk}/said/").json()["field"] == "v"
    assert said(mina, document, 5, 409)["code"] == "unknown_version"
