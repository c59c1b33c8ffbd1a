"""What people may do in a room, as the apps above chat ask: many at once, and the same as chat itself says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Sanction
from accounts.services import sanction_user
from chat import selectors
from realtime.protocol import Refused
from tests import factories
from tests.factories import give_role

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def rights(room, *people):
    found = selectors.rights_of(room_id=room.pk, user_ids=[person.pk for person in people])
    return [found.get(person.pk) for person in people]


def refusals(room, *people):
    return [one.refusal if one else None for one in rights(room, *people)]


def test_everybody_is_asked_in_one_query(mina, teo, ines, room):
    with CaptureQueriesContext(connection) as captured:
        assert refusals(room, mina, teo) == ["", ""]
    assert len(captured) == 1
    with CaptureQueriesContext(connection) as captured:
        assert refusals(room, mina, teo, ines) == ["", "", "not_member"]
    # Whoever is outside may be banned.
    assert len(captured) == 2
    assert [one.may_moderate for one in rights(room, mina, teo, ines) if one] == [True, False, False]
    assert selectors.rights_of(room_id=room.pk, user_ids=[]) == {}


def test_a_private_room_and_one_that_is_not_there_look_the_same_from_outside(mina, ines, secret):
    assert refusals(secret, mina, ines) == ["", None]
    for room_id in (secret.pk, secret.pk + 99, 0, -1, 2**63):
        with pytest.raises(Refused) as caught:
            selectors.rights_in(actor=ines, room_id=room_id)
        assert caught.value.code == "not_found"


def test_a_read_only_room_is_for_moderators_and_an_archived_one_for_nobody(mina, teo, room):
    factories.change(mina, room, read_only=True)
    assert refusals(room, mina, teo) == ["", "read_only"]
    give_role(room, teo, "moderator")
    assert refusals(room, mina, teo) == ["", ""]
    factories.change(mina, room, archived=True)
    assert refusals(room, mina, teo) == ["read_only", "read_only"]
    assert not any(one.may_moderate for one in rights(room, mina, teo) if one)


def test_the_muted_do_not_write_and_are_told_until_when(mina, teo, room):
    end = timezone.now() + timedelta(minutes=1)
    mute = sanction_user(actor=mina, user=teo, kind="mute", reason="Noise", room_id=room.pk, until=end)
    [own] = rights(room, teo)
    refused = selectors.refuse_to_write(actor=teo, room_id=room.pk, rights=own)
    assert refused.code == "muted"
    assert refused.retry_after == pytest.approx(60, abs=10)
    Sanction.objects.filter(pk=mute.pk).update(until=timezone.now() - timedelta(minutes=1))
    assert refusals(room, teo) == [""]


@pytest.mark.parametrize("here", [True, False])
def test_a_mute_of_the_back_office_holds_here_and_everywhere(mina, teo, room, here):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    sanction_user(actor=boss, user=teo, kind="mute", reason="Noise", room_id=room.pk if here else None)
    assert refusals(room, mina, teo) == ["", "muted"]
    [own] = rights(room, teo)
    refused = selectors.refuse_to_write(actor=teo, room_id=room.pk, rights=own)
    assert (refused.code, refused.retry_after) == ("muted", None)


def test_a_mute_elsewhere_does_not_hold_here(mina, teo, room, secret):
    sanction_user(actor=mina, user=teo, kind="mute", reason="Noise", room_id=secret.pk)
    assert refusals(room, teo) == [""]
