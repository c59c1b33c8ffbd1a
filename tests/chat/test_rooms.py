"""Rooms: made, opened, changed."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection

from chat import services
from chat.models import Membership, Room
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import events, head, last_event, topic_of

pytestmark = pytest.mark.stack


def create(actor, **given):
    values: dict[str, Any] = {"cid": uuid.uuid4(), "kind": "public", "name": "General"} | given
    return services.create_room(actor=actor, **values).room


def test_a_person_makes_a_room_and_owns_it(mina, teo):
    room = create(mina, name="Realtime core", purpose="Edits", members=[teo.pk, mina.pk])
    assert (room.slug, room.url, room.purpose) == ("realtime-core", "/rooms/realtime-core/", "Edits")
    assert dict(Membership.objects.values_list("user", "role")) == {mina.pk: "owner", teo.pk: "member"}
    [told] = events(f"room:{room.id}")
    assert told["type"] == "member.joined"
    assert told["data"]["message"]["body"] == "Mina Okafor made this room"
    for user in (mina, teo):
        summary = last_event(user.topic)["data"]["summary"]
        assert (summary["room"]["id"], summary["head_seq"], summary["unread"]) == (room.id, 1, 0)


def test_the_same_cid_makes_one_room(mina):
    cid = uuid.uuid4()
    assert create(mina, cid=cid).id == create(mina, cid=cid).id
    assert Room.objects.count() == 1
    assert head(mina.topic) == 1


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"kind": "direct"}, "invalid", "kind"),
        ({"name": " "}, "invalid", "name"),
        ({"name": "x" * 81}, "too_large", "name"),
        ({"name": "a\u202eb"}, "invalid", "name"),
        ({"purpose": "x" * 251}, "too_large", "purpose"),
        ({"slug": "Not A Slug"}, "invalid", "slug"),
        ({"members": [10**9]}, "invalid", "members"),
        ({"members": range(1, 200)}, "too_large", "members"),
    ],
)
def test_a_bad_wish_is_refused_with_its_field(mina, given, code, field):
    with pytest.raises(Refused) as refused:
        create(mina, **given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Room.objects.exists()


def test_a_taken_address_is_a_conflict_and_a_name_finds_another(mina, teo):
    create(mina, slug="plans")
    with pytest.raises(Refused) as refused:
        create(teo, slug="plans")
    assert (refused.value.code, refused.value.field) == ("conflict", "slug")
    assert [create(teo, name="Plans").slug for _ in range(2)] == ["plans-2", "plans-3"]


def test_a_private_room_cannot_be_found_by_trying_its_name(mina, teo):
    hidden = create(mina, kind="private", name="Hiring", slug="hiring")
    assert hidden.slug.startswith("hiring-")
    assert create(teo, name="Hiring", slug="hiring").slug == "hiring"


def test_two_people_open_one_direct_room(mina, teo):
    first = services.open_direct(actor=mina, users=[teo.pk]).room
    again = services.open_direct(actor=teo, users=[mina.pk, teo.pk]).room
    assert (first.id, first.kind, first.url) == (again.id, "direct", f"/direct/{first.id}/")
    assert head(f"room:{first.id}") == 0
    summary = last_event(teo.topic)["data"]["summary"]
    assert [person["name"] for person in summary["people"]] == ["mina"]
    assert head(teo.topic) == 1


def test_three_people_are_a_group(mina, teo, ines):
    group = factories.make_direct(mina, teo, ines)
    assert (group.kind, group.memberships.count()) == ("group", 3)
    assert factories.make_direct(ines, teo, mina) == group


@pytest.mark.django_db(transaction=True)
def test_both_open_the_direct_room_at_the_same_moment(mina, teo):
    found, start = set(), threading.Barrier(2)

    def run(actor, other):
        try:
            start.wait()
            found.add(services.open_direct(actor=actor, users=[other.pk]).room.id)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in ((mina, teo), (teo, mina))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert [head(user.topic) for user in (mina, teo)] == [1, 1]


def test_a_direct_room_needs_other_people_who_are_here(mina):
    gone = factories.make_person(is_active=False)
    for users in ([], [mina.pk], [10**9], [gone.pk]):
        with pytest.raises(Refused, match="invalid"):
            services.open_direct(actor=mina, users=users)
    with pytest.raises(Refused, match="too_large"):
        services.open_direct(actor=mina, users=range(10**6, 10**6 + 9))


def test_an_owner_changes_settings_and_the_room_is_told_in_one_sentence(mina, room):
    seq = factories.change(mina, room, name="Core", purpose="Edits", slow_mode_seconds=30, read_only=True)
    told = last_event(topic_of(room))
    assert (told["type"], told["seq"]) == ("room.updated", seq)
    view = told["data"]["room"]
    assert (view["name"], view["slow_mode_seconds"], view["read_only"], view["slug"]) == (
        "Core",
        30,
        True,
        "realtime-core",
    )
    assert told["data"]["message"]["body"] == (
        "Mina Okafor renamed the room to Core and set the topic to “Edits” and set slow mode to 30 s"
        " and made the room read-only"
    )


def test_nothing_new_is_seq_0(mina, room):
    before = head(topic_of(room))
    assert factories.change(mina, room, name="Realtime core", archived=False, slow_mode_seconds=0) == 0
    assert head(topic_of(room)) == before


def test_moderators_set_the_pace_and_owners_the_rest(mina, teo, room):
    factories.give_role(room, teo, "moderator")
    assert factories.change(teo, room, slow_mode_seconds=60, read_only=True)
    for settings in ({"name": "x"}, {"purpose": "x"}, {"archived": True}):
        with pytest.raises(Refused, match="forbidden"):
            factories.change(teo, room, **settings)
    factories.give_role(room, teo, "member")
    with pytest.raises(Refused, match="forbidden"):
        factories.change(teo, room, slow_mode_seconds=5)


def test_outsiders_and_direct_rooms_have_no_settings(mina, teo, ines, room, secret):
    with pytest.raises(Refused, match="forbidden"):
        factories.change(ines, room, name="x")
    with pytest.raises(Refused, match="not_found"):
        factories.change(ines, secret, name="x")
    with pytest.raises(Refused, match="forbidden"):
        factories.change(mina, factories.make_direct(mina, teo), name="x")


def test_an_archived_room_is_opened_again_before_anything_else(mina, room):
    assert factories.change(mina, room, archived=True)
    with pytest.raises(Refused, match="read_only"):
        factories.change(mina, room, name="x")
    assert factories.change(mina, room, archived=False)
    assert last_event(topic_of(room))["data"]["room"]["archived_at"] is None


@pytest.mark.parametrize("seconds", [-1, 21_601])
def test_slow_mode_has_bounds(mina, room, seconds):
    with pytest.raises(Refused) as refused:
        factories.change(mina, room, slow_mode_seconds=seconds)
    assert refused.value.field == "slow_mode_seconds"
