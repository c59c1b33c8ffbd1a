"""What people want to hear of, pin, save, follow and see as unread again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import selectors, services
from chat.models import Membership, ThreadFollow
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import head, last_event, signed_in, topic_of
from tests.factories import say

pytestmark = pytest.mark.stack


def marks(user) -> dict[str, tuple[bool, int]]:
    """Threads by the text of their root: whether they are followed, and what is unread in them."""
    page = selectors.attention_view(actor=user)
    roots = {mark.root: selectors.revisions(actor=user, message_id=mark.root)[0].body for mark in page.threads}
    return {roots[mark.root]: (mark.following, mark.unread) for mark in page.threads}


def summary(user, room):
    return next(one for one in selectors.home_snapshot(actor=user).rooms if one.room.id == room.pk)


# Levels and quiet


def test_teo_wants_to_hear_nothing_of_a_room_for_an_hour(teo, room):
    until = timezone.now() + timedelta(hours=1)
    seq = services.set_notify(actor=teo, room_id=room.pk, level="nothing", quiet_until=until).seq
    told = last_event(teo.topic)
    assert (told["seq"], told["type"], told["data"]["notify"]) == (seq, "room.notify_changed", "nothing")
    assert (summary(teo, room).notify, summary(teo, room).quiet_until) == ("nothing", until)
    assert services.set_notify(actor=teo, room_id=room.pk, level="nothing").seq == 0
    services.set_notify(actor=teo, room_id=room.pk, quiet_until=None)
    assert (summary(teo, room).notify, summary(teo, room).quiet_until) == ("nothing", None)


def test_quiet_for_good_and_quiet_that_is_over(teo, room):
    services.set_notify(actor=teo, room_id=room.pk, quiet_until=datetime(9999, 12, 31, tzinfo=UTC))
    assert summary(teo, room).quiet_until.year == 9999
    services.set_notify(actor=teo, room_id=room.pk, quiet_until=timezone.now() - timedelta(seconds=1))
    assert summary(teo, room).quiet_until is None


def test_levels_are_for_members_and_have_names(ines, teo, room, secret):
    for place in (room, secret):
        with pytest.raises(Refused, match="not_found"):
            services.set_notify(actor=ines, room_id=place.pk, level="all")
    with pytest.raises(Refused, match="invalid"):
        services.set_notify(actor=teo, room_id=room.pk, level="loud")


# Pins


def test_mina_pins_a_message_and_everybody_sees_it(mina, teo, room):
    message = say(teo, room, "The address of the staging server")
    seq = services.pin_message(actor=mina, room_id=room.pk, message_id=message.pk).seq
    told = last_event(topic_of(room))
    assert (told["seq"], told["type"], told["data"]) == (seq, "message.pinned", {"id": str(message.pk), "by": mina.pk})
    assert selectors.room_snapshot(actor=teo, room_id=room.pk).messages[-1].pinned
    [pin] = selectors.pins_page(actor=teo, room_id=room.pk).pins
    assert (pin.message.body, pin.pinned_by) == (message.body, mina.pk)
    before = head(topic_of(room))
    assert services.pin_message(actor=teo, room_id=room.pk, message_id=message.pk).seq == 0
    assert head(topic_of(room)) == before
    services.unpin_message(actor=teo, room_id=room.pk, message_id=message.pk)
    assert selectors.pins_page(actor=teo, room_id=room.pk).pins == []


def test_in_a_large_room_only_moderators_pin(mina, teo, room):
    for _ in range(19):
        services.invite_person(actor=mina, room_id=room.pk, user_id=factories.make_person().pk)
    message = say(teo, room)
    with pytest.raises(Refused, match="forbidden"):
        services.pin_message(actor=teo, room_id=room.pk, message_id=message.pk)
    factories.give_role(room, teo, "moderator")
    assert services.pin_message(actor=teo, room_id=room.pk, message_id=message.pk).seq


def test_guests_and_outsiders_pin_nothing(teo, ines, room, secret):
    message = say(teo, room)
    factories.give_role(room, teo, "guest")
    for user, code in ((teo, "forbidden"), (ines, "not_member")):
        with pytest.raises(Refused, match=code):
            services.pin_message(actor=user, room_id=room.pk, message_id=message.pk)
    with pytest.raises(Refused, match="not_found"):
        selectors.pins_page(actor=ines, room_id=secret.pk)


def test_a_room_keeps_100_pins_and_a_deleted_message_is_none(mina, room, monkeypatch):
    monkeypatch.setattr("chat.services.pins.PINS_MOST", 2)
    messages = [say(mina, room, f"number {number}") for number in range(3)]
    for message in messages[:2]:
        services.pin_message(actor=mina, room_id=room.pk, message_id=message.pk)
    with pytest.raises(Refused, match="too_large"):
        services.pin_message(actor=mina, room_id=room.pk, message_id=messages[2].pk)
    services.delete_message(actor=mina, room_id=room.pk, message_id=messages[0].pk)
    assert [pin.message.id for pin in selectors.pins_page(actor=mina, room_id=room.pk).pins] == [messages[1].pk]
    with pytest.raises(Refused, match="gone"):
        services.pin_message(actor=mina, room_id=room.pk, message_id=messages[0].pk)


# Bookmarks


def test_teo_saves_a_message_and_only_his_tabs_hear_of_it(mina, teo, room):
    message = say(mina, room)
    before = head(topic_of(room)), head(mina.topic)
    services.add_bookmark(actor=teo, room_id=room.pk, message_id=message.pk)
    assert last_event(teo.topic)["data"] == {"message": str(message.pk), "room": room.pk, "saved": True}
    assert (head(topic_of(room)), head(mina.topic)) == before
    assert services.add_bookmark(actor=teo, room_id=room.pk, message_id=message.pk).seq == 0
    [saved] = selectors.saved_page(actor=teo).saved
    assert saved.message.id == message.pk
    assert selectors.saved_page(actor=mina).saved == []
    services.remove_bookmark(actor=teo, message_id=message.pk)
    assert selectors.saved_page(actor=teo).saved == []
    assert services.remove_bookmark(actor=teo, message_id=message.pk).seq == 0


def test_what_was_saved_in_a_room_goes_and_comes_with_it(mina, teo, secret):
    message = say(mina, secret)
    services.add_bookmark(actor=teo, room_id=secret.pk, message_id=message.pk)
    services.remove_member(actor=mina, room_id=secret.pk, user_id=teo.pk)
    assert selectors.saved_page(actor=teo).saved == []
    assert selectors.attention_view(actor=teo).saved == []
    services.invite_person(actor=mina, room_id=secret.pk, user_id=teo.pk)
    assert len(selectors.saved_page(actor=teo).saved) == 1


def test_saved_messages_come_in_pages(mina, room):
    for number in range(35):
        message = say(mina, room, f"number {number}")
        services.add_bookmark(actor=mina, room_id=room.pk, message_id=message.pk)
    first = selectors.saved_page(actor=mina)
    second = selectors.saved_page(actor=mina, before=first.saved[-1].id)
    assert (len(first.saved), first.has_more, len(second.saved), second.has_more) == (30, True, 5, False)
    assert [one.message.body for one in (first.saved[0], second.saved[-1])] == ["number 34", "number 0"]


# Threads


def test_starting_writing_and_being_addressed_make_people_follow(mina, teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    root = say(teo, room, "root")
    say(mina, room, "@ines look", thread=root.pk)
    assert (marks(teo), marks(mina), marks(ines)) == ({"root": (True, 1)}, {"root": (True, 0)}, {"root": (True, 1)})
    say(teo, room, "seen", thread=root.pk)
    assert (marks(teo), marks(mina), marks(ines)) == ({"root": (True, 0)}, {"root": (True, 1)}, {"root": (True, 2)})


def test_who_stops_following_follows_again_only_by_writing(mina, teo, room):
    root = say(teo, room, "root")
    say(mina, room, "one", thread=root.pk)
    services.follow_thread(actor=teo, room_id=room.pk, root_id=root.pk, following=False)
    assert last_event(teo.topic)["data"]["following"] is False
    say(mina, room, "@teo two", thread=root.pk)
    assert marks(teo)["root"][0] is False
    assert selectors.threads_page(actor=teo).threads == []
    say(teo, room, "three", thread=root.pk)
    assert marks(teo) == {"root": (True, 0)}


def test_anybody_may_follow_a_thread_and_begins_with_what_comes(mina, teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    root = say(teo, room, "root")
    say(mina, room, "before", thread=root.pk)
    services.follow_thread(actor=ines, room_id=room.pk, root_id=root.pk, following=True)
    assert marks(ines) == {"root": (True, 0)}
    say(mina, room, "after", thread=root.pk)
    assert marks(ines) == {"root": (True, 1)}


def test_reading_a_thread_moves_forward_only(mina, teo, room):
    root = say(teo, room, "root")
    first, second = say(mina, room, "one", thread=root.pk), say(mina, room, "two", thread=root.pk)
    services.set_thread_read(actor=teo, room_id=room.pk, root_id=root.pk, seq=first.seq)
    assert marks(teo) == {"root": (True, 1)}
    services.set_thread_read(actor=teo, room_id=room.pk, root_id=root.pk, seq=10**9)
    assert last_event(teo.topic)["data"]["last_read_seq"] == second.seq
    assert services.set_thread_read(actor=teo, room_id=room.pk, root_id=root.pk, seq=first.seq).seq == 0
    with pytest.raises(Refused, match="invalid"):
        services.set_thread_read(actor=teo, room_id=room.pk, root_id=first.pk, seq=1)


def test_a_reply_costs_one_statement_for_all_who_follow(mina, room):
    crowd = [factories.make_person(f"crowd{number}") for number in range(30)]
    for person in crowd:
        services.invite_person(actor=mina, room_id=room.pk, user_id=person.pk)
    root = say(mina, room, "root")

    def statements(body: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            say(mina, room, body, thread=root.pk)
        return sum("threadfollow" in query["sql"] for query in captured)

    assert statements("nobody") == statements("@room") == 1
    assert ThreadFollow.objects.filter(root=root, following=True).count() == 32


def test_followed_threads_come_with_what_is_unread_first(mina, teo, room):
    read, unread = say(teo, room, "read"), say(teo, room, "unread")
    say(mina, room, "one", thread=unread.pk)
    say(teo, room, "two", thread=read.pk)
    page = selectors.threads_page(actor=teo)
    assert [(one.root.body, one.last.body, one.mark.unread) for one in page.threads] == [
        ("unread", "one", 1),
        ("read", "two", 0),
    ]


# Unread again


def test_teo_marks_a_message_unread(mina, teo, room):
    first, second = say(mina, room, "@teo one"), say(mina, room, "two")
    services.set_read(actor=teo, room_id=room.pk, seq=second.seq)
    services.mark_unread(actor=teo, room_id=room.pk, message_id=first.pk)
    told = last_event(teo.topic)
    assert (told["type"], told["data"]["last_read_seq"]) == ("read.changed", first.seq - 1)
    assert (summary(teo, room).unread, summary(teo, room).mentions) == (2, 1)
    assert services.mark_unread(actor=teo, room_id=room.pk, message_id=second.pk).seq == 0


def test_a_reply_that_stands_in_its_thread_is_unread_there(mina, teo, room):
    root = say(teo, room, "root")
    reply = say(mina, room, "reply", thread=root.pk)
    services.set_thread_read(actor=teo, room_id=room.pk, root_id=root.pk, seq=reply.seq)
    services.set_read(actor=teo, room_id=room.pk, seq=reply.seq)
    services.mark_unread(actor=teo, room_id=room.pk, message_id=reply.pk)
    assert marks(teo) == {"root": (True, 1)}
    assert Membership.objects.get(room=room, user=teo).last_read_seq == reply.seq


# Mentions


def test_mentions_are_listed_unread_ones_apart(mina, teo, room, secret):
    read = say(mina, room, "@teo one")
    services.set_read(actor=teo, room_id=room.pk, seq=read.seq)
    root = say(mina, room, "@room two")
    say(mina, room, "@teo three", thread=root.pk)
    page = selectors.mentions_page(actor=teo)
    assert [(one.message.body, one.unread, one.everyone) for one in page.mentions] == [
        ("@teo three", True, False),
        ("@room two", True, True),
        ("@teo one", False, False),
    ]
    assert page.mentions[0].root.id == root.pk
    unread = selectors.mentions_page(actor=teo, show="unread")
    assert [one.message.body for one in unread.mentions] == ["@teo three", "@room two"]


def test_mentions_in_a_room_that_was_left_are_not_listed(mina, teo, secret):
    say(mina, secret, "@teo whisper")
    services.remove_member(actor=mina, room_id=secret.pk, user_id=teo.pk)
    assert selectors.mentions_page(actor=teo).mentions == []


@pytest.mark.parametrize("address", ["attention/", "mentions/", "mentions/?show=unread", "threads/", "saved/"])
def test_the_page_asks_for_its_own_lists_only(teo, room, client, address):
    assert signed_in(teo).get(f"/api/{address}").status_code == 200
    assert client.get(f"/api/{address}").status_code == 401


def test_lists_refuse_what_they_do_not_know(teo, ines, secret):
    assert signed_in(teo).get("/api/mentions/?show=some").status_code == 400
    assert signed_in(teo).get("/api/saved/?before=x").status_code == 400
    assert signed_in(ines).get(f"/api/rooms/{secret.pk}/pins/").status_code == 404


def test_lists_cost_the_same_however_long_they_are(mina, teo, room, django_assert_max_num_queries):
    root = say(teo, room, "root")
    for number in range(12):
        message = say(mina, room, f"@teo {number}", thread=root.pk)
        services.add_bookmark(actor=teo, room_id=room.pk, message_id=message.pk)
        services.pin_message(actor=teo, room_id=room.pk, message_id=message.pk)
    for page in (selectors.mentions_page, selectors.saved_page, selectors.threads_page, selectors.attention_view):
        with django_assert_max_num_queries(12):
            page(actor=teo)
    with django_assert_max_num_queries(15):
        selectors.pins_page(actor=teo, room_id=room.pk)
