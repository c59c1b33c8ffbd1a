"""What our people wrote there with their own account, and change or take back here, changes there as theirs."""

from __future__ import annotations

import pytest

from chat import services as chat
from chat.models import Message
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import BridgedAccount, BridgeLink, BridgeOutbox, BridgeStep
from integrations.services.bridges import amending, own
from integrations.services.bridges.telling import DELETED
from realtime.protocol import Refused

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def alice(both, teo):
    """Teo is @alice there."""
    return give(both, teo)


def give(both, user, token=""):
    account = RemoteUser(id=both.seed.alice_id, username="alice")
    token = token or both.seed.alice_token
    return own.set_account(actor=user, user=user, server_id=both.server.pk, token=token, account=account)


def edit(both, actor, message, body):
    return chat.edit_message(actor=actor, room_id=both.room.pk, message_id=message.pk, body=body)


def written_there(both, text="written there", **given):
    """A message of Teo's that he wrote there."""
    both.hear(text, "alice", **given)
    both.pump()
    return Message.objects.filter(kind="bridge").latest("seq")


def test_author_changes_here_what_they_wrote_there(both, teo, alice):
    message = written_there(both, "hello @bob :tada:")
    edit(both, teo, message, f"{Message.objects.get(pk=message.pk).body}, better")
    both.pump()
    (post,) = both.posts()
    assert (post.message, post.user_id) == ("hello @bob \U0001f389, better", both.seed.alice_id)
    both.pump()
    both.pump()
    assert len(both.here()) == 1
    assert both.here()[0].endswith(", better")
    assert not BridgeOutbox.objects.exists()


def test_change_there_is_not_sent_back(both, teo, alice, fake):
    written_there(both, "one :tada:")
    fake.edit("alice", both.posts()[0].id, "two :tada:")
    both.pump()
    both.pump()
    assert (both.here(), both.there()) == (["two \U0001f389"], ["two :tada:"])
    assert not BridgeStep.objects.filter(way=BridgeStep.Way.OUT).exists()


def test_changes_on_both_sides_end_equal(both, teo, alice, fake):
    message = written_there(both, "one")
    edit(both, teo, message, "two, here")
    fake.edit("alice", both.posts()[0].id, "two, there")
    both.pump()
    both.pump()
    assert both.here() == both.there()


def test_change_calls_not_everybody_there(both, teo, alice):
    message = written_there(both, "@all look, @carol")
    edit(both, teo, message, Message.objects.get(pk=message.pk).body + " here")
    both.pump()
    assert both.there() == ["@\u200ball look, @carol here"]


def test_long_post_is_changed_as_a_whole(both, teo, alice):
    written_there(both, "\n".join(f"line {number}" for number in range(1500)))
    first, second = Message.objects.filter(kind="bridge").order_by("seq")
    edit(both, teo, second, "the end")
    both.pump()
    both.pump()
    assert both.there() == [f"{first.body}\nthe end"]
    assert both.here() == [first.body, "the end"]


def test_author_without_an_account_there_changes_it_there(both, teo, alice):
    message = written_there(both)
    own.remove_account(actor=teo, account_id=alice.pk)
    with pytest.raises(Refused) as refused:
        edit(both, teo, message, "changed here")
    assert (refused.value.code, refused.value.message) == ("forbidden", amending.ELSEWHERE)
    assert both.here() == both.there() == ["written there"]


def test_author_whose_token_ended_changes_it_there(both, teo, alice):
    message = written_there(both)
    BridgedAccount.objects.update(problem="The server does not accept the token any more.")
    with pytest.raises(Refused):
        edit(both, teo, message, "changed here")


def test_author_changes_nothing_here_where_nothing_is_told(both, teo, alice):
    message = written_there(both)
    BridgeLink.objects.update(direction="in")
    with pytest.raises(Refused):
        edit(both, teo, message, "changed here")


def test_author_changes_it_here_where_the_link_has_ended(both, teo, alice):
    message = written_there(both)
    both.link.delete()
    assert edit(both, teo, message, "changed here").seq


def test_change_that_finds_the_token_ended_waits_for_another(both, teo, alice, fake):
    message = written_there(both)
    fake.revoke(both.seed.alice_token)
    edit(both, teo, message, "changed here")
    both.say(teo, "next")
    both.pump()
    assert both.there() == ["written there", "next"]
    assert BridgeOutbox.objects.get().state == "failed"
    give(both, teo, fake._do(lambda: fake.state.add_token(both.seed.alice_id)).secret)
    both.pump()
    assert both.there() == ["changed here", "next"]
    assert not BridgeOutbox.objects.exists()


def test_author_takes_back_here_what_they_wrote_there(both, teo, alice):
    message = written_there(both)
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=message.pk)
    both.pump()
    assert both.there() == []
    both.pump()
    assert both.here() == []


def test_author_takes_back_a_root_and_the_answers_stay(both, teo, alice):
    message = written_there(both)
    both.hear("an answer", "bob", root_id=both.posts()[0].id)
    both.pump()
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=message.pk)
    both.pump()
    both.pump()
    assert both.there() == [DELETED, "an answer"]
    assert both.here() == ["an answer"]


def test_moderator_who_deletes_it_does_not_speak_as_its_author(both, mina, teo, alice):
    message = written_there(both)
    edit(both, teo, message, "changed here")
    both.pump()
    chat.delete_message(actor=mina, room_id=both.room.pk, message_id=message.pk, reason="Noise")
    both.pump()
    assert (both.here(), both.there()) == ([], ["changed here"])


def test_part_of_a_long_post_that_is_taken_back_leaves_the_post(both, teo, alice):
    written_there(both, "\n".join(f"line {number}" for number in range(1500)))
    first, second = Message.objects.filter(kind="bridge").order_by("seq")
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=first.pk)
    both.pump()
    both.pump()
    assert both.here() == [second.body]
    assert len(both.there()) == 1
