"""Somebody banned from a public room is out: what anybody else reads from outside is refused to them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Sanction
from accounts.services import sanction_user
from chat import selectors, services
from editor import selectors as editor
from editor import services as documents
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import signed_in
from tests.chat.uploading import stored

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture
def said(mina, room):
    """A message with a file, and a document."""
    file = stored(mina, room, b"plans", name="plans.txt")
    documents.create_document(actor=mina, room_id=room.pk, cid=uuid4(), name="plan.md")
    return factories.say(mina, room, "The plan", attachments=[file.id])


def ban(mina, room, user, kind="ban", seconds=None):
    services.sanction_member(actor=mina, room_id=room.pk, user_id=user.pk, kind=kind, reason="Spam", seconds=seconds)


def addresses(room, said):
    file = said.attachments.get()
    return {
        reverse("chat_room", args=[room.slug]): 403,
        reverse("chat_message", args=[room.slug, said.pk]): 403,
        f"/api/rooms/{room.pk}/snapshot/": 403,
        f"/api/rooms/{room.pk}/messages/": 403,
        f"/api/rooms/{room.pk}/threads/{said.pk}/": 403,
        f"/api/rooms/{room.pk}/pins/": 403,
        f"/api/rooms/{room.pk}/uploads/": 403,
        f"/api/rooms/{room.pk}/documents/": 404,
        f"/api/people/?q=&room={room.pk}": 403,
        f"/api/messages/{said.pk}/revisions/": 403,
        f"/files/{file.pk}/plans.txt": 404,
    }


@pytest.mark.parametrize(("kind", "seconds"), [("ban", None), ("ban", 3600), ("kick", 3600)])
def test_somebody_barred_reads_a_public_room_nowhere(mina, teo, ines, room, said, kind, seconds):
    ban(mina, room, teo, kind, seconds)
    banned, outside = signed_in(teo), signed_in(ines)
    for address, status in addresses(room, said).items():
        # That anybody else gets the file is told in test_attachments.
        assert address.startswith("/files/") or outside.get(address).status_code == 200, address
        answer = banned.get(address)
        assert answer.status_code == status, address
        assert "The plan" not in answer.content.decode()
    told = banned.get(f"/api/rooms/{room.pk}/snapshot/").json()
    assert told["code"] == "banned"
    assert "Spam" in told["message"]
    assert "Spam" in banned.get(reverse("chat_room", args=[room.slug])).content.decode()


def test_who_was_banned_from_outside_reads_nothing_either(mina, ines, room, said):
    ban(mina, room, ines)
    assert signed_in(ines).get(f"/api/rooms/{room.pk}/messages/").status_code == 403
    assert selectors.search(actor=ines, q="plan").messages == []
    assert selectors.rights_of(room_id=room.pk, user_ids=[ines.pk, mina.pk]).keys() == {mina.pk}
    with pytest.raises(Refused):
        editor.document_list(actor=ines, room_id=room.pk)
    with pytest.raises(Refused) as caught:
        services.report_message(actor=ines, room_id=room.pk, message_id=said.pk, reason="spam")
    assert caught.value.code == "banned"


def test_a_ban_that_is_over_or_of_another_room_holds_nobody_off(mina, teo, room, said):
    other = factories.make_room(mina, teo, name="Other")
    ban(mina, other, teo)
    ban(mina, room, teo, seconds=3600)
    client = signed_in(teo)
    assert client.get(f"/api/rooms/{room.pk}/messages/").status_code == 403
    Sanction.objects.filter(room_id=room.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/api/rooms/{room.pk}/messages/").status_code == 200
    assert client.get(f"/api/rooms/{other.pk}/messages/").status_code == 403


def test_a_private_room_does_not_tell_the_banned_that_it_is_there(mina, teo, secret):
    ban(mina, secret, teo)
    answer = signed_in(teo).get(f"/api/rooms/{secret.pk}/messages/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_who_was_banned_and_brought_back_by_hand_is_a_member(mina, teo, room):
    """A ban of the room ends the membership; whoever is a member all the same is not asked for it."""
    sanction_user(actor=mina, user=teo, kind="ban", reason="Spam", room_id=room.pk)
    assert selectors.room_snapshot(actor=teo, room_id=room.pk).role == "member"
