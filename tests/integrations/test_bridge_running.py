"""The bridge at work: cut lines, restarts, dead lines, two workers, a token that ends, and equality in the end."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from chat import services as chat
from chat.models import Message
from integrations.bridge import runner
from integrations.mattermost.listening import Pace
from integrations.models import BridgeInbox, BridgeOutbox, MattermostServer
from integrations.services.bridges import setup
from realtime import services
from realtime.hub import hub
from tests.integrations.bridging import wait_until
from tests.integrations.random_work import RandomWork

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def numbers(count, word="post"):
    return [f"{word} {number}" for number in range(count)]


def said_there(both, name):
    return [post.message for post in both.posts() if both.fake.state.users[post.user_id].username == name]


def said_here(both, kind):
    return list(Message.objects.filter(room=both.room, kind=kind).order_by("seq").values_list("body", flat=True))


def test_scenario_1_both_talk_at_once_and_all_is_there_once_and_in_order(both, teo):
    with both.running():
        wait_until(both.listening)

        def they() -> None:
            for text in numbers(100, "theirs"):
                both.hear(text)

        other = threading.Thread(target=they)
        other.start()
        for text in numbers(100, "ours"):
            both.say(teo, text)
        other.join()
        wait_until(lambda: len(both.there()) >= 200 and len(both.here()) >= 200)
        wait_until(lambda: not BridgeOutbox.objects.exists() and not BridgeInbox.objects.exists())
    assert said_there(both, "bridgebot") == numbers(100, "ours") == said_here(both, "user")
    assert said_there(both, "alice") == numbers(100, "theirs") == said_here(both, "bridge")


def test_scenario_3_cut_line_goes_on_without_catching_up(both, fake):
    with both.running(Pace(ping=0.5, pong=15.0, connect=15.0, retry_least=5.0, retry_most=5.0, settled=0.0)):
        both.hear("first")
        wait_until(lambda: both.here() == ["first"])
        wait_until(both.caught_up)
        link = both.remade()
        asked = len(fake.requests)
        fake.cut_sockets()
        for text in numbers(50):
            both.hear(text)
        wait_until(lambda: len(both.here()) == 51)
        assert both.remade().missed == link.missed
    assert both.here() == ["first", *numbers(50)]
    assert not [one for one in fake.requests[asked:] if "/posts" in one.path and one.method == "GET"]


@pytest.mark.parametrize("count", [300, 1150], ids=["300", "1150"])
def test_scenario_4_long_absence_is_caught_up_once_and_in_order(both, fake, count):
    with both.running():
        both.hear("first")
        wait_until(lambda: both.here() == ["first"])
    for text in numbers(count):
        both.hear(text)
    with both.running():
        wait_until(lambda: Message.objects.count() > count, both.difference, patience=300.0)
        wait_until(both.settled, both.difference)
    assert both.here() == ["first", *numbers(count)]


# A restart cuts lines that are just being made, on the side of the imitated server too.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*_SelectorTransport:pytest.PytestUnraisableExceptionWarning")
def test_scenario_5_server_that_restarts_under_traffic_loses_nothing(both, teo, fake):
    with both.running():
        wait_until(both.listening)

        def they() -> None:
            for text in numbers(60, "theirs"):
                both.hear(text)
                time.sleep(0.02)

        other = threading.Thread(target=they)
        other.start()
        for number, text in enumerate(numbers(60, "ours")):
            both.say(teo, text)
            if number in {15, 30}:
                fake.restart()
        other.join()
        wait_until(lambda: len(both.there()) >= 120 and len(both.here()) >= 120, both.difference)
        wait_until(both.settled, both.difference)
    assert said_there(both, "bridgebot") == numbers(60, "ours") == said_here(both, "user")
    assert said_there(both, "alice") == numbers(60, "theirs") == said_here(both, "bridge")


def test_scenario_8_two_quick_edits_end_alike_on_both_sides(both, teo):
    with both.running():
        mine, theirs = both.say(teo, "ours"), both.hear("theirs")
        wait_until(lambda: len(both.there()) == 2 == len(both.here()))
        for text in ("again", "final"):
            chat.edit_message(actor=teo, room_id=both.room.pk, message_id=mine.pk, body=f"ours, {text}")
            both.fake.edit("alice", theirs.id, f"theirs, {text}")
        wait_until(lambda: sorted(both.there()) == sorted(both.here()) == ["ours, final", "theirs, final"])


def test_scenario_14_ended_token_is_told_and_what_waits_goes_out_with_another(both, teo, fake):
    with both.running():
        wait_until(both.listening)
        fake.revoke(both.seed.bot_token)
        both.say(teo, "waits")
        wait_until(lambda: MattermostServer.objects.get().state == MattermostServer.State.REFUSED)
        assert "token" in MattermostServer.objects.get().error
        assert BridgeOutbox.objects.get().state == "waiting"
    secret = fake.state.add_token(both.seed.bot_id).secret
    MattermostServer.objects.update(token=setup.vault.seal(secret))
    both.pump()
    assert both.there() == ["waits"]


def test_scenario_17_second_worker_ends_the_first(both, teo):
    with both.running() as first:
        wait_until(both.listening)
        with both.running() as second:
            wait_until(lambda: MattermostServer.objects.get().epoch >= 2)
            for text in numbers(5):
                both.hear(text)
            wait_until(lambda: len(both.here()) >= 5)
            wait_until(first.done)
            assert not second.done()
    assert both.here() == numbers(5)


def test_worker_that_was_overtaken_writes_nothing_more(both):
    old = setup.begin_work(server_id=both.server.pk)
    setup.begin_work(server_id=both.server.pk)
    with pytest.raises(setup.Fenced):
        setup.note_missed(access=old)


def test_scenario_18_dead_line_is_noticed(both, fake):
    usual = Pace()
    assert usual.ping + usual.pong < 60, "so long a dead line goes unnoticed at most"
    with both.running(Pace(ping=0.2, pong=0.5, connect=0.5, retry_least=0.02, retry_most=0.1, settled=0.0)):
        both.hear("first")
        wait_until(lambda: both.here() == ["first"])
        fake.stop_answering()
        both.hear("second")
        wait_until(lambda: MattermostServer.objects.get().state == MattermostServer.State.BROKEN)
        fake.answer_again()
        wait_until(lambda: both.here() == ["first", "second"])


def test_scenario_21_typing_there_shows_here(both, fake, monkeypatch):
    told = []
    monkeypatch.setattr(hub, "publish_ephemeral", lambda **given: told.append(given))
    with both.running():
        both.hear("first")
        wait_until(lambda: both.here() == ["first"])
        fake.type_in("alice", both.seed.channel_id)
        wait_until(lambda: told)
    ghost = Message.objects.get(kind="bridge").author_id
    assert (told[0]["topic"], told[0]["event"].user) == (f"room:{both.room.pk}", ghost)


def test_scenario_13_removed_account_asks_seldom_and_catches_up_by_itself(both, fake, teo):
    with both.running():
        wait_until(both.listening)
        fake.remove_member(both.seed.channel_id, "bridgebot")
        wait_until(lambda: both.state()[0] == "removed")
        both.hear("while away")
        both.say(teo, "ours, while away")
        asked = len(fake.requests)
        time.sleep(3.0)
        # One look at the channel, three attempts to post after 0, 1 and 2 seconds, a question for the time.
        assert len(fake.requests) - asked <= 8
        fake.add_member(both.seed.channel_id, "bridgebot")
        wait_until(lambda: sorted(both.here()) == ["ours, while away", "while away"])
        wait_until(lambda: sorted(both.there()) == ["ours, while away", "while away"])
        wait_until(lambda: both.state() == ("active", ""))


def test_server_that_was_away_at_the_beginning_is_tried_again(both, teo, fake, monkeypatch):
    monkeypatch.setattr(runner, "AGAIN_SECONDS", (0.05,))
    fake.go_down()
    both.say(teo, "waits")
    with both.running():
        wait_until(lambda: MattermostServer.objects.get().state == MattermostServer.State.BROKEN)
        fake.come_up()
        wait_until(lambda: both.there() == ["waits"])


def test_command_brings_links_up_to_date_and_gives_way_to_the_service(both, teo, capsys):
    both.say(teo, "ours")
    both.hear("theirs")
    call_command("bridge_mattermost", once=True)
    assert sorted(both.here()) == sorted(both.there()) == ["ours", "theirs"]
    assert "up to date" in capsys.readouterr().out
    services.claim(name=runner.SERVICE, holder="another")
    with pytest.raises(CommandError, match="Another process"):
        call_command("bridge_mattermost", once=True)


@pytest.mark.parametrize("seed", [1, 2, 3], ids=["seed-1", "seed-2", "seed-3"])
def test_random_work_on_both_sides_ends_in_equal_rooms(both, teo, seed):
    """With cut lines, restarts of the server and of the bridge, in a random order."""
    work = RandomWork(seed, both, teo)
    for turn in range(4):
        with both.running():
            both.say(teo, f"turn {turn}")
            wait_until(partial(_is_there, both, f"turn {turn}"))
            work.steps(30)
        work.steps(8)
    with both.running():
        wait_until(both.listening)
        work.settle(both.difference)


def _is_there(both, text):
    return text in both.there()
