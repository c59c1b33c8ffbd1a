"""Scripts and rooms: found, made, changed, joined, and never told of to whom they are hidden."""

from __future__ import annotations

from uuid import UUID

import pytest

from accounts.models import User
from chat.models import Membership, Room
from tests import factories
from tests.api.conftest import Script


def test_script_finds_the_rooms_that_its_owner_may_see(mina: User, ines: User, room: Room, secret: Room) -> None:
    direct = factories.make_direct(mina, ines)
    ids = lambda found: [one["room"]["id"] for one in found["rooms"]]  # noqa: E731
    assert ids(Script(mina).told("GET", "rooms")) == [room.pk, secret.pk, direct.pk]
    outside = Script(ines)
    assert ids(outside.told("GET", "rooms")) == [room.pk, direct.pk]
    assert ids(outside.told("GET", "rooms?joined=true")) == [direct.pk]
    assert ids(outside.told("GET", "rooms?joined=false&q=realtime")) == [room.pk]
    assert ids(outside.told("GET", "rooms?archived=true")) == []


def test_script_walks_through_rooms_by_the_links(mina: User) -> None:
    rooms = [factories.make_room(mina, name=f"Room {number}").pk for number in range(5)]
    script, path, found = Script(mina), "rooms?limit=2&joined=true", []
    while path:
        response = script.get(path)
        found += [one["room"]["id"] for one in response.json()["rooms"]]
        link = response.get("Link", "")
        path = link.partition(">")[0].partition("/api/v1/")[2] if 'rel="next"' in link else ""
    assert found == rooms


def test_script_makes_a_room_once(mina: User, teo: User) -> None:
    script = Script(mina)
    wish = {"kind": "private", "name": "Release", "members": [teo.pk]}
    made = script.told("POST", "rooms", wish, status=201, key="release-1")
    again = script.ask("POST", "rooms", wish, key="release-1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.json() == made
    assert Room.objects.get().memberships.count() == 2
    assert script.refused("POST", "rooms", {**wish, "name": "Other"}, key="release-1") == (409, "conflict")


def test_script_reads_and_changes_a_room(mina: User, teo: User, room: Room) -> None:
    script = Script(mina)
    info = script.told("GET", f"rooms/{room.pk}")
    assert (info["role"], info["member_count"], info["room"]["name"]) == ("owner", 2, "Realtime core")
    seq = script.told("PATCH", f"rooms/{room.pk}", {"purpose": "Sockets"})["seq"]
    assert seq == info["as_of_seq"] + 1
    assert script.told("PATCH", f"rooms/{room.pk}", {"purpose": "Sockets"}) == {"seq": 0}
    assert Script(teo).refused("PATCH", f"rooms/{room.pk}", {"purpose": "x"}) == (403, "forbidden")


def test_script_joins_and_leaves(ines: User, room: Room) -> None:
    script = Script(ines)
    assert script.told("POST", f"rooms/{room.pk}/join")["room"]["id"] == room.pk
    script.told("POST", f"rooms/{room.pk}/leave", status=204)
    assert not Membership.objects.filter(room=room, user=ines).exists()


def test_script_manages_members(mina: User, ines: User, room: Room) -> None:
    script, members = Script(mina), f"rooms/{room.pk}/members"
    assert script.told("POST", members, {"user": ines.pk})["seq"]
    assert script.told("PATCH", f"{members}/{ines.pk}", {"role": "moderator"})["seq"]
    first = script.told("GET", f"{members}?limit=2")
    rest = script.told("GET", f"{members}?limit=2&after={first['next']}")
    roles = [one["role"] for one in [*first["members"], *rest["members"]]]
    assert sorted(roles) == ["member", "moderator", "owner"]
    assert rest["next"] is None
    assert script.told("DELETE", f"{members}/{ines.pk}?reason=Moved")["seq"]
    assert Script(ines).refused("POST", members, {"user": ines.pk}) == (403, "forbidden")


def test_script_opens_a_direct_room(mina: User, teo: User) -> None:
    made = Script(mina).told("POST", "rooms/direct", {"users": [teo.pk]})
    assert Script(teo).told("POST", "rooms/direct", {"users": [mina.pk]}) == made


@pytest.mark.parametrize(
    "path", ["", "/members", "/messages", "/documents", f"/messages/{UUID(int=0)}", "/messages?after=1"]
)
def test_private_room_cannot_be_told_from_none(ines: User, secret: Room, path: str) -> None:
    script = Script(ines)
    hidden, absent = script.get(f"rooms/{secret.pk}{path}"), script.get(f"rooms/{secret.pk + 999}{path}")
    bodies = [{**response.json(), "request_id": ""} for response in (hidden, absent)]
    assert (hidden.status_code, bodies[0]) == (404, bodies[1])
    assert absent.status_code == 404


def test_people_are_found_by_name(mina: User, teo: User, room: Room) -> None:
    script = Script(mina)
    assert [person["name"] for person in script.told("GET", "people?q=lindq")["people"]] == ["teo"]
    assert len(script.told("GET", f"people?room={room.pk}")["people"]) == 2
    assert "northwind.example" not in script.get("people?q=mina").content.decode()


def test_whole_number_with_a_point_is_a_whole_number(mina: User, teo: User) -> None:
    script = Script(mina)
    assert script.told("POST", "rooms/direct", {"users": [float(teo.pk)]})["room"]["kind"] == "direct"
    assert script.refused("POST", "rooms/direct", {"users": [teo.pk + 0.5]}) == (400, "invalid")
