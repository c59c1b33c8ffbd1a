"""Mutes, kicks and bans in a room: who may give them, what they do, and how they end."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import services as account_services
from accounts.models import AuditEntry, Sanction
from chat import selectors, services
from chat.models import Membership
from chat.services.rooms import RoomChange
from chat.services.slash import run_slash
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, last_event, topic_of
from tests.factories import give_role

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


def sanction(actor, room, user, kind, **given):
    given.setdefault("reason", "Three alerts pasted twice.")
    return services.sanction_member(actor=actor, room_id=room.pk, user_id=user.pk, kind=kind, **given)


def refusal(act, *args, **given):
    with pytest.raises(Refused) as refused:
        act(*args, **given)
    return refused.value


def is_in(room, user):
    return Membership.objects.filter(room=room, user=user).exists()


def test_a_moderator_mutes_for_a_while_and_the_person_is_told(mina, teo, room):
    assert sanction(mina, room, teo, "mute", seconds=600).seq == 0
    told = last_event(teo.topic)
    assert (told["type"], told["data"]["kind"], told["data"]["room"]) == ("sanction.applied", "mute", room.pk)
    refused = refusal(factories.say, teo, room)
    assert (refused.code, 590 < (refused.retry_after or 0) <= 600) == ("muted", True)
    assert AuditEntry.objects.get(action="sanction.mute").reason == "Three alerts pasted twice."
    Sanction.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert factories.say(teo, room).seq


def test_a_mute_is_lifted_by_hand_and_the_person_hears_of_it(mina, teo, room):
    sanction(mina, room, teo, "mute")
    [held] = selectors.room_sanctions(actor=mina, room_id=room.pk)
    assert (held.person.name, held.by.name, held.until) == ("teo", "mina", None)
    services.lift_member_sanction(actor=mina, room_id=room.pk, sanction_id=held.id, reason="Said sorry.")
    assert last_event(teo.topic)["type"] == "sanction.lifted"
    assert factories.say(teo, room).seq
    assert selectors.room_sanctions(actor=mina, room_id=room.pk) == []


def test_somebody_kicked_is_dropped_at_the_event_and_may_come_back(mina, teo, room):
    seq = sanction(mina, room, teo, "kick").seq
    told = last_event(topic_of(room))
    assert (told["seq"], told["type"], told["effect"].drop_user) == (seq, "member.removed", teo.pk)
    assert told["data"]["message"]["body"] == "Teo Lindqvist was removed"
    gone = last_event(teo.topic)
    assert (gone["data"]["why"], gone["data"]["reason"]) == ("kicked", "Three alerts pasted twice.")
    services.join_room(actor=teo, room_id=room.pk)
    assert is_in(room, teo)


@pytest.mark.parametrize("kind", ["kick", "ban"])
def test_somebody_kept_out_comes_in_by_no_door_until_it_is_over(mina, teo, ines, room, kind):
    services.join_room(actor=ines, room_id=room.pk)
    link = services.create_link(actor=mina, room_id=room.pk).url.rstrip("/").rpartition("/")[2]
    sanction(mina, room, teo, kind, seconds=3600)
    assert not is_in(room, teo)
    for given in ({"room_id": room.pk}, {"token": link}):
        refused = refusal(services.join_room, actor=teo, **given)
        assert refused.code == "banned"
        assert "Three alerts" in refused.message
        assert 3590 < (refused.retry_after or 0) <= 3600
    bring = {"actor": ines, "room_id": room.pk, "user_id": teo.pk}
    assert refusal(services.invite_person, **bring).code == "forbidden"
    Sanction.objects.update(until=timezone.now() - timedelta(seconds=1))
    services.join_room(actor=teo, room_id=room.pk)
    assert is_in(room, teo)


def test_a_ban_holds_until_it_is_lifted(mina, teo, room):
    sanction(mina, room, teo, "ban")
    assert last_event(teo.topic)["data"]["why"] == "banned"
    assert refusal(services.join_room, actor=teo, room_id=room.pk).retry_after is None
    [held] = selectors.room_sanctions(actor=mina, room_id=room.pk)
    services.lift_member_sanction(actor=mina, room_id=room.pk, sanction_id=held.id)
    services.join_room(actor=teo, room_id=room.pk)


def test_somebody_outside_is_banned_before_they_come(mina, ines, room):
    before = events(topic_of(room))
    assert sanction(mina, room, ines, "ban").seq == 0
    assert events(topic_of(room)) == before
    assert refusal(services.join_room, actor=ines, room_id=room.pk).code == "banned"
    assert refusal(sanction, mina, room, ines, "kick").field == "user"


def test_somebody_muted_says_nothing_by_topic_name_pin_or_typing(mina, teo, room):
    message = factories.say(mina, room)
    give_role(room, teo, "owner")
    assert selectors.may_type(actor=teo, room_id=room.pk)
    give_role(room, teo, "member")
    sanction(mina, room, teo, "mute")
    give_role(room, teo, "owner")
    for wish in (RoomChange(name="Mina is a fool"), RoomChange(purpose="Mina is a fool")):
        assert refusal(services.update_room, actor=teo, room_id=room.pk, change=wish).code == "muted"
    typed = {"actor": teo, "room_id": room.pk, "cid": uuid4(), "text": "/topic Mina is a fool"}
    assert refusal(run_slash, **typed).code == "muted"
    for pin in (services.pin_message, services.unpin_message):
        assert refusal(pin, actor=teo, room_id=room.pk, message_id=message.pk).code == "muted"
    assert not selectors.may_type(actor=teo, room_id=room.pk)
    # What says nothing stays an owner's.
    assert services.update_room(actor=teo, room_id=room.pk, change=RoomChange(slow_mode_seconds=5)).seq


def test_somebody_muted_everywhere_says_nothing_by_a_rooms_name(teo):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    account_services.sanction_user(actor=boss, user=teo, kind="mute", reason="Noise")
    wish = {"actor": teo, "cid": uuid4(), "kind": "public", "name": "Mina is a fool"}
    assert refusal(services.create_room, **wish).code == "muted"


@pytest.mark.parametrize("reason", ["\x00", "Spam \x00 and more"])
def test_a_reason_that_no_database_takes_is_refused(mina, teo, ines, room, reason):
    where = {"actor": mina, "room_id": room.pk}
    assert refusal(services.remove_member, **where, user_id=teo.pk, reason=reason).field == "reason"
    sanction(mina, room, ines, "ban")
    [held] = selectors.room_sanctions(actor=mina, room_id=room.pk)
    lift = services.lift_member_sanction
    assert refusal(lift, **where, sanction_id=held.id, reason=reason).field == "reason"
    services.remove_member(**where, user_id=teo.pk, reason="x" * 900)
    assert last_event(teo.topic)["data"]["reason"] == "x" * 500


def test_moderators_decide_only_about_those_below_them(mina, teo, ines, room):
    services.join_room(actor=ines, room_id=room.pk)
    assert refusal(sanction, teo, room, ines, "mute").code == "forbidden"
    give_role(room, teo, "moderator")
    for other in (mina, teo):
        assert refusal(sanction, teo, room, other, "ban").code in {"forbidden", "invalid"}
    give_role(room, ines, "moderator")
    assert refusal(sanction, teo, room, ines, "kick").code == "forbidden"
    sanction(mina, room, ines, "kick")
    assert not is_in(room, ines)


def test_nobody_decides_in_a_direct_conversation_or_where_they_see_nothing(mina, teo, ines, secret):
    direct = factories.make_direct(mina, teo)
    assert refusal(sanction, mina, direct, teo, "mute").code == "forbidden"
    assert refusal(sanction, ines, secret, teo, "mute").code == "not_found"
    assert refusal(selectors.room_sanctions, actor=ines, room_id=secret.pk).code == "not_found"
    assert refusal(selectors.room_cases, actor=teo, room_id=secret.pk).code == "forbidden"


@pytest.mark.parametrize(("given", "field"), [({"kind": "hug"}, "kind"), ({"kind": "mute", "reason": " "}, "reason")])
def test_a_sanction_needs_a_known_kind_and_a_reason(mina, teo, room, given, field):
    assert refusal(sanction, mina, room, teo, **given).field == field
    assert not Sanction.objects.exists()


def test_nobody_lifts_what_they_were_given_or_what_is_of_another_room(mina, teo, room, secret):
    give_role(room, teo, "moderator")
    sanction(mina, room, teo, "mute")
    [held] = Sanction.objects.all()
    lift = services.lift_member_sanction
    assert refusal(lift, actor=teo, room_id=room.pk, sanction_id=held.pk).code == "forbidden"
    assert refusal(lift, actor=mina, room_id=secret.pk, sanction_id=held.pk).code == "not_found"


def test_staff_decide_in_public_rooms_and_touch_no_colleague(mina, teo, room, secret):
    helper = factories.make_person("helper", is_staff=True)
    assert refusal(sanction, helper, room, teo, "mute").code == "forbidden"
    helper.user_permissions.set(Permission.objects.filter(codename="change_report"))
    sanction(helper, room, mina, "mute", seconds=60)
    assert refusal(sanction, helper, secret, teo, "mute").code == "not_found"
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    services.join_room(actor=boss, room_id=room.pk)
    assert refusal(sanction, helper, room, boss, "ban").code == "forbidden"


def test_retention_is_a_setting_for_owners_with_its_line(mina, teo, room):
    give_role(room, teo, "moderator")
    assert refusal(factories.change, teo, room, retention_days=30).code == "forbidden"
    factories.change(mina, room, retention_days=30)
    told = last_event(topic_of(room))["data"]
    assert told["room"]["retention_days"] == 30
    assert told["message"]["body"] == "Mina Okafor set messages to go after 30 days"
    assert refusal(factories.change, mina, room, retention_days=4000).field == "retention_days"
    factories.change(mina, room, retention_days=0)
    assert last_event(topic_of(room))["data"]["room"]["retention_days"] == 0
