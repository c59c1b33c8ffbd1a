"""Sending, editing, reacting: rows and events, idempotence, limits, counts of queries."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Sanction
from chat import selectors, services
from chat.models import Beside, Mention, Message, MessageRevision
from chat.services.messages import EDITS_MOST
from chat.shapes import BesideView
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head, last_event, topic_of
from tests.factories import say
from tests.law import plain

pytestmark = pytest.mark.stack


def send(actor, room, body="Hello", **given):
    given.setdefault("cid", uuid.uuid4())
    return services.send_message(actor=actor, room_id=room.pk, body=body, **given)


def refusal(call, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_member_says_something_and_the_room_is_told(mina, room):
    cid = uuid.uuid4()
    before = head(topic_of(room))
    done = send(mina, room, "Hello *there*", cid=cid)
    assert (done.seq, done.duplicate) == (before + 1, False)
    message = Message.objects.get(pk=done.id)
    assert (message.body, message.html) == ("Hello *there*", "<p>Hello <em>there</em></p>\n")
    told = last_event(topic_of(room))
    assert (told["type"], told["seq"]) == ("message.created", done.seq)
    assert told["data"]["message"]["cid"] == str(cid)
    assert told["data"]["person"]["display_name"] == "Mina Okafor"
    assert "email" not in str(told)


def test_a_message_remembers_what_its_author_had_open(mina, teo, room):
    beside = BesideView(topic="document:7", seq=391, start=40, end=80)
    done = send(mina, room, "Is this loop right?", beside=beside)
    assert last_event(topic_of(room))["data"]["message"]["beside"] == plain(beside)
    shown = selectors.room_snapshot(actor=teo, room_id=room.pk).messages[-1]
    assert (shown.id, shown.beside) == (done.id, beside)


def test_a_repeat_keeps_what_was_open_at_first(mina, room):
    cid, first = uuid.uuid4(), BesideView(topic="document:7", seq=391)
    send(mina, room, cid=cid, beside=first)
    assert send(mina, room, cid=cid, beside=BesideView(topic="document:7", seq=400)).duplicate
    assert [(row.topic, row.seq) for row in Beside.objects.all()] == [("document:7", 391)]


@pytest.mark.parametrize("span", [(1, None), (None, 1), (5, 5), (6, 5)])
def test_half_a_range_or_an_empty_one_is_refused(mina, room, span):
    beside = BesideView(topic="document:7", seq=3, start=span[0], end=span[1])
    refused = refusal(send, mina, room, beside=beside)
    assert (refused.code, refused.field) == ("invalid", "beside")


def test_a_message_costs_a_fixed_number_of_queries(mina, room):
    send(mina, room)
    with CaptureQueriesContext(
        connection,
    ) as plain:
        send(mina, room, "nothing special")
    # savepoint, seq, membership with room, person and mutes, message, search entry and its words, event, release
    cost = 8 if connection.vendor == "sqlite" else 7
    assert len(plain) == cost, [query["sql"][:80] for query in plain]
    for _ in range(30):
        send(mina, room)
    with CaptureQueriesContext(connection) as later:
        send(mina, room, "nothing special either")
    assert len(later) == cost


def test_the_same_cid_again_is_answered_with_the_first_result(mina, room):
    cid = uuid.uuid4()
    first = send(mina, room, cid=cid)
    again = send(mina, room, cid=cid)
    assert (again.id, again.seq, again.duplicate) == (first.id, first.seq, True)
    assert head(topic_of(room)) == first.seq
    assert Message.objects.filter(cid=cid).count() == 1


def test_the_same_cid_with_other_content_is_a_conflict(mina, room, secret):
    cid = uuid.uuid4()
    root = say(mina, room)
    send(mina, room, "one", cid=cid)
    assert refusal(send, mina, room, "two", cid=cid).code == "conflict"
    assert refusal(send, mina, secret, "one", cid=cid).code == "conflict"
    assert refusal(send, mina, room, "one", cid=cid, thread=root.pk).code == "conflict"
    assert refusal(send, mina, room, "one", cid=cid, reply_to=root.pk).code == "conflict"


def test_two_people_may_use_the_same_cid(mina, teo, room):
    cid = uuid.uuid4()
    assert send(mina, room, cid=cid).id != send(teo, room, cid=cid).id


def test_a_repeat_after_an_edit_a_deletion_or_a_closed_room_is_still_a_duplicate(mina, teo, room):
    cid, gone = uuid.uuid4(), uuid.uuid4()
    first, second = send(teo, room, "one", cid=cid), send(teo, room, "two", cid=gone)
    services.edit_message(actor=teo, room_id=room.pk, message_id=first.id, body="changed")
    services.delete_message(actor=teo, room_id=room.pk, message_id=second.id)
    factories.change(mina, room, slow_mode_seconds=60, read_only=True)
    assert send(teo, room, "one", cid=cid).duplicate
    assert send(teo, room, "two", cid=gone).duplicate
    services.remove_member(actor=mina, room_id=room.pk, user_id=teo.pk)
    assert send(teo, room, "one", cid=cid).duplicate


@pytest.mark.django_db(transaction=True)
def test_the_same_cid_three_times_at_once_is_one_message(mina, room):
    cid, results, start = uuid.uuid4(), [], threading.Barrier(3)

    def run():
        try:
            start.wait()
            results.append(send(mina, room, cid=cid))
        finally:
            connection.close()

    before = head(topic_of(room))
    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({done.id for done in results}) == 1
    assert sorted(done.duplicate for done in results) == [False, True, True]
    assert head(topic_of(room)) == before + 1


@pytest.mark.parametrize(
    ("body", "code"), [("", "invalid"), ("a\x00", "invalid"), ("\ud800", "invalid"), ("x" * 8001, "too_large")]
)
def test_a_bad_body_is_refused_and_takes_no_seq(mina, room, body, code):
    before = head(topic_of(room))
    refused = refusal(send, mina, room, body)
    assert (refused.code, refused.field) == (code, "body")
    assert head(topic_of(room)) == before


def test_a_room_of_others_and_no_room_at_all_look_the_same(ines, secret):
    hidden, absent = (
        refusal(send, ines, secret),
        refusal(services.send_message, actor=ines, room_id=10**9, cid=uuid.uuid4(), body="x"),
    )
    assert (hidden.code, hidden.message) == (absent.code, absent.message) == ("not_found", absent.message)
    assert head(f"room:{10**9}") == 0


def test_somebody_outside_a_public_room_is_no_member(ines, room):
    assert refusal(send, ines, room).code == "not_member"


def test_a_read_only_room_takes_messages_of_owners_and_moderators(mina, teo, room):
    factories.change(mina, room, read_only=True)
    assert refusal(send, teo, room).code == "read_only"
    assert send(mina, room).seq
    factories.give_role(room, teo, "moderator")
    assert send(teo, room).seq


def test_an_archived_room_takes_no_message_at_all(mina, room):
    factories.change(mina, room, archived=True)
    assert refusal(send, mina, room).code == "read_only"


def test_slow_mode_says_how_long_to_wait_and_spares_moderators(mina, teo, room):
    factories.change(mina, room, slow_mode_seconds=30)
    send(teo, room)
    refused = refusal(send, teo, room)
    assert refused.code == "slow_mode"
    assert 25 < (refused.retry_after or 0) <= 30
    send(mina, room)
    send(mina, room)
    Message.objects.filter(author=teo).update(created_at=timezone.now() - timedelta(seconds=31))
    assert send(teo, room).seq


def muted(user, room=None, minutes=5):
    until = timezone.now() + timedelta(minutes=minutes)
    Sanction.objects.create(user=user, kind="mute", reason="loud", room_id=room.pk if room else None, until=until)


def test_somebody_muted_in_the_room_does_not_write_until_it_is_over(teo, room):
    muted(teo, room)
    refused = refusal(send, teo, room)
    assert refused.code == "muted"
    assert 290 < (refused.retry_after or 0) <= 300
    Sanction.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert send(teo, room).seq


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_sanction_mutes_everywhere_or_in_its_room(mina, teo, room, secret, everywhere):
    Sanction.objects.create(
        user=teo, kind="mute", reason="loud", created_by=mina, room_id=None if everywhere else room.pk
    )
    refused = refusal(send, teo, room)
    assert (refused.code, refused.retry_after) == ("muted", None)
    if everywhere:
        assert refusal(send, teo, secret).code == "muted"
    else:
        assert send(teo, secret).seq
    Sanction.objects.update(lifted_at=timezone.now())
    assert send(teo, room).seq


def test_a_mention_reaches_members_only_and_never_its_author(mina, teo, ines, room):
    message = say(mina, room, "@teo @ines @mina @nobody `@teo`")
    assert list(Mention.objects.values_list("user", "seq")) == [(teo.pk, message.seq)]
    assert f'<span class="at" data-user="{teo.pk}">@teo</span> @ines' in message.html
    assert f'<span class="at" data-user="{mina.pk}">@mina</span>' in message.html
    assert last_event(topic_of(room))["data"]["message"]["mentions"] == [teo.pk]


def test_a_small_room_is_addressed_whole_by_everybody(mina, teo, room):
    say(teo, room, "@room lunch")
    assert list(Mention.objects.values_list("user", flat=True)) == [mina.pk]


def test_a_large_room_is_addressed_whole_by_moderators_only(mina, teo, room):
    for _ in range(19):
        services.join_room(actor=factories.make_person(), room_id=room.pk)
    assert "data-room" not in say(teo, room, "@room lunch").html
    assert Mention.objects.count() == 0
    assert "data-room" in say(mina, room, "@room lunch").html
    assert Mention.objects.count() == 20


def test_a_reply_stays_in_its_thread_and_sums_it_up(mina, teo, room):
    root = say(mina, room, "root")
    say(teo, room, "one", thread=root.pk)
    say(mina, room, "two", thread=root.pk, also_in_room=True)
    told = last_event(topic_of(room))["data"]
    assert (told["thread"]["replies"], told["thread"]["people"]) == (2, [mina.pk, teo.pk])
    assert (told["message"]["thread_root"], told["message"]["also_in_room"]) == (str(root.pk), True)
    assert not say(mina, room, "no thread", also_in_room=True).also_in_room


def test_a_thread_hangs_on_a_message_of_the_same_room_that_is_no_reply(mina, room, secret):
    root, elsewhere = say(mina, room), say(mina, secret)
    reply = say(mina, room, thread=root.pk)
    system = Message.objects.filter(room=room, kind="system").first()
    assert system is not None
    assert refusal(send, mina, room, thread=reply.pk).code == "invalid"
    assert refusal(send, mina, room, thread=system.pk).code == "invalid"
    assert refusal(send, mina, room, thread=elsewhere.pk).code == "not_found"
    assert refusal(send, mina, room, reply_to=elsewhere.pk).code == "not_found"
    assert refusal(send, mina, room, reply_to=factories.nobody()).code == "not_found"


def test_a_quote_carries_the_beginning_of_what_it_answers(mina, teo, room):
    first = say(mina, room, "a\n\n" + "b" * 200)
    say(teo, room, "yes", reply_to=first.pk)
    quote = last_event(topic_of(room))["data"]["message"]["reply_to"]
    assert quote == {
        "id": str(first.pk),
        "seq": first.seq,
        "author": mina.pk,
        "excerpt": "a " + "b" * 138,
        "deleted": False,
        "kind": "user",
    }


def test_an_author_changes_a_text_and_the_old_one_is_kept(mina, teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    message = say(mina, room, "hi @teo")
    done = services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="hi @ines")
    message.refresh_from_db()
    assert message.body == "hi @ines"
    assert message.edited_at
    revision = MessageRevision.objects.get()
    assert (revision.seq, revision.body) == (done.seq, "hi @teo")
    assert list(message.mentions.values_list("user", "seq")) == [(ines.pk, message.seq)]
    data = last_event(topic_of(room))["data"]
    assert (data["mentions"], data["mentioned_before"], data["message_seq"]) == ([ines.pk], [teo.pk], message.seq)


def test_the_same_text_again_changes_nothing(mina, room):
    message = say(mina, room, "same")
    before = head(topic_of(room))
    assert services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="same").seq == 0
    assert head(topic_of(room)) == before
    assert len(events(topic_of(room))) == before


def test_only_the_author_changes_a_message_that_is_still_there(mina, teo, room):
    message = say(teo, room)
    edit = {"room_id": room.pk, "message_id": message.pk, "body": "x"}
    assert refusal(services.edit_message, actor=mina, **edit).code == "forbidden"
    services.delete_message(actor=teo, room_id=room.pk, message_id=message.pk)
    assert refusal(services.edit_message, actor=teo, **edit).code == "gone"
    system = Message.objects.filter(room=room, kind="system").first()
    assert system is not None
    assert refusal(services.edit_message, actor=mina, **edit | {"message_id": system.pk}).code == "forbidden"


def test_somebody_muted_does_not_speak_through_an_edit(mina, teo, room):
    message = say(teo, room)
    edit = {"actor": teo, "room_id": room.pk, "message_id": message.pk, "body": "x"}
    muted(teo)
    assert refusal(services.edit_message, **edit).code == "muted"
    Sanction.objects.update(lifted_at=timezone.now())
    factories.change(mina, room, read_only=True)
    assert refusal(services.edit_message, **edit).code == "read_only"


def test_a_message_is_changed_a_bounded_number_of_times(mina, room):
    message = say(mina, room, "At first")
    old = {"message": message, "body": "Old", "replaced_at": timezone.now()}
    MessageRevision.objects.bulk_create(MessageRevision(seq=1_000 + n, **old) for n in range(EDITS_MOST - 1))
    where = {"actor": mina, "room_id": room.pk, "message_id": message.pk}
    assert services.edit_message(**where, body="At last").seq
    assert refusal(services.edit_message, **where, body="Once more").code == "too_large"
    assert services.edit_message(**where, body="At last").seq == 0


def test_a_reaction_is_added_once_and_taken_back_once(mina, teo, room):
    message = say(mina, room)
    react = {"actor": teo, "room_id": room.pk, "message_id": message.pk, "emoji": "👍🏽"}
    assert services.add_reaction(**react).seq == head(topic_of(room))
    assert services.add_reaction(**react).seq == 0
    assert services.remove_reaction(**react).seq == head(topic_of(room))
    assert services.remove_reaction(**react).seq == 0
    kinds = [event["type"] for event in events(topic_of(room), message.seq)]
    assert kinds == ["reaction.added", "reaction.removed"]


def test_a_reaction_needs_one_emoji_a_member_and_a_message(mina, ines, room, secret):
    message = say(mina, room)
    react = {"room_id": room.pk, "message_id": message.pk, "emoji": "👍"}
    assert refusal(services.add_reaction, actor=mina, **react | {"emoji": "no"}).field == "emoji"
    assert refusal(services.add_reaction, actor=ines, **react).code == "not_member"
    assert refusal(services.add_reaction, actor=mina, **react | {"message_id": factories.nobody()}).code == "not_found"
    assert refusal(services.add_reaction, actor=ines, **react | {"room_id": secret.pk}).code == "not_found"
    services.delete_message(actor=mina, room_id=room.pk, message_id=message.pk)
    assert refusal(services.add_reaction, actor=mina, **react).code == "gone"


def test_a_message_takes_a_bounded_number_of_different_reactions(mina, room):
    message = say(mina, room)
    faces = [chr(0x1F600 + number) for number in range(31)]
    for face in faces[:30]:
        services.add_reaction(actor=mina, room_id=room.pk, message_id=message.pk, emoji=face)
    refused = refusal(services.add_reaction, actor=mina, room_id=room.pk, message_id=message.pk, emoji=faces[30])
    assert (refused.code, refused.field) == ("too_large", "emoji")
