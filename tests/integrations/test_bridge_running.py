"""The bridge at work: cut lines, restarts, dead lines, two workers, a token that ends, and equality in the end."""

from __future__ import annotations

import random
import threading
from functools import partial

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from chat import services as chat
from chat.models import Message
from integrations.bridge import runner
from integrations.mattermost.listening import Pace
from integrations.models import BridgedPost, BridgeInbox, BridgeLink, BridgeOutbox, MattermostServer
from integrations.services.bridges import setup
from realtime import services
from realtime.hub import hub
from tests import factories
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fake(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with FakeMattermost() as running:
        yield running


@pytest.fixture
def both(fake, room, mina):
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    return Bridged(fake, room, boss)


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
    with both.running(Pace(ping=0.5, pong=15.0, connect=15.0, retry_least=0.5, retry_most=0.5, settled=0.0)):
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


@pytest.mark.parametrize("count", [300, 1150])
def test_scenario_4_long_absence_is_caught_up_once_and_in_order(both, fake, count):
    with both.running():
        both.hear("first")
        wait_until(lambda: both.here() == ["first"])
    for text in numbers(count):
        both.hear(text)
    with both.running():
        wait_until(lambda: len(both.here()) > count, patience=150.0)
        wait_until(lambda: not BridgeInbox.objects.exists())
    assert both.here() == ["first", *numbers(count)]


def test_scenario_5_server_that_restarts_under_traffic_loses_nothing(both, teo, fake):
    with both.running():
        wait_until(both.listening)
        for number in range(30):
            both.say(teo, f"ours {number}")
            both.hear(f"theirs {number}")
            if number in {7, 19}:
                fake.go_down()
                both.say(teo, f"while down {number}")
                fake.come_up()
        wait_until(lambda: len(both.there()) >= 62 and len(both.here()) >= 62)
        wait_until(lambda: not BridgeOutbox.objects.exists() and not BridgeInbox.objects.exists())
    assert said_there(both, "bridgebot") == said_here(both, "user")
    assert len(said_here(both, "user")) == 32
    assert said_here(both, "bridge") == numbers(30, "theirs")


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
    with both.running(Pace(ping=0.2, pong=0.5, connect=15.0, retry_least=0.02, retry_most=0.1, settled=0.0)):
        both.hear("first")
        wait_until(lambda: both.here() == ["first"])
        fake.freeze_sockets()
        both.hear("second")
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


def test_account_that_is_removed_and_let_in_again_catches_up_by_itself(both, fake):
    with both.running():
        wait_until(both.listening)
        fake.remove_member(both.seed.channel_id, "bridgebot")
        wait_until(lambda: both.state()[0] == "removed")
        both.hear("while away")
        fake.add_member(both.seed.channel_id, "bridgebot")
        wait_until(lambda: both.here() == ["while away"])
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


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_work_on_both_sides_ends_in_equal_rooms(both, teo, fake, seed):
    """Posts, edits, deletions, reactions, cuts, restarts of the server and of the bridge, in a random order."""
    chance = random.Random(seed)
    theirs, ours, numbers_left = [], [], iter(range(10_000))
    for turn in range(4):
        with both.running():
            both.say(teo, f"turn {turn}")
            wait_until(partial(_is_there, both, f"turn {turn}"))
            for _ in range(25):
                _step(chance, both, teo, fake, theirs, ours, next(numbers_left))
        for _ in range(5):
            _step(chance, both, teo, fake, theirs, ours, next(numbers_left))
    with both.running():
        wait_until(both.listening)
        wait_until(lambda: sorted(both.here()) == sorted(both.there()), both.difference)
        wait_until(lambda: not BridgeOutbox.objects.exists())
    both.pump()
    assert sorted(both.here()) == sorted(both.there())
    assert len(set(both.here())) == len(both.here())
    reacted = {(post.message, name) for post in both.posts() for _, name in post.reactions}
    told = Message.objects.filter(room=both.room, reactions__isnull=False).values_list("body", flat=True)
    assert {text for text, _ in reacted} == set(told)
    assert BridgedPost.objects.values("link", "local_id").distinct().count() == BridgedPost.objects.count()
    assert BridgeLink.objects.get().notice == ""


def _is_there(both, text):
    return text in both.there()


def _step(chance, both, teo, fake, theirs, ours, number):
    match chance.choices(range(9), weights=[6, 6, 3, 3, 1, 1, 3, 1, 0.5])[0]:
        case 0:
            theirs.append(both.hear(f"theirs {number}").id)
        case 1:
            ours.append(both.say(teo, f"ours {number}").pk)
        case 2 if theirs:
            one = chance.choice(theirs)
            fake.edit("alice", one, f"theirs, edited {chance.random()}")
        case 3 if ours:
            one, text = chance.choice(ours), f"ours, edited {chance.random()}"
            chat.edit_message(actor=teo, room_id=both.room.pk, message_id=one, body=text)
        case 4 if theirs:
            fake.delete("alice", theirs.pop(chance.randrange(len(theirs))))
        case 5 if ours:
            chat.delete_message(actor=teo, room_id=both.room.pk, message_id=ours.pop(chance.randrange(len(ours))))
        case 6 if theirs:
            change = chance.choice([fake.react, fake.unreact])
            change("bob", chance.choice(theirs), chance.choice(["+1", "tada"]))
        case 7:
            fake.cut_sockets()
        case 8:
            fake.restart()
