"""Alerts of a joined room in its channel: said by nobody, changed in place, gone when somebody takes them away."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from chat import services as chat
from chat.services.cards import change_card, post_card
from chat.shapes import CardView
from tests import factories
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
