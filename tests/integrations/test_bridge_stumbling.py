"""What the bridge stumbles over is told and stands in nobody's way; what a room cannot take is said."""

from __future__ import annotations

import unicodedata

import pytest

from accounts.models import User
from chat import services as chat
from chat.models import Message
from integrations.mattermost import mapping
from integrations.models import BridgedPost, BridgeInbox, MattermostServer
from integrations.services.bridges import arriving, setup
from tests import factories
from tests.integrations.bridging import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
STUMBLES = pytest.mark.allow_logged_errors("what it stumbles over is recorded")
TWO_LETTERS = "\u0958"
"""One sign that becomes two in NFC."""
HINDI = "\u0939\u093f\u0928\u094d\u0926\u0940"


def poison(both):
    """A post of our account with a good mark of a message whose id is none."""
    row = MattermostServer.objects.get()
    marker = mapping.Marker(instance=row.instance, message="no message")
    secret = setup.vault.unseal(row.secret).encode()
    mark = mapping.sign(marker, channel_id=both.seed.channel_id, secret=secret)
    return both.hear("poison", "bridgebot", props={mapping.PROP: mark})


@STUMBLES
def test_post_that_cannot_be_applied_keeps_nothing_back_while_both_talk(both, teo):
    with both.running():
        wait_until(both.listening)
        both.hear("before")
        post = poison(both)
        both.hear("after")
        wait_until(lambda: both.here() == ["before", "after"])
        both.say(teo, "ours")
        wait_until(lambda: both.there()[-1] == "ours")
        wait_until(lambda: not BridgeInbox.objects.exists())
    assert both.remade().notice.startswith(f"The post {post.id} failed: the log of the site has it as incident ")
    assert both.state() == ("active", "")


@STUMBLES
def test_post_that_cannot_be_applied_keeps_nothing_back_that_was_missed(both):
    both.hear("before")
    post = poison(both)
    both.hear("after")
    both.pump()
    assert both.here() == ["before", "after"]
    assert post.id in both.remade().notice


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param(TWO_LETTERS * 60, unicodedata.normalize("NFC", TWO_LETTERS) * 30, id="grows-in-nfc"),
        pytest.param(
            "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940", id="signs-at-letters"
        ),
        pytest.param("A\u202eB\x00 <b>", "A B b", id="what-nobody-sees"),
    ],
)
def test_name_there_is_one_that_can_be_shown_here(both, fake, given, shown):
    fake.state.users[both.seed.alice_id].nickname = given
    both.hear("hello")
    both.pump()
    assert both.here() == ["hello"]
    assert Message.objects.get(kind="bridge").author.display_name == shown


def test_deletion_that_the_room_refuses_is_said_on_the_link(both, mina):
    post = both.hear("moved away")
    both.pump()
    elsewhere = factories.make_room(mina, name="Elsewhere")
    row = BridgedPost.objects.get()
    message = factories.say(mina, elsewhere, "not theirs to delete")
    Message.objects.filter(pk=message.pk).update(author=User.objects.get(kind="bridge"))
    BridgedPost.objects.filter(pk=row.pk).update(local_id=message.pk)
    both.fake.delete("alice", post.id)
    both.hear("next")
    both.pump()
    assert both.here()[-1] == "next"
    assert both.remade().notice.startswith("A deletion was not taken over:")


def test_reactions_to_our_words_while_nobody_listened_are_caught_up(both, teo, mina):
    message = both.say(teo, "ours")
    both.pump()
    (post,) = both.posts()
    both.fake.react("alice", post.id, "tada")
    both.fake.react("bob", post.id, "tada")
    both.pump()
    assert [emoji for _, emoji in both.reactions_here()] == ["🎉", "🎉"]
    both.fake.unreact("bob", post.id, "tada")
    chat.add_reaction(actor=mina, room_id=both.room.pk, message_id=message.pk, emoji="🎉")
    both.pump()
    assert [emoji for _, emoji in both.reactions_here()] == ["🎉", "🎉"]
    assert both.posts()[0].reactions.keys() == {(both.seed.bot_id, "tada"), (both.seed.alice_id, "tada")}


def test_files_that_change_there_are_said_on_the_link(both, fake):
    fake.set(version="10.5.0")
    first, second = (fake.attach("alice", both.seed.channel_id, name, b"data") for name in ("one.txt", "two.txt"))
    post = both.hear("look", file_ids=[first])
    both.pump()
    fake.edit("alice", post.id, "look, better", file_ids=[first])
    both.pump()
    assert (both.here(), both.remade().notice) == (["look, better"], "")
    fake.edit("alice", post.id, "look, other files", file_ids=[second])
    both.pump()
    assert both.here() == ["look, other files"]
    assert both.remade().notice == arriving.OTHER_FILES
    assert list(Message.objects.get(kind="bridge").attachments.values_list("name", flat=True)) == ["one.txt"]


def test_posts_that_are_caught_up_late_are_said_on_the_link(both, fake):
    post = both.hear("an hour ago")
    post.create_at -= 3_600_000
    both.hear("just now")
    both.pump()
    assert both.here() == ["an hour ago", "just now"]
    assert both.remade().notice == arriving.LATE
