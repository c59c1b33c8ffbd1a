"""A room and a channel of the imitated server are one conversation: what one side does, the other has once."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils import timezone
from PIL import Image

from chat import services as chat
from chat.models import Message
from integrations.models import BridgedPost, BridgeLink, BridgeOutbox, MattermostServer
from integrations.services.bridges import setup
from realtime.renewal import renew_topic
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


# From here to there


def test_message_is_one_post_with_the_name_of_its_author(both, teo):
    both.say(teo, "Hello **there** 👍")
    both.pump()
    both.pump()
    (post,) = both.posts()
    assert (post.message, post.props["override_username"]) == ("Hello **there** 👍", "Teo Lindqvist")
    assert both.here() == ["Hello **there** 👍"]
    assert BridgeOutbox.objects.count() == 0


def test_name_goes_into_the_text_where_the_server_renames_nobody(both, teo, fake):
    fake.set(overrides=False)
    both.say(teo)
    both.pump()
    assert both.there() == ["**Teo Lindqvist**: Hello"]


def test_edits_and_deletions_go_over(both, teo):
    first, second = both.say(teo, "one"), both.say(teo, "two")
    both.pump()
    chat.edit_message(actor=teo, room_id=both.room.pk, message_id=first.pk, body="one, better")
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=second.pk)
    both.pump()
    assert both.there() == ["one, better"]
    assert both.here() == ["one, better"]


def test_reaction_of_several_people_is_one_until_the_last_takes_it_back(both, teo, mina):
    message = both.say(teo)
    for who in (teo, mina):
        chat.add_reaction(actor=who, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert both.posts()[0].reactions.keys() == {(both.seed.bot_id, "+1")}
    chat.remove_reaction(actor=teo, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert both.posts()[0].reactions.keys() == {(both.seed.bot_id, "+1")}
    chat.remove_reaction(actor=mina, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    both.pump()
    assert not both.posts()[0].reactions
    assert len(both.reactions_here()) == 0


def test_scenario_9_reply_to_a_reply_stands_under_the_root(both, teo, mina):
    root = both.hear("the root")
    both.hear("their reply", root_id=root.id)
    both.pump()
    replied = Message.objects.get(body="their reply")
    assert replied.thread_root.body == "the root"
    both.say(teo, "our reply", thread=replied.thread_root_id)
    both.pump()
    assert [(post.message, post.root_id) for post in both.posts()][-1] == ("our reply", root.id)


def test_root_with_replies_of_others_is_emptied_not_deleted(both, teo):
    root = both.say(teo, "the root")
    both.pump()
    both.hear("their reply", root_id=both.posts()[0].id)
    both.pump()
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=root.pk)
    both.pump()
    assert both.there() == ["*This message was deleted.*", "their reply"]
    assert both.here() == ["their reply"]


def test_room_is_not_called_for_everybody_unless_the_link_says_so(both, mina):
    both.say(mina, "@room look")
    both.pump()
    assert both.there() == ["@\u200broom look"]
    BridgeLink.objects.update(everybody=True)
    both.say(mina, "@room now")
    both.pump()
    assert both.there()[-1] == "@channel now"


def test_people_there_are_called_by_their_name_there(both, teo):
    both.hear("hi", "alice")
    both.pump()
    both.say(teo, "thanks @alice and `@alice`")
    both.pump()
    assert both.there()[-1] == "thanks @alice and `@alice`"


def test_lines_of_the_system_are_not_told(both, ines):
    chat.join_room(actor=ines, room_id=both.room.pk)
    both.pump()
    assert both.there() == []


def test_link_that_only_takes_tells_nothing(both, teo):
    BridgeLink.objects.update(direction="in")
    both.say(teo)
    both.hear("theirs")
    both.pump()
    assert both.there() == ["theirs"]
    assert both.here() == ["Hello", "theirs"]


def test_link_that_only_tells_takes_nothing(both, teo):
    BridgeLink.objects.update(direction="out")
    both.say(teo)
    both.hear("theirs")
    both.pump()
    assert both.here() == ["Hello"]


# From there to here


def test_post_is_a_message_of_somebody_who_is_no_member(both):
    both.hear("Hello :tada:")
    both.pump()
    both.pump()
    message = Message.objects.get(room=both.room, kind="bridge")
    assert (message.body, message.author.kind, message.author.is_active) == ("Hello 🎉", "bridge", False)
    assert message.author.username.startswith("alice-mm-")
    assert not both.room.memberships.filter(user=message.author).exists()
    assert both.there() == ["Hello :tada:"]


def test_scenario_6_what_happened_while_nobody_listened_is_caught_up(both, teo):
    posts = [both.hear(f"post {number}") for number in range(6)]
    root = both.hear("root")
    for number in range(4):
        both.hear(f"reply {number}", "bob", root_id=root.id)
    both.pump()
    assert len(both.here()) == 11
    for number in range(3):
        both.fake.edit("alice", posts[number].id, f"edited {number}")
    both.fake.delete("alice", posts[5].id)
    both.fake.delete("alice", root.id)
    for name in ("tada", "+1", "heart", "smile", "fire"):
        both.fake.react("bob", posts[0].id, name)
    for name in ("tada", "fire"):
        both.fake.unreact("bob", posts[0].id, name)
    both.hear("new")
    both.pump()
    assert both.here() == ["edited 0", "edited 1", "edited 2", "post 3", "post 4", "new"]
    assert [emoji for _, emoji in both.reactions_here()] == sorted(["👍", "❤️", "😄"])


def test_scenario_7_pin_same_text_and_reaction_are_no_edit(both):
    post = both.hear("as it is")
    both.pump()
    both.fake.pin("alice", post.id)
    both.fake.edit("alice", post.id, "as it is")
    both.fake.react("bob", post.id, "+1")
    both.pump()
    message = Message.objects.get(kind="bridge")
    assert (message.body, message.edited_at) == ("as it is", None)


def test_two_names_of_one_picture_are_one_reaction(both):
    post = both.hear("look")
    both.fake.react("bob", post.id, "+1")
    both.fake.react("bob", post.id, "thumbsup")
    both.pump()
    assert len(both.reactions_here()) == 1
    both.fake.unreact("bob", post.id, "+1")
    both.pump()
    assert len(both.reactions_here()) == 1
    both.fake.unreact("bob", post.id, "thumbsup")
    both.pump()
    assert both.reactions_here() == []


def test_scenario_15_forged_marks_are_posts_of_who_wrote_them(both, teo):
    both.say(teo, "ours")
    both.pump()
    props = both.posts()[0].props
    both.hear("not ours", props=dict(props))
    both.hear("nor this", "bob", props={"from_webhook": "true", "override_username": "Teo Lindqvist"})
    both.pump()
    told = Message.objects.filter(kind="bridge").order_by("seq").values_list("body", "author__username")
    assert [(body, name.partition("-")[0]) for body, name in told] == [("not ours", "alice"), ("nor this", "bob")]
    assert len(both.there()) == 3


def test_scenario_16_everybody_there_does_not_call_everybody_here(both, teo):
    both.hear("@all @channel @here @room look, @teo")
    both.pump()
    message = Message.objects.get(kind="bridge")
    assert list(message.mentions.values_list("user__username", flat=True)) == ["teo"]


def test_scenario_19_attachments_are_a_card_that_can_be_read(both):
    attachments = [{"title": "Build 7", "text": "failed", "fields": [{"title": "Branch", "value": "main"}]}]
    both.hear("CI", props={"attachments": attachments})
    both.pump()
    message = Message.objects.get(kind="bridge")
    assert message.card.kind == "attachments"
    assert all(word in message.body for word in ("CI", "Build 7", "failed", "Branch", "main"))


def test_scenario_22_words_of_the_system_are_no_messages(both):
    both.fake.remove_member(both.seed.channel_id, "bob")
    both.fake.add_member(both.seed.channel_id, "bob")
    both.pump()
    assert both.here() == []


def test_scenario_23_what_is_not_linked_never_leaks(both, fake, teo, mina):
    other = factories.make_room(mina, teo, name="Elsewhere")
    fake.say("alice", both.seed.other_id, "their secret")
    factories.say(teo, other, "our secret")
    both.pump()
    assert both.here() == [] == both.there()
    assert both.here(other) == ["our secret"]
    assert both.there(both.seed.other_id) == ["their secret"]


def test_what_was_said_before_the_link_stays_where_it_is(fake, room, teo):
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    factories.say(teo, room, "before, here")
    both = Bridged(fake, room, boss)
    old = both.hear("before, there")
    both.link.delete()
    both.link = both.link_with(both.seed.channel_id, room)
    BridgeLink.objects.update(since_ms=-1, missed=1)
    both.pump()
    both.fake.edit("alice", old.id, "before, edited")
    both.hear("after")
    both.pump()
    assert both.here() == ["before, here", "after"]
    assert both.there() == ["before, edited", "after"]


# Long ones


def test_scenario_11_long_post_is_several_messages_and_its_edit_changes_them(both):
    post = both.hear("\n".join(f"line {number}" for number in range(1500)))
    both.pump()
    assert len(both.here()) == 2
    assert "".join(both.here()).replace("\n", "") == post.message.replace("\n", "")
    both.fake.edit("alice", post.id, "short")
    both.pump()
    assert both.here() == ["short"]


def test_scenario_11_long_message_is_several_posts_and_its_edit_changes_them(both, teo):
    message = both.say(teo, "short")
    long = "\n".join(f"line {number}" for number in range(2500))
    Message.objects.filter(pk=message.pk).update(body=long)
    both.pump()
    assert len(both.there()) == 2
    chat.edit_message(actor=teo, room_id=both.room.pk, message_id=message.pk, body="short again")
    both.pump()
    assert both.there() == ["short again"]


# Files


def picture():
    written = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(written, "PNG")
    return written.getvalue()


def test_scenario_10_files_go_over_both_ways(both, teo, fake, upload):
    ours = [upload(teo, both.room, name, data) for name, data in FILES]
    both.say(teo, "ours", attachments=ours)
    empty, large = ("empty.txt", b""), ("large.bin", bytes(100 * 1024 * 1024))
    theirs = [fake.attach("alice", both.seed.channel_id, name, data) for name, data in [*FILES, empty, large]]
    both.hear("theirs", file_ids=theirs)
    both.pump()
    post = next(post for post in both.posts() if post.message == "ours")
    told = [fake.state.files[one] for one in post.file_ids]
    assert [(one.name, len(one.data)) for one in told[:2]] == [(name, len(data)) for name, data in FILES[:2]]
    assert told[2].name == "picture.png", "pictures are made anew here, so that their bytes may differ"
    message = Message.objects.get(kind="bridge")
    kept = list(message.attachments.order_by("position").values_list("name", "size_bytes", "width"))
    assert [row[:2] for row in kept[:2]] == [(name, len(data)) for name, data in FILES[:2]]
    assert (kept[2][0], kept[2][2]) == ("picture.png", 40)
    assert [f"The file {name} was not carried over" in message.body for name in ("empty.txt", "large.bin")] == [
        True
    ] * 2


FILES = [("a \u00fc b.txt", b"one"), ("big.bin", bytes(20_000_000)), ("picture.png", picture())]


@pytest.fixture
def upload(tmp_path):
    def store(user, room, name, data):
        source = tmp_path / uuid4().hex
        source.write_bytes(data)
        view, _ = chat.store_upload(actor=user, room_id=room.pk, upload_id=uuid4(), name=name, source=source)
        return view.id

    return store


def test_scenario_10_file_that_the_server_finds_too_large_is_told_in_words(both, teo, fake, upload):
    fake.set(file_bytes_most=10)
    both.say(teo, "a file", attachments=[upload(teo, both.room, "big.txt", b"more than ten bytes")])
    both.pump()
    (post,) = both.posts()
    assert post.message.startswith("a file\n\n*The file big.txt was not carried over:")


# What goes wrong


@pytest.mark.parametrize("echo_first", [0.0, 1.0], ids=["answer-first", "echo-first"])
def test_scenario_2_answer_that_is_lost_makes_no_second_post(both, teo, fake, echo_first):
    fake.set(echo_first=echo_first)
    fake.lose_next_response("POST /posts")
    both.say(teo, "once")
    both.pump()
    assert BridgeOutbox.objects.count() == 1
    both.pump()
    assert both.there() == ["once"]
    assert (BridgeOutbox.objects.count(), BridgedPost.objects.count()) == (0, 1)


def test_scenario_2_killed_between_post_and_note_makes_no_second_post(both, teo, fake):
    both.say(teo, "once")
    both.pump()
    # As if the process had died before it wrote down what the server answered, and came back a minute later.
    row = BridgedPost.objects.get()
    BridgedPost.objects.all().delete()
    BridgeOutbox.objects.create(
        link=both.link, op="say", local_id=row.local_id, first_at=timezone.now() - timedelta(seconds=60), attempts=1
    )
    fake.advance(60)
    BridgeLink.objects.update(caught=F("missed"))
    both.pump()
    assert both.there() == ["once"]
    assert BridgedPost.objects.get().remote_id == row.remote_id


def test_request_that_is_lost_is_sent_again(both, teo, fake):
    fake.lose_next_request("POST /posts")
    both.say(teo, "once")
    both.pump()
    both.pump()
    assert both.there() == ["once"]


def test_message_deleted_while_its_outcome_was_unknown_is_gone_there(both, teo, fake):
    fake.lose_next_response("POST /posts")
    message = both.say(teo, "oops")
    both.pump()
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=message.pk)
    both.pump()
    both.pump()
    assert both.there() == []


def test_scenario_12_rate_limit_loses_nothing_and_is_waited_for(both, teo, fake):
    fake.rate_limit(per_second=1, burst=0)
    for number in range(3):
        both.say(teo, f"ours {number}")
        both.hear(f"theirs {number}")
    both.pump()
    assert [text for text in both.there() if text.startswith("ours")] == ["ours 0", "ours 1", "ours 2"]
    assert [text for text in both.here() if text.startswith("theirs")] == ["theirs 0", "theirs 1", "theirs 2"]
    answers = [asked.status for asked in fake.requests]
    assert 429 in answers
    assert (429, 429) not in pairwise(answers), "what it was told to wait was enough"


def test_scenario_13_removed_account_marks_the_link_and_comes_back(both, teo, fake):
    fake.remove_member(both.seed.channel_id, "bridgebot")
    both.say(teo, "while away")
    both.hear("theirs, while away")
    both.pump()
    assert both.state()[0] == "removed"
    assert "still in the channel" in both.state()[1]
    fake.add_member(both.seed.channel_id, "bridgebot")
    both.pump()
    assert both.state() == ("active", "")
    assert sorted(both.there()) == ["theirs, while away", "while away"]
    assert sorted(both.here()) == ["theirs, while away", "while away"]


def test_scenario_13_archived_channel_marks_the_link_and_comes_back(both, teo, fake):
    fake.archive(both.seed.channel_id)
    both.say(teo, "while closed")
    both.pump()
    assert both.state()[0] == "archived"
    assert both.there() == []
    fake.restore(both.seed.channel_id)
    both.pump()
    assert (both.state(), both.there()) == (("active", ""), ["while closed"])


def test_archived_room_takes_nothing_until_it_is_open(both, mina):
    chat.update_room(actor=mina, room_id=both.room.pk, change=chat.RoomChange(archived=True))
    both.hear("waits")
    both.pump()
    assert (both.state(), both.here()) == (("archived", "The room is archived."), [])
    chat.update_room(actor=mina, room_id=both.room.pk, change=chat.RoomChange(archived=False))
    both.pump()
    assert (both.state(), both.here()) == (("active", ""), ["waits"])


def test_muted_person_there_is_kept_out_and_the_link_says_so(both, mina):
    both.hear("first")
    both.pump()
    ghost = Message.objects.get(kind="bridge").author
    chat.sanction_member(actor=mina, room_id=both.room.pk, user_id=ghost.pk, kind="mute", reason="Noise")
    both.hear("second")
    both.pump()
    both.pump()
    assert both.here() == ["first"]
    assert "not taken over" in both.remade().notice


def test_order_that_is_refused_stays_for_somebody_to_look_at(both, teo, fake):
    fake.fail_next(400, "POST /posts", code="api.post.some.app_error")
    both.say(teo, "refused")
    both.say(teo, "taken")
    both.pump()
    assert both.there() == ["taken"]
    assert BridgeOutbox.objects.get().state == "failed"


def test_log_that_was_given_up_is_made_good_by_comparing(both, teo):
    first, second = both.say(teo, "one"), both.say(teo, "two")
    both.pump()
    chat.edit_message(actor=teo, room_id=both.room.pk, message_id=first.pk, body="one, edited")
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=second.pk)
    both.say(teo, "three")
    renew_topic(f"room:{both.room.pk}")
    both.pump()
    assert both.there() == ["one, edited", "three"]


def test_scenario_20_ring_of_two_channels_ends(fake, both):
    """Somebody else carries posts of one channel to the other and back, with the sites that they passed."""
    both.link_with(both.seed.other_id, both.room)
    both.hear("round and round")
    both.pump()
    (carried,) = fake.posts(both.seed.other_id)
    hops = carried.props["collab"]["v"]
    assert hops == [MattermostServer.objects.get().instance]
    another_bot(fake, both.seed, both.seed.channel_id)
    both.hear("round and round", "ringbot", props={"collab": {"v": [*hops, "somebody"]}})
    both.pump()
    assert both.here() == ["round and round"]
    assert len(both.there(both.seed.other_id)) == 1


def another_bot(fake, seed, channel_id):
    """The token of one more bot in a channel."""
    made = fake.state.add_user("ringbot", is_bot=True)
    fake.state.teams[seed.team_id].members.add(made.id)
    fake.add_member(channel_id, "ringbot")
    return fake.state.add_token(made.id).secret


def test_scenario_20_ring_of_two_sites_and_two_servers_ends(fake, both, mina):
    """Both sites join the same two channels of two servers by a room each: what goes in a circle ends there."""
    theirs = factories.make_room(mina, name="Another site")
    with FakeMattermost(seed=8) as further:
        seed = further.seed()
        ours = setup.make_server(actor=both.boss, name="Further", url=further.url, token=seed.bot_token)
        tokens = [another_bot(fake, both.seed, both.seed.channel_id), another_bot(further, seed, seed.channel_id)]
        others = [
            setup.make_server(actor=both.boss, name=f"Of the other site {at}", url=url, token=token)
            for at, (url, token) in enumerate(zip([fake.url, further.url], tokens, strict=True))
        ]
        MattermostServer.objects.filter(pk__in=[one.pk for one in others]).update(instance="another-site")
        both.link_with(seed.channel_id, both.room, ours)
        both.link_with(both.seed.channel_id, theirs, others[0])
        both.link_with(seed.channel_id, theirs, others[1])
        both.hear("round and round")
        for _ in range(6):
            for server in (both.server, ours, *others):
                both.pump(server)
        counts = [len(both.here()), len(both.here(theirs)), len(both.there()), len(further.posts(seed.channel_id))]
        assert counts == [2, 2, 3, 2], "each way once, and once back"
