"""Somebody of ours has an account of their own on the other side: there they speak for themselves, and here too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from chat import services as chat
from chat.models import Message, Reaction
from integrations.mattermost.wire import User as RemoteUser
from integrations.models import (
    BridgedAccount,
    BridgedPerson,
    BridgedPost,
    BridgedReaction,
    BridgeLink,
    BridgeOutbox,
)
from integrations.services.bridges import own
from realtime.protocol import Refused
from tests import factories
from tests.chat.uploading import stored
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def both(fake, room, mina, db):
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    return Bridged(fake, room, boss)


def give(both, user, name="alice", actor=None, token=""):
    remote_id = getattr(both.seed, f"{name}_id")
    return own.set_account(
        actor=actor or user,
        user=user,
        server_id=both.server.pk,
        token=token or getattr(both.seed, f"{name}_token"),
        account=RemoteUser(id=remote_id, username=name),
    )


@pytest.fixture
def alice(both, teo):
    """Teo is @alice there."""
    return give(both, teo)


# From here to there


def test_person_posts_edits_and_deletes_as_themselves(both, teo, alice):
    first, second = both.say(teo, "one"), both.say(teo, "two")
    both.pump()
    assert [(post.user_id, post.message) for post in both.posts()] == [
        (both.seed.alice_id, "one"),
        (both.seed.alice_id, "two"),
    ]
    assert "override_username" not in both.posts()[0].props
    chat.edit_message(actor=teo, room_id=both.room.pk, message_id=first.pk, body="one, better")
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=second.pk)
    both.pump()
    both.pump()
    assert (both.there(), both.here()) == (["one, better"], ["one, better"])
    assert set(BridgedPost.objects.values_list("account", flat=True)) == {both.seed.alice_id}


def test_others_still_go_by_the_account_of_the_bridge(both, teo, mina, alice, fake):
    fake.set(overrides=False)
    both.say(teo, "mine")
    both.say(mina, "hers")
    both.pump()
    assert [(post.user_id, post.message) for post in both.posts()] == [
        (both.seed.alice_id, "mine"),
        (both.seed.bot_id, "**Mina Okafor**: hers"),
    ]


def test_person_sends_a_file_as_themselves(both, teo, alice):
    file = stored(teo, both.room, b"the plan", "plan.txt")
    both.say(teo, "see", attachments=[file.id])
    both.pump()
    (post,) = both.posts()
    assert (post.user_id, len(post.file_ids)) == (both.seed.alice_id, 1)


def test_reaction_of_somebody_with_an_account_is_their_own(both, teo, mina, alice):
    message = both.say(mina)
    for who in (teo, mina):
        chat.add_reaction(actor=who, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert both.posts()[0].reactions.keys() == {(both.seed.bot_id, "+1"), (both.seed.alice_id, "+1")}
    chat.remove_reaction(actor=mina, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert both.posts()[0].reactions.keys() == {(both.seed.alice_id, "+1")}
    chat.remove_reaction(actor=teo, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    both.pump()
    assert not both.posts()[0].reactions
    assert not Reaction.objects.exists()
    assert not BridgedReaction.objects.exists()


def test_reaction_that_was_put_there_is_taken_back_here(both, teo, mina, fake, alice):
    message = both.say(mina)
    both.pump()
    fake.react("alice", both.posts()[0].id, "thumbsup")
    both.pump()
    assert both.reactions_here() == [("Teo Lindqvist", "👍")]
    both.pump()
    assert both.posts()[0].reactions.keys() == {(both.seed.alice_id, "thumbsup")}
    chat.remove_reaction(actor=teo, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert not both.posts()[0].reactions


def test_person_outside_a_public_channel_comes_in(both, teo, alice, fake):
    fake.remove_member(both.seed.channel_id, "alice")
    both.say(teo)
    both.pump()
    assert [post.user_id for post in both.posts() if post.message == "Hello"] == [both.seed.alice_id]


# From there to here


def test_what_somebody_writes_there_is_said_here_by_them(both, teo, alice, fake):
    post = both.hear("written there", "alice")
    both.pump()
    said = Message.objects.get(body="written there")
    assert (said.author, said.kind) == (teo, "bridge")
    fake.edit("alice", post.id, "changed there")
    fake.react("alice", post.id, "tada")
    both.pump()
    assert both.here() == ["changed there"]
    assert both.reactions_here() == [("Teo Lindqvist", "🎉")]
    fake.delete("alice", post.id)
    both.pump()
    assert both.here() == []
    both.pump()
    assert both.there() == []


def test_earlier_words_of_a_guest_stay_theirs_and_still_change(both, teo, fake):
    post = both.hear("as a guest", "alice")
    both.pump()
    guest = Message.objects.get(body="as a guest").author
    give(both, teo)
    fake.edit("alice", post.id, "as a guest, better")
    both.hear("as one of you", "alice")
    both.pump()
    assert list(Message.objects.filter(kind="bridge").order_by("seq").values_list("body", "author__username")) == [
        ("as a guest, better", guest.username),
        ("as one of you", "teo"),
    ]
    fake.delete("alice", post.id)
    both.pump()
    assert both.here() == ["as one of you"]


def test_mark_of_another_message_makes_nobody_silent(both, teo, mina, alice):
    both.say(mina, "hers")
    both.pump()
    copied = both.posts()[0].props["collab"]
    both.hear("with a copied mark", "alice", props={"collab": copied})
    both.pump()
    assert both.here() == ["hers", "with a copied mark"]
    assert both.there() == ["hers", "with a copied mark"]


def test_echo_that_comes_before_the_answer_is_no_message(both, teo, alice, fake):
    fake.lose_next_response("/posts")
    both.say(teo, "once")
    both.pump()
    both.pump()
    BridgeOutbox.objects.update(first_at=timezone.now() - timedelta(minutes=2))
    both.pump()
    assert (both.here(), both.there()) == (["once"], ["once"])
    assert not BridgeOutbox.objects.exists()


# Tokens that end


def test_token_that_is_believed_no_more_leaves_it_to_the_bridge(both, teo, alice, fake):
    fake.revoke(both.seed.alice_token)
    both.say(teo)
    both.pump()
    (post,) = both.posts()
    assert (post.user_id, post.props["override_username"]) == (both.seed.bot_id, "Teo Lindqvist")
    assert "does not accept the token" in BridgedAccount.objects.get().problem
    assert BridgeLink.objects.get().notice.startswith("@alice is spoken for by the bridge's account")
    assert both.state() == ("active", "")


def test_unknown_outcome_before_the_token_ended_is_not_said_twice(both, teo, alice, fake):
    fake.lose_next_response("/posts")
    both.say(teo, "once")
    both.pump()
    fake.revoke(both.seed.alice_token)
    BridgedPost.objects.all().delete()
    both.pump()
    assert both.there() == ["once"]
    assert both.here() == ["once"]


def test_edit_that_needs_the_lost_token_waits_for_another(both, teo, alice, fake):
    first = both.say(teo, "one")
    both.pump()
    fake.revoke(both.seed.alice_token)
    chat.edit_message(actor=teo, room_id=both.room.pk, message_id=first.pk, body="one, better")
    both.say(teo, "two")
    both.pump()
    assert both.there() == ["one", "two"]
    assert BridgeOutbox.objects.get().state == BridgeOutbox.State.FAILED
    give(both, teo, token=fake._do(lambda: fake.state.add_token(both.seed.alice_id)).secret)
    both.pump()
    assert both.there() == ["one, better", "two"]
    assert not BridgeOutbox.objects.exists()


def test_reaction_of_somebody_without_a_good_token_is_put_by_the_bridge(both, teo, mina, alice, fake):
    message = both.say(mina)
    fake.revoke(both.seed.alice_token)
    chat.add_reaction(actor=teo, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert both.posts()[0].reactions.keys() == {(both.seed.bot_id, "+1")}


def test_person_who_takes_the_token_away_is_a_guest_there(both, teo, alice, fake):
    both.hear("as one of you", "alice")
    both.pump()
    own.remove_account(actor=teo, account_id=alice.pk)
    both.say(teo, "from here")
    both.hear("as a guest", "alice")
    both.pump()
    assert Message.objects.get(body="as a guest").author.kind == "bridge"
    assert Message.objects.get(body="as one of you").author == teo
    assert {post.message: post.user_id for post in both.posts()}["from here"] == both.seed.bot_id
    give(both, teo)
    own.remove_account(actor=teo, account_id=BridgedAccount.objects.get().pk)
    both.hear("again", "alice")
    both.pump()
    assert Message.objects.get(body="again").author == Message.objects.get(body="as a guest").author


# Who may


def test_nobody_takes_the_account_of_the_bridge_or_of_somebody_else(both, teo, mina, alice):
    both.pump()
    with pytest.raises(Refused, match="somebody else"):
        give(both, mina)
    with pytest.raises(Refused, match="bridge's own"):
        own.set_account(
            actor=mina,
            user=mina,
            server_id=both.server.pk,
            token="x",
            account=RemoteUser(id=both.seed.bot_id, username="bridgebot"),
        )
    with pytest.raises(Refused):
        give(both, teo, actor=mina)
    with pytest.raises(Refused):
        own.remove_account(actor=mina, account_id=alice.pk)
    assert BridgedAccount.objects.get().user == teo


def test_staff_gives_a_token_for_somebody_and_it_is_written_down(both, teo):
    made = give(both, teo, actor=both.boss)
    assert both.seed.alice_token not in made.token
    entry = AuditEntry.objects.get(action="bridge.account")
    assert (entry.actor, entry.target, entry.detail["account"]) == (both.boss, teo.topic, "alice")


def test_person_who_changes_the_account_leaves_the_old_one(both, teo, alice):
    give(both, teo, "bob")
    assert BridgedAccount.objects.get().username == "bob"
    both.hear("whoever this is", "alice")
    both.hear("me", "bob")
    both.pump()
    authors = dict(Message.objects.filter(kind="bridge").values_list("body", "author__kind"))
    assert authors == {"whoever this is": "bridge", "me": "human"}
    assert BridgedPerson.objects.filter(user=teo).count() == 1
