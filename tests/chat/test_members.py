"""People come, go, get roles, and use links."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from chat import selectors, services
from chat.models import Membership, RoomInvite
from realtime.protocol import Effect, Refused
from tests import factories
from tests.chat.conftest import head, last_event, topic_of

pytestmark = pytest.mark.stack


def roles(room) -> dict[str, str]:
    return dict(room.memberships.values_list("user__username", "role"))


def link_token(actor, room, **given) -> str:
    return services.create_link(actor=actor, room_id=room.pk, **given).url.rstrip("/").rpartition("/")[2]


def test_somebody_joins_a_public_room_and_has_nothing_unread(mina, ines, room):
    factories.say(mina, room)
    services.join_room(actor=ines, room_id=room.pk)
    told = last_event(topic_of(room))
    assert (told["type"], told["data"]["message"]["body"]) == ("member.joined", "Ines Haddad joined")
    membership = Membership.objects.get(user=ines)
    assert membership.last_read_seq == membership.joined_seq == told["seq"]
    summary = last_event(ines.topic)["data"]["summary"]
    assert (summary["unread"], summary["head_seq"], summary["role"]) == (0, told["seq"], "member")


def test_joining_twice_changes_nothing(teo, room):
    before = head(topic_of(room))
    assert services.join_room(actor=teo, room_id=room.pk).room.id == room.pk
    assert head(topic_of(room)) == before


def test_a_private_room_an_unknown_one_and_a_direct_one_look_the_same_to_who_would_join(mina, teo, ines, secret):
    direct = factories.make_direct(mina, teo)
    for room_id in (secret.pk, direct.pk, 10**9):
        with pytest.raises(Refused) as refused:
            services.join_room(actor=ines, room_id=room_id)
        assert (refused.value.code, refused.value.field) == ("not_found", None)


def test_an_archived_room_takes_nobody(mina, ines, room):
    factories.change(mina, room, archived=True)
    with pytest.raises(Refused, match="forbidden"):
        services.join_room(actor=ines, room_id=room.pk)


def test_joining_names_a_room_or_a_link(ines, room):
    for given in ({}, {"room_id": room.pk, "token": "x"}):
        with pytest.raises(Refused, match="invalid"):
            services.join_room(actor=ines, **given)


def test_a_member_adds_somebody_and_their_tabs_are_told(teo, ines, secret):
    assert services.invite_person(actor=teo, room_id=secret.pk, user_id=ines.pk).seq == head(topic_of(secret))
    assert last_event(topic_of(secret))["data"]["message"]["body"] == "Teo Lindqvist added Ines Haddad"
    assert last_event(ines.topic)["type"] == "room.added"
    assert services.invite_person(actor=teo, room_id=secret.pk, user_id=ines.pk).seq == 0


def test_guests_add_nobody_and_nobody_adds_who_is_not_here(mina, teo, ines, room):
    gone = factories.make_person(is_active=False)
    with pytest.raises(Refused) as refused:
        services.invite_person(actor=mina, room_id=room.pk, user_id=gone.pk)
    assert refused.value.field == "user"
    factories.give_role(room, teo, "guest")
    with pytest.raises(Refused, match="forbidden"):
        services.invite_person(actor=teo, room_id=room.pk, user_id=ines.pk)


def test_the_people_of_a_direct_room_do_not_change(mina, teo, ines):
    direct = factories.make_direct(mina, teo)
    calls = [
        lambda: services.invite_person(actor=mina, room_id=direct.pk, user_id=ines.pk),
        lambda: services.leave_room(actor=mina, room_id=direct.pk),
        lambda: services.remove_member(actor=mina, room_id=direct.pk, user_id=teo.pk),
        lambda: services.create_link(actor=mina, room_id=direct.pk),
        lambda: services.set_role(actor=mina, room_id=direct.pk, user_id=teo.pk, role="owner"),
    ]
    for call in calls:
        with pytest.raises(Refused, match="forbidden"):
            call()
    assert direct.memberships.count() == 2


def test_who_leaves_is_dropped_from_the_topic_with_the_event(teo, room):
    services.leave_room(actor=teo, room_id=room.pk)
    told = last_event(topic_of(room))
    assert (told["type"], told["data"]["user"]) == ("member.left", teo.pk)
    assert told["effect"] == Effect(drop_user=teo.pk)
    assert last_event(teo.topic)["data"] == {"room": room.pk, "why": "left", "reason": "", "until": None}
    assert selectors.visible_topics(actor=teo, topics=[topic_of(room)]) == set()


def test_the_last_owner_hands_over_or_archives_before_going(mina, teo, room):
    with pytest.raises(Refused, match="forbidden"):
        services.leave_room(actor=mina, room_id=room.pk)
    with pytest.raises(Refused, match="forbidden"):
        services.set_role(actor=mina, room_id=room.pk, user_id=mina.pk, role="member")
    services.set_role(actor=mina, room_id=room.pk, user_id=teo.pk, role="owner")
    services.leave_room(actor=mina, room_id=room.pk)
    factories.change(teo, room, archived=True)
    services.leave_room(actor=teo, room_id=room.pk)
    assert roles(room) == {}


def test_somebody_outside_cannot_leave(ines, room):
    with pytest.raises(Refused, match="not_member"):
        services.leave_room(actor=ines, room_id=room.pk)


def test_a_moderator_removes_a_member_with_a_reason(mina, teo, ines, room):
    factories.give_role(room, teo, "moderator")
    services.join_room(actor=ines, room_id=room.pk)
    services.remove_member(actor=teo, room_id=room.pk, user_id=ines.pk, reason="spam")
    told = last_event(topic_of(room))
    assert (told["type"], told["data"]["message"]["body"]) == ("member.removed", "Ines Haddad was removed")
    assert told["effect"] == Effect(drop_user=ines.pk)
    assert last_event(ines.topic)["data"] == {"room": room.pk, "why": "removed", "reason": "spam", "until": None}
    assert AuditEntry.objects.get(action="member.remove").detail == {"user": ines.pk}
    with pytest.raises(Refused, match="forbidden"):
        services.remove_member(actor=teo, room_id=room.pk, user_id=mina.pk)


def test_removing_needs_rights_and_somebody_else_who_is_there(mina, teo, ines, room):
    for actor, user, code in ((teo, mina, "forbidden"), (mina, mina, "invalid"), (mina, ines, "invalid")):
        with pytest.raises(Refused, match=code):
            services.remove_member(actor=actor, room_id=room.pk, user_id=user.pk)


def test_an_owner_gives_roles(mina, teo, room):
    seq = services.set_role(actor=mina, room_id=room.pk, user_id=teo.pk, role="moderator").seq
    told = last_event(topic_of(room))
    assert (told["seq"], told["data"]["role"]) == (seq, "moderator")
    assert told["data"]["message"]["body"] == "Mina Okafor made Teo Lindqvist a moderator"
    assert services.set_role(actor=mina, room_id=room.pk, user_id=teo.pk, role="moderator").seq == 0


def test_only_owners_give_roles_and_only_known_ones(mina, teo, room):
    factories.give_role(room, teo, "moderator")
    with pytest.raises(Refused, match="forbidden"):
        services.set_role(actor=teo, room_id=room.pk, user_id=teo.pk, role="owner")
    with pytest.raises(Refused) as refused:
        services.set_role(actor=mina, room_id=room.pk, user_id=teo.pk, role="king")
    assert refused.value.field == "role"


def test_a_link_lets_somebody_in_and_is_not_kept_in_clear(mina, ines, secret):
    token = link_token(mina, secret, role="guest", max_uses=1)
    assert token not in str(RoomInvite.objects.values())
    assert services.join_room(actor=ines, token=token).room.id == secret.pk
    assert roles(secret)["ines"] == "guest"
    assert RoomInvite.objects.get().uses == 1


def test_a_member_uses_no_link_up(mina, teo, secret):
    token = link_token(mina, secret, max_uses=1)
    assert services.join_room(actor=teo, token=token).room.id == secret.pk
    assert RoomInvite.objects.get().uses == 0


def test_a_link_ends_by_its_time_its_uses_its_maker_or_its_room(mina, teo, ines, secret):
    over = link_token(mina, secret)
    RoomInvite.objects.update(expires_at=timezone.now())
    used = link_token(mina, secret, max_uses=1)
    services.join_room(actor=factories.make_person(), token=used)
    revoked = link_token(mina, secret)
    last = RoomInvite.objects.latest("pk")
    with pytest.raises(Refused, match="forbidden"):
        services.revoke_link(actor=teo, room_id=secret.pk, link_id=last.pk)
    services.revoke_link(actor=mina, room_id=secret.pk, link_id=last.pk)
    closed = link_token(mina, secret)
    states = []
    factories.change(mina, secret, archived=True)
    for token in (over, used, revoked, closed, "nothing"):
        with pytest.raises(Refused, match="gone"):
            services.join_room(actor=ines, token=token)
        states.append(selectors.link_page(token=token).state)
    assert states == ["ended", "ended", "revoked", "ended", "unknown"]
    factories.change(mina, secret, archived=False)
    assert selectors.link_page(token=used).state == "used_up"
    assert "ines" not in roles(secret)


def test_who_was_taken_out_does_not_come_back_by_a_link_of_their_own(mina, teo, ines, secret):
    own, of_mina = link_token(teo, secret), link_token(mina, secret)
    services.remove_member(actor=mina, room_id=secret.pk, user_id=teo.pk)
    with pytest.raises(Refused, match="gone"):
        services.join_room(actor=teo, token=own)
    assert services.join_room(actor=ines, token=of_mina).room.id == secret.pk


def test_who_is_no_owner_any_more_makes_no_moderators_by_an_old_link(mina, teo, ines, secret):
    services.set_role(actor=mina, room_id=secret.pk, user_id=teo.pk, role="owner")
    strong, plain = link_token(teo, secret, role="moderator"), link_token(teo, secret)
    services.set_role(actor=mina, room_id=secret.pk, user_id=teo.pk, role="member")
    assert [selectors.link_page(token=token).state for token in (strong, plain)] == ["revoked", "open"]
    services.set_role(actor=mina, room_id=secret.pk, user_id=teo.pk, role="guest")
    assert selectors.link_page(token=plain).state == "revoked"


def test_a_superuser_gives_a_room_without_owners_a_new_one(mina, teo, ines, secret):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    Membership.objects.filter(room=secret, user=mina).delete()
    done = services.appoint_owner(actor=boss, room_id=secret.pk, user_id=teo.pk, reason="Mina has gone.")
    told = last_event(topic_of(secret))
    assert (done.seq, told["type"], told["data"]["role"]) == (told["seq"], "member.role_changed", "owner")
    assert told["data"]["message"]["body"] == "Teo Lindqvist became an owner"
    assert roles(secret) == {"teo": "owner"}
    assert AuditEntry.objects.get(action="member.appoint_owner").reason == "Mina has gone."
    assert services.appoint_owner(actor=boss, room_id=secret.pk, user_id=teo.pk, reason="Again.").seq == 0


def test_nobody_else_appoints_owners_and_nobody_from_outside_is_one(mina, teo, ines, secret):
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    for actor in (mina, factories.make_person("staff", is_staff=True)):
        with pytest.raises(Refused, match="not_found"):
            services.appoint_owner(actor=actor, room_id=secret.pk, user_id=teo.pk, reason="x")
    with pytest.raises(Refused, match="invalid"):
        services.appoint_owner(actor=boss, room_id=secret.pk, user_id=ines.pk, reason="x")
    pair = factories.make_direct(mina, teo)
    with pytest.raises(Refused, match="forbidden"):
        services.appoint_owner(actor=boss, room_id=pair.pk, user_id=teo.pk, reason="x")
    assert roles(secret) == {"mina": "owner", "teo": "member"}


@pytest.mark.django_db(transaction=True)
def test_two_people_never_both_take_the_last_use(mina, secret):
    token = link_token(mina, secret, max_uses=1)
    people = [factories.make_person() for _ in range(4)]
    outcomes: list[str] = []
    start = threading.Barrier(len(people))

    def run(person):
        try:
            start.wait()
            services.join_room(actor=person, token=token)
            outcomes.append("in")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["gone", "gone", "gone", "in"]
    assert RoomInvite.objects.get().uses == 1


def test_a_list_of_links_costs_the_same_for_many(mina, room, django_assert_num_queries):
    for _ in range(5):
        link_token(mina, room)
    with django_assert_num_queries(3):
        assert len(selectors.invite_links(actor=mina, room_id=room.pk)) == 5


def test_links_are_listed_without_their_tokens(mina, teo, ines, room):
    services.create_link(actor=teo, room_id=room.pk, max_uses=3)
    services.create_link(actor=mina, room_id=room.pk)
    RoomInvite.objects.filter(created_by=mina).update(expires_at=timezone.now() - timedelta(seconds=1))
    [link] = selectors.invite_links(actor=mina, room_id=room.pk)
    assert (link.created_by.name, link.max_uses, link.uses) == ("teo", 3, 0)
    with pytest.raises(Refused, match="forbidden"):
        selectors.invite_links(actor=ines, room_id=room.pk)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": "king"}, "role"),
        ({"expires_in_seconds": 5}, "expires_in_seconds"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 1001}, "max_uses"),
    ],
)
def test_a_link_with_bad_values_is_refused_with_its_field(mina, room, given, field):
    with pytest.raises(Refused) as refused:
        services.create_link(actor=mina, room_id=room.pk, **given)
    assert (refused.value.code, refused.value.field) == ("invalid", field)


def test_nobody_makes_a_link_to_more_than_they_may_give(teo, ines, room, secret):
    with pytest.raises(Refused, match="forbidden"):
        services.create_link(actor=teo, room_id=room.pk, role="moderator")
    with pytest.raises(Refused, match="forbidden"):
        services.create_link(actor=ines, room_id=room.pk)
    with pytest.raises(Refused, match="not_found"):
        services.create_link(actor=ines, room_id=secret.pk)
