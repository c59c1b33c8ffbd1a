"""What comes from a channel and is odd: files that cannot be had, words that call nobody, channels that change."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from assistant.services import default_agent
from assistant.services.asking import NOT_HERE
from chat import services as chat
from chat.models import Message, WordRule
from integrations.bridge import fetching
from integrations.models import BridgeLink
from tests.fakes.mattermost.sockets import Event
from tests.integrations.bridging import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def asked_for(fake, where):
    return [one for one in fake.requests if where in one.path]


# Files


def test_file_that_the_server_has_lost_is_told_and_keeps_nothing_back(both, fake, monkeypatch):
    file = fake.attach("alice", both.seed.channel_id, "lost.txt", b"data")
    fake.fail_next(500, f"GET /files/{file}", times=99)
    both.hear("with a file", file_ids=[file])
    both.hear("after it")
    both.pump()
    assert (both.here(), both.state()) == ([], ("active", "The server failed with status 500."))
    monkeypatch.setattr(fetching, "PATIENCE_SECONDS", 0.0)
    both.pump()
    told = "with a file\n\n*The file lost.txt was not carried over: The server failed with status 500.*"
    assert (both.here(), both.state()) == ([told, "after it"], ("active", ""))


def test_file_that_fails_for_a_moment_is_brought_after_all(both, fake):
    file = fake.attach("alice", both.seed.channel_id, "slow.txt", b"data")
    fake.fail_next(500, f"GET /files/{file}")
    both.hear("with a file", file_ids=[file])
    both.pump()
    both.pump()
    assert both.here() == ["with a file"]
    assert Message.objects.get(kind="bridge").attachments.get().name == "slow.txt"


def test_file_of_a_post_that_is_not_taken_over_is_not_fetched(both, fake):
    file = fake.attach("alice", both.seed.channel_id, "old.txt", b"data")
    old = both.hear("before the link", file_ids=[file])
    fake.attach("bridgebot", both.seed.channel_id, "other.txt", b"data")
    BridgeLink.objects.update(began_ms=old.create_at)
    fake.fail_next(500, f"GET /files/{file}", times=99)
    fake.react("bob", old.id, "tada")
    while time.time_ns() // 1_000_000 <= old.create_at:
        time.sleep(0.001)  # what was said in the millisecond of the link counts as before it
    both.hear("new")
    both.pump()
    assert (both.here(), both.state()) == (["new"], ("active", ""))
    assert asked_for(fake, f"/files/{file}") == []


# Words


def test_attachments_and_names_of_files_call_nobody_who_was_not_meant(both, fake, teo):
    file = fake.attach("alice", both.seed.channel_id, "@room", b"")
    attachments = [{"title": "Build", "text": "@room @all look, @teo"}]
    both.hear("CI", file_ids=[file], props={"attachments": attachments})
    both.pump()
    message = Message.objects.get(kind="bridge")
    assert "was not carried over" in message.body
    assert list(message.mentions.values_list("user__username", flat=True)) == ["teo"]


def test_long_post_of_which_a_part_was_refused_can_still_be_changed(both, mina):
    chat.save_rule(actor=mina, rule=WordRule(phrase="casino", action="block", room=both.room))
    post = both.hear("\n".join([*(f"line {number}" for number in range(1000)), "casino"]))
    both.pump()
    assert len(both.here()) == 1
    both.fake.edit("alice", post.id, "short and clean")
    both.pump()
    assert both.here() == ["short and clean"]


def test_attachments_that_are_changed_there_are_read_by_word_rules(both, mina):
    chat.save_rule(actor=mina, rule=WordRule(phrase="casino", action="block", room=both.room))

    def card(text):
        return {"attachments": [{"title": "Build", "text": text}]}

    post = both.hear("CI", props=card("green"))
    both.pump()
    both.fake.edit("alice", post.id, "CI, later", props=card("casino"))
    both.pump()
    message = Message.objects.get(kind="bridge")
    assert ("green" in message.card.view, "casino" in message.card.view + message.body) == (True, False)
    assert "An edit was not taken over" in BridgeLink.objects.get().notice
    both.fake.edit("alice", post.id, "CI, at last", props=card("green again"))
    both.pump()
    assert "green again" in Message.objects.get(kind="bridge").card.view


def test_refusal_of_the_assistant_is_told_there_once_and_a_bot_calls_it_in_vain(both, fake):
    default_agent()
    robot = fake.state.add_user("robot", is_bot=True)
    fake.state.teams[both.seed.team_id].members.add(robot.id)
    fake.add_member(both.seed.channel_id, "robot")
    both.hear("@assistant let us talk for ever", "robot")
    question = both.hear("@assistant how is the build?", "alice")
    both.hear("@assistant are you there?", "alice")
    both.pump()
    both.pump()
    told = [(post.message, post.root_id) for post in both.posts() if post.user_id == both.seed.bot_id]
    assert told == [(NOT_HERE, question.id)]


# Channels


def test_archived_channel_stays_marked_although_it_can_be_read(both, fake):
    both.hear("before it closed")
    fake.archive(both.seed.channel_id)
    for _ in range(2):
        both.pump()
        assert (both.state(), both.here()) == (("archived", "The channel is archived."), ["before it closed"])
    fake.restore(both.seed.channel_id)
    both.pump()
    assert both.state() == ("active", "")


def test_channel_that_is_renamed_is_called_so_here(both, fake):
    def rename(name):
        channel = fake.state.channels[both.seed.channel_id]
        fake._do(lambda: fake.state.change_channel(channel, fake._admin(), {"name": name}))

    rename("while-away")
    both.pump()
    assert both.remade().channel_name == "while-away"
    with both.running():
        wait_until(lambda: both.listening() and both.caught_up())
        rename("live")
        wait_until(lambda: both.remade().channel_name == "live" and both.settled())


def test_account_that_is_taken_out_of_the_team_marks_the_link(both, fake):
    with both.running():
        wait_until(lambda: both.listening() and both.caught_up())

        def leave():
            fake.state.channels[both.seed.channel_id].members.discard(both.seed.bot_id)
            told = {"team_id": both.seed.team_id, "user_id": both.seed.bot_id}
            fake.state.hub.publish(Event("leave_team", told, user_id=both.seed.bot_id))

        fake._do(leave)
        wait_until(lambda: both.state()[0] == "removed")


def test_server_that_goes_on_failing_is_asked_less_and_less_often(both, fake):
    fake.fail_next(500, f"/channels/{both.seed.channel_id}/posts", times=9999)
    with both.running():

        def waits():
            return both.remade().look_at - timezone.now() > timedelta(seconds=6)

        BridgeLink.objects.update(look_at=timezone.now())
        wait_until(waits, lambda: both.remade().look_at)
    assert both.state() == ("active", "The server failed with status 500.")
