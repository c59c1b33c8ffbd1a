"""Messages that carry a card: posted, changed in place, repeated, quoted, deleted."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from chat import selectors, services
from chat.lines import DatedLine
from chat.models import Card, Message, Room
from chat.selectors.exports import export_lines
from chat.selectors.integrity import check_room
from chat.selectors.since import said_since
from chat.services.imports import import_authors, import_lines
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


def counted(user, room):
    [one] = [one for one in selectors.home_snapshot(actor=user).rooms if one.room.id == room.pk]
    return one.unread, one.mentions, one.last_message and (one.last_message.kind, one.last_message.excerpt)


def test_an_alert_is_nobodys_and_counts_for_everybody(mina, teo, ines, room):
    """It calls members who are named to it, and nobody by its words; a change in place counts for nobody."""
    message_id = posted(None, room, body="Too late, @teo", calls=[mina.pk, ines.pk])
    view = seen(room, teo, message_id)
    assert (view.author, view.kind, view.mentions) == (None, "alert", [mina.pk])
    assert counted(teo, room) == (1, 0, ("alert", "Too late, @teo"))
    assert counted(mina, room)[:2] == (1, 1)
    services.set_read(actor=teo, room_id=room.pk, seq=view.seq)
    services.change_card(message_id=message_id, card=chart(9.0), body="Over, @teo")
    assert counted(teo, room) == (0, 0, ("alert", "Over, @teo"))
    assert list(check_room(room)) == []


def test_an_alert_is_found_answered_and_kept_like_what_people_say(mina, teo, room):
    message_id = posted(None, room, body="Delivery is late")
    [hit] = selectors.search(actor=teo, q="delivery").messages
    assert (hit.id, hit.author, hit.kind) == (message_id, None, "alert")
    quote = factories.say(teo, room, "Looking", reply_to=message_id)
    assert seen(room, mina, quote.pk).reply_to.kind == "alert"
    factories.say(teo, room, "Mended", thread=message_id)
    services.add_reaction(actor=teo, room_id=room.pk, message_id=message_id, emoji="👀")
    services.pin_message(actor=mina, room_id=room.pk, message_id=message_id)
    services.add_bookmark(actor=teo, room_id=room.pk, message_id=message_id)
    view = seen(room, teo, message_id)
    assert (view.thread.replies, len(view.reactions), view.pinned) == (1, 1, True)
    assert list(check_room(room)) == []


def test_an_alert_that_calls_somebody_is_told_to_whoever_comes_back(mina, teo, room):
    before = factories.say(teo, room, "Before")
    posted(None, room, body="Delivery is late", calls=[mina.pk])
    seen_since = said_since(actor=mina, room_id=room.pk, since=before.seq)
    assert (seen_since.messages, seen_since.people) == (1, [])
    assert [(one.kind, one.author, one.excerpt) for one in seen_since.mentions] == [("alert", None, "Delivery is late")]


def test_an_alert_is_reported_and_changed_by_nobody(mina, teo, room):
    message_id = posted(None, room)
    with pytest.raises(Refused, match="can be reported"):
        services.report_message(actor=teo, room_id=room.pk, message_id=message_id, reason="spam")
    with pytest.raises(Refused, match="forbidden"):
        services.edit_message(actor=mina, room_id=room.pk, message_id=message_id, body="Nothing")
    with pytest.raises(Refused, match="forbidden"):
        services.delete_message(actor=teo, room_id=room.pk, message_id=message_id)


def test_a_moderator_deletes_an_alert_and_nothing_is_left_of_it(mina, teo, room):
    message_id = posted(None, room, body="A secret figure", calls=[mina.pk])
    for figure in range(5):
        card = chart(47_110_811.0 + figure)
        services.change_card(message_id=message_id, card=card, body=f"A secret figure, {figure}")
    services.delete_message(actor=mina, room_id=room.pk, message_id=message_id)
    frames = "".join(str(entry.frame) for entry in log.read(f"room:{room.pk}", 0, 100))
    assert "4711081" not in frames  # shorter, it may stand in an id
    assert "secret" not in frames
    assert counted(teo, room)[0] == counted(mina, room)[1] == 0
    with pytest.raises(Refused, match="gone"):
        services.change_card(message_id=message_id, card=chart(), body="Again")
    assert list(check_room(room)) == []


def test_an_alert_is_exported_as_one_and_comes_back_by_that_name(mina, room):
    posted(None, room, body="Delivery is late")
    [line] = export_lines(room_id=room.pk)
    assert (line.author, line.body) == ("Alert", "Delivery is late")
    copy = factories.make_room(mina, name="Copy")
    authors = import_authors(actor=None, names=["Alert"], match_people=False)
    dated = [DatedLine(line, timezone.now())]
    import_lines(actor=None, room_id=copy.pk, source="room", lines=dated, authors=authors)
    assert [one.author for one in export_lines(room_id=copy.pk)] == ["Alert"]


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
    services.change_card(message_id=message_id, card=chart(47_110_811.0), body="A secret figure, 47110811")
    services.delete_message(actor=mina, room_id=room.pk, message_id=message_id)
    frames = "".join(str(entry.frame) for entry in log.read(f"room:{room.pk}", 0, 100))
    assert "4711081" not in frames
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
