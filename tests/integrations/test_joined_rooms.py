"""What people of a room see of a bridge: what it is joined with, who came over, and what cannot be done with those."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from chat import services as chat
from integrations.models import BridgedPerson, BridgedPost, BridgeLink, BridgePulse, MattermostServer
from realtime.protocol import Refused
from tests import factories
from tests.people import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def server() -> MattermostServer:
    return MattermostServer.objects.create(
        name="Northwind chat", url="https://chat.example.org", secret="x", instance="i"
    )


@pytest.fixture
def link(server, room) -> BridgeLink:
    return BridgeLink.objects.create(server=server, room=room, channel_id="c" * 26, channel_name="town-square")


def bridged(server: MattermostServer, name: str, **given: Any) -> User:
    """Somebody there, as the bridge makes them."""
    user = factories.make_person(f"{name}-mm-1a2b3c", kind="bridge", is_active=False, display_name=name.capitalize())
    BridgedPerson.objects.create(server=server, remote_id=name.ljust(26, "x"), username=name, user=user, **given)
    return user


def asked(user: User, path: str, **query: Any) -> tuple[int, Any]:
    response = signed_in(user).get(path, query)
    return response.status_code, response.json()


def test_member_reads_what_the_room_is_joined_with_and_a_stranger_does_not(mina, ines, secret, link, server, room):
    BridgeLink.objects.create(server=server, room=secret, channel_id="d" * 26, channel_name="ops", direction="in")
    status, told = asked(mina, f"/api/rooms/{secret.pk}/bridges/")
    assert (status, told["joined"]) == (
        200,
        [{"server": "Northwind chat", "channel": "ops", "direction": "in", "works": True}],
    )
    assert asked(ines, f"/api/rooms/{secret.pk}/bridges/")[0] == 404
    MattermostServer.objects.update(enabled=False)
    assert asked(mina, f"/api/rooms/{room.pk}/bridges/")[1]["joined"][0]["works"] is False
    BridgeLink.objects.update(enabled=False)
    assert asked(mina, f"/api/rooms/{room.pk}/bridges/")[1] == {"joined": [], "people": []}


def test_completion_finds_people_of_the_joined_servers_only(mina, room, link, server, teo):
    ann = bridged(server, "ann")
    bridged(server, "robot", is_bot=True)
    elsewhere = MattermostServer.objects.create(name="Other", url="https://o.example.org", secret="x", instance="i")
    bridged(elsewhere, "annika")
    # An own account on that server is their account here: they are found as themselves.
    BridgedPerson.objects.create(server=server, remote_id="t" * 26, username="ann-teo", user=teo)
    for wanted in ("an", "@ANN", ""):
        found = asked(mina, f"/api/rooms/{room.pk}/bridges/", q=wanted)[1]["people"]
        assert [person["id"] for person in found] == [ann.pk]
    assert asked(mina, f"/api/rooms/{room.pk}/bridges/", q="zoe")[1]["people"] == []
    assert asked(mina, f"/api/rooms/{room.pk}/bridges/", q="a\x00")[0] == 400


def test_anybody_signed_in_learns_where_somebody_is_and_nothing_of_others(mina, teo, server):
    ann = bridged(server, "ann")
    old = factories.make_person("old", kind="bridge", is_active=False)
    given = f"{ann.pk},{old.pk},{teo.pk},x,²,{2**63},,-1"
    assert asked(mina, "/api/bridged/", ids=given) == (
        200,
        [{"id": ann.pk, "server": "Northwind chat", "name": "ann"}],
    )
    assert asked(mina, "/api/bridged/") == (200, [])


def test_nobody_invites_or_writes_to_or_finds_people_of_a_server(mina, room, server):
    ann = bridged(server, "ann")
    with pytest.raises(Refused):
        chat.invite_person(actor=mina, room_id=room.pk, user_id=ann.pk)
    with pytest.raises(Refused):
        chat.open_direct(actor=mina, users=[ann.pk])
    assert asked(mina, "/api/people/", q="ann")[1] == []
    assert "/account/login/" in signed_in(ann).get("/account/profile/")["Location"]


def test_reader_of_a_room_learns_when_late_messages_were_said(mina, ines, room, secret, server, link):
    ann = bridged(server, "ann")
    BridgePulse.objects.create(server=server, clock_ms=5_000)
    said = [say_late(link, ann, at_ms) for at_ms in (1_767_603_605_000, -1, 10**15)]
    ours = say_late(link, ann, 1_767_603_605_000, ours=True)
    given = ",".join(str(one) for one in (*said, ours, uuid4()))
    assert asked(mina, f"/api/rooms/{room.pk}/said/", ids=given) == (
        200,
        [{"id": str(said[0]), "at": "2026-01-05T09:00:00Z"}],
    )
    assert asked(mina, f"/api/rooms/{secret.pk}/said/", ids=given) == (200, [])
    assert asked(ines, f"/api/rooms/{secret.pk}/said/", ids=given)[0] == 404
    assert asked(mina, f"/api/rooms/{room.pk}/said/", ids="x")[0] == 400
    assert asked(mina, f"/api/rooms/{room.pk}/said/") == (200, [])


def say_late(link: BridgeLink, user: User, at_ms: int, *, ours: bool = False) -> UUID:
    """A message that was said at a moment of the server's clock."""
    sent = chat.say_bridged(author=user, room_id=link.room_id, cid=uuid4(), body="Late")
    remote_id = sent.id.hex[:26]
    BridgedPost.objects.create(link=link, local_id=sent.id, remote_id=remote_id, ours=ours, remote_create_at_ms=at_ms)
    return sent.id
