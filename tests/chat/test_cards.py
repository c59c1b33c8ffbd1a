"""Messages that carry a card: posted, changed in place, repeated, quoted, deleted."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from chat import selectors, services
from chat.models import Card, Message, Room
from chat.selectors.integrity import check_room
from chat.shapes import CardView, ChartCard
from realtime import log
from realtime.protocol import Refused
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def chart(figure: float = 3.0) -> CardView:
    shown = ChartCard(
        series=7, title="Errors", unit="", aggregate="last", seconds=60, points=[[1.0, figure]], as_of=timezone.now()
    )
    return CardView(kind="chart", chart=shown)


def posted(author, room, body="Errors, last minute", **fields):
    return services.post_card(author=author, room_id=room.pk, cid=uuid7(), body=body, card=chart(), **fields).id


def shown(room, user):
    return selectors.message_page(actor=user, room_id=room.pk, limit=50).messages


def seen(room, user, message_id):
    [view] = [view for view in shown(room, user) if view.id == message_id]
    return view


def test_a_card_of_somebody_is_a_message_of_theirs(mina, teo, room):
    message_id = posted(mina, room, body="Errors, @teo")
    view = seen(room, teo, message_id)
    assert (view.author, view.kind, view.mentions) == (mina.pk, "user", [teo.pk])
    assert view.card is not None
    assert view.card.chart is not None
    assert view.card.chart.points == [[1.0, 3.0]]


def test_a_card_of_the_room_is_nobodys_and_counts_for_nobody(teo, room):
    message_id = posted(None, room, body="Too late, @teo")
    view = seen(room, teo, message_id)
    assert (view.author, view.kind, view.mentions) == (None, "system", [])
    home = selectors.home_snapshot(actor=teo)
    assert [one.unread for one in home.rooms if one.room.id == room.pk] == [0]


@pytest.mark.parametrize("whose", ["mina", "nobody"])
def test_a_card_that_is_posted_again_is_there_once(mina, room, whose):
    cid, author = uuid7(), mina if whose == "mina" else None
    given = {"author": author, "room_id": room.pk, "cid": cid, "body": "Errors", "card": chart()}
    first, again = services.post_card(**given), services.post_card(**given)
    assert (again.id, again.seq, again.duplicate) == (first.id, first.seq, True)
    assert Card.objects.count() == 1


def test_who_may_not_write_posts_no_card(ines, mina, room):
    with pytest.raises(Refused, match="not_member"):
        posted(ines, room)
    Room.objects.filter(pk=room.pk).update(archived_at=timezone.now())
    for author in (mina, None):
        with pytest.raises(Refused, match="read_only"):
            posted(author, room)


def test_a_room_that_is_gone_is_told_of():
    with pytest.raises(Refused, match="not_found"):
        services.post_card(author=None, room_id=4711, cid=uuid4(), body="Errors", card=chart())


def test_a_card_changes_in_place_with_its_words_and_its_quotes(mina, teo, room):
    message_id = posted(mina, room)
    quote = factories.say(teo, room, "Look", reply_to=message_id)
    services.change_card(message_id=message_id, card=chart(9.0), body="Errors, as of 10:43")
    view = seen(room, teo, message_id)
    assert view.body == "Errors, as of 10:43"
    assert view.edited_at is None
    assert view.card.chart.points == [[1.0, 9.0]]
    assert seen(room, teo, quote.pk).reply_to.excerpt == "Errors, as of 10:43"
    [hit] = [hit for hit in selectors.search(actor=teo, q="10:43").messages if hit.id == message_id]
    assert "".join(piece.text for piece in hit.pieces) == "Errors, as of 10:43"


def test_its_author_does_not_edit_the_words_of_a_card(mina, room):
    message_id = posted(mina, room)
    with pytest.raises(Refused, match="where it comes from"):
        services.edit_message(actor=mina, room_id=room.pk, message_id=message_id, body="Nothing")


def test_nothing_of_a_deleted_card_is_left_in_table_or_log(mina, room):
    message_id = posted(mina, room, body="A secret figure")
    services.change_card(message_id=message_id, card=chart(4711.0), body="A secret figure, 4711")
    services.delete_message(actor=mina, room_id=room.pk, message_id=message_id)
    frames = "".join(str(entry.frame) for entry in log.read(f"room:{room.pk}", 0, 100))
    assert "4711" not in frames
    assert "secret" not in frames
    assert not Card.objects.exists()
    assert Message.objects.get(pk=message_id).body == ""
    with pytest.raises(Refused, match="gone"):
        services.change_card(message_id=message_id, card=chart(), body="Again")


def test_the_log_and_the_table_of_cards_agree_and_a_difference_is_found(mina, room):
    kept, gone = posted(None, room), posted(mina, room)
    services.change_card(message_id=kept, card=chart(4.0), body="Errors, four")
    services.delete_message(actor=mina, room_id=room.pk, message_id=gone)
    assert list(check_room(room)) == []
    Card.objects.all().delete()
    [fault] = check_room(room)
    assert "carries something else than the log tells" in fault
