"""Alerts of a joined room in its channel: said by nobody, changed in place, gone when somebody takes them away."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from chat import services as chat
from chat.models import Message
from chat.services.cards import change_card, post_card
from chat.shapes import CardView
from tests import factories
from tests.dashboard.alerting_world import World, card_of, firing, make_rule, make_series, told
from tests.fakes.mattermost import FakeMattermost
from tests.integrations.bridging import Bridged

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
CARD = CardView(kind="alert")


@pytest.fixture
def both(settings, room, mina, db):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    boss = factories.make_person("boss", is_superuser=True, is_staff=True)
    with FakeMattermost() as fake:
        yield Bridged(fake, room, boss)


def test_alert_is_one_post_and_its_changes_are_edits(both):
    alert = post_card(author=None, room_id=both.room.pk, cid=uuid7(), body="Delivery: 184 ms", card=CARD).id
    both.pump()
    assert both.there() == ["Delivery: 184 ms"]
    change_card(message_id=alert, card=CARD, body="Resolved by itself: Delivery")
    both.pump()
    assert both.there() == ["Resolved by itself: Delivery"]


def test_alert_that_is_deleted_is_gone_there_too(both, mina):
    alert = post_card(author=None, room_id=both.room.pk, cid=uuid7(), body="Delivery: 184 ms", card=CARD).id
    both.pump()
    chat.delete_message(actor=mina, room_id=both.room.pk, message_id=alert)
    both.pump()
    assert both.there() == []


@pytest.fixture
def post(both):
    """An alert that fires, as the channel was told of it."""
    chat.join_room(actor=both.boss, room_id=both.room.pk)
    make_rule(both.boss, both.room, make_series())
    World().tick(132, every=11, delivery=184.0)
    both.pump()
    (told,) = both.posts()
    return told


def test_whoever_answers_an_alert_there_first_has_it(both, post):
    both.hear("I look at it", "alice", root_id=post.id)
    both.pump()
    both.hear("Me too", "bob", root_id=post.id)
    both.pump()
    alert, said = firing(), Message.objects.get(body="I look at it")
    assert (alert.acknowledged_by, alert.reply) == (said.author, said.pk)
    (shown,) = told(both.room, both.boss)
    name = said.author.display_name
    assert (card_of(shown).acknowledged_name, shown.body.endswith(f"{name} has it")) == (name, True)
    both.pump()
    assert both.there() == [shown.body, "I look at it", "Me too"]


def test_answer_of_somebody_muted_acknowledges_nothing(both, post, mina):
    both.hear("hello", "alice")
    both.pump()
    ghost = Message.objects.get(kind="bridge").author
    chat.sanction_member(actor=mina, room_id=both.room.pk, user_id=ghost.pk, kind="mute", reason="Noise")
    both.hear("I look at it", "alice", root_id=post.id)
    both.pump()
    assert firing().acknowledged_by is None
