"""The JSON API: snapshots, history, lists, errors."""

from typing import Any

import pytest
from django.test import Client

from chat import services
from tests import factories
from tests.chat.conftest import signed_in
from tests.factories import say

pytestmark = pytest.mark.stack


def get(client: Client, path: str, **query) -> Any:
    response = client.get(path, query)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    return response.json()


ADDRESSES = [
    "/api/home/",
    "/api/rooms/",
    "/api/rooms/{room}/snapshot/",
    "/api/rooms/{room}/messages/",
    "/api/rooms/{room}/threads/{message}/",
    "/api/rooms/{room}/links/",
    "/api/messages/{message}/revisions/",
    "/api/people/",
    "/api/people/?room={room}",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_is_not_signed_in_gets_401_as_json(client, mina, room, address):
    path = address.format(room=room.pk, message=say(mina, room).pk)
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (401, "forbidden")


@pytest.mark.parametrize("address", ADDRESSES[2:7] + ADDRESSES[8:])
def test_a_forbidden_room_and_an_unknown_one_look_the_same(mina, ines, secret, address):
    message = say(mina, secret)
    client = signed_in(ines)
    hidden = client.get(address.format(room=secret.pk, message=message.pk))
    absent = client.get(address.format(room=10**9, message=factories.nobody()))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_api_only_answers_get(mina, room, address):
    path = address.format(room=room.pk, message=say(mina, room).pk)
    response = signed_in(mina).post(path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_home_shows_the_rooms_of_the_person_in_the_order_of_joining(mina, teo, room, secret):
    direct = factories.make_direct(teo, mina)
    say(mina, room, "@teo **look**")
    home = get(signed_in(teo), "/api/home/")
    assert [one["room"]["id"] for one in home["rooms"]] == [room.pk, secret.pk, direct.pk]
    first = home["rooms"][0]
    assert (first["unread"], first["mentions"], first["last_message"]["excerpt"]) == (1, 1, "@teo **look**")
    assert [person["name"] for person in home["rooms"][2]["people"]] == ["mina"]
    assert home["me"]["name"] == "teo"


def test_a_member_sees_the_room_and_its_people(mina, teo, room):
    message = say(mina, room, "Hello")
    seen = get(signed_in(teo), f"/api/rooms/{room.pk}/snapshot/")
    assert (seen["as_of_seq"], seen["role"], seen["member_count"]) == (message.seq, "member", 2)
    assert [member["person"]["name"] for member in seen["members"]] == ["mina", "teo"]
    assert [one["kind"] for one in seen["messages"]] == ["system", "user"]
    assert seen["permissions"] == ["post", "invite"]
    assert "@northwind.example" not in str(seen)


def test_somebody_outside_reads_a_public_room_without_who_is_here(mina, ines, room):
    say(mina, room, "Hello")
    seen = get(signed_in(ines), f"/api/rooms/{room.pk}/snapshot/")
    assert (seen["role"], seen["permissions"], seen["presence"]) == ("", ["join"], [])
    assert seen["messages"][-1]["body"] == "Hello"


def test_history_goes_back_and_forth_without_overlap(mina, room):
    seqs = [say(mina, room, str(number)).seq for number in range(70)]
    client = signed_in(mina)
    newest = get(client, f"/api/rooms/{room.pk}/messages/", limit=30)
    assert [one["seq"] for one in newest["messages"]] == seqs[-30:]
    assert (newest["has_before"], newest["has_after"]) == (True, False)
    older = get(client, f"/api/rooms/{room.pk}/messages/", before=seqs[-30], limit=100)
    assert [one["seq"] for one in older["messages"]] == [1, *seqs[:-30]]
    assert (older["has_before"], older["has_after"]) == (False, True)
    newer = get(client, f"/api/rooms/{room.pk}/messages/", after=seqs[3], limit=5)
    assert [one["seq"] for one in newer["messages"]] == seqs[4:9]
    assert (newer["has_before"], newer["has_after"]) == (True, True)


def test_a_page_around_a_message_has_it_in_its_middle(mina, room):
    messages = [say(mina, room, str(number)) for number in range(80)]
    client = signed_in(mina)
    seen = get(client, f"/api/rooms/{room.pk}/snapshot/", around=messages[40].pk)
    assert [one["seq"] for one in seen["messages"]].index(messages[40].seq) == 25
    assert (seen["has_before"], seen["has_after"]) == (True, True)
    reply = say(mina, room, "in the thread", thread=messages[40].pk)
    seen = get(client, f"/api/rooms/{room.pk}/snapshot/", around=reply.pk)
    assert [one["seq"] for one in seen["messages"]].index(messages[40].seq) == 25


def test_replies_in_threads_stay_out_of_the_log_and_stand_in_the_thread(mina, teo, room):
    root = say(mina, room, "root")
    reply = say(teo, room, "reply", thread=root.pk)
    client = signed_in(teo)
    page = get(client, f"/api/rooms/{room.pk}/messages/")
    assert str(reply.pk) not in [one["id"] for one in page["messages"]]
    assert page["messages"][-1]["thread"]["replies"] == 1
    thread = get(client, f"/api/rooms/{room.pk}/threads/{root.pk}/")
    assert (thread["root"]["body"], [one["body"] for one in thread["replies"]]) == ("root", ["reply"])
    assert client.get(f"/api/rooms/{room.pk}/threads/{reply.pk}/").status_code == 404


def test_revisions_are_newest_first_and_gone_with_the_message(mina, teo, room):
    message = say(mina, room, "one")
    for body in ("two", "three"):
        services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body=body)
    client = signed_in(teo)
    path = f"/api/messages/{message.pk}/revisions/"
    found = get(client, path)
    assert [one["body"] for one in found] == ["three", "two", "one"]
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    services.delete_message(actor=mina, room_id=room.pk, message_id=message.pk)
    assert get(client, path) == []


def test_browsing_shows_public_rooms_and_ones_own(mina, teo, ines, room, secret):
    factories.make_direct(mina, teo)
    factories.change(mina, factories.make_room(mina, name="Old"), archived=True)
    assert [one["room"]["name"] for one in get(signed_in(ines), "/api/rooms/")] == ["Realtime core"]
    client = signed_in(teo)
    mine = get(client, "/api/rooms/")
    assert [(one["room"]["name"], one["joined"], one["member_count"]) for one in mine] == [
        ("Hiring", True, 2),
        ("Realtime core", True, 2),
    ]
    assert [one["room"]["name"] for one in get(client, "/api/rooms/", q="#CORE")] == ["Realtime core"]
    assert [one["room"]["name"] for one in get(client, "/api/rooms/", archived=1)] == ["Old"]


def test_people_are_found_by_name_and_inside_a_room(mina, teo, ines, room):
    client = signed_in(teo)
    assert [one["name"] for one in get(client, "/api/people/", q="ha")] == ["ines"]
    assert get(client, "/api/people/", q="ines", room=room.pk) == []
    assert {one["name"] for one in get(client, "/api/people/", room=room.pk)} == {"mina", "teo"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"before": "x"}, "before"),
        ({"after": "-1"}, "after"),
        ({"limit": "9" * 30}, "limit"),
        ({"before": "1", "after": "2"}, "after"),
    ],
)
def test_a_bad_number_is_refused_with_its_field(mina, room, query, field):
    response = signed_in(mina).get(f"/api/rooms/{room.pk}/messages/", query)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (400, "invalid", field)


@pytest.mark.parametrize("text", ["\x00", "'; DROP TABLE", "%", "_", "\\", "x" * 5000, "\u202e"])
def test_any_search_text_is_harmless(mina, room, text):
    client = signed_in(mina)
    for path in ("/api/people/", "/api/rooms/"):
        response = client.get(path, {"q": text})
        assert response.status_code == (400 if "\x00" in text else 200)


def test_an_id_that_is_none_is_not_found(mina, room):
    assert signed_in(mina).get(f"/api/rooms/{room.pk}/snapshot/", {"around": "x"}).status_code == 404
    assert signed_in(mina).get(f"/api/rooms/{10**18}/snapshot/").status_code == 404
    assert signed_in(mina).get(f"/api/rooms/{10**30}/snapshot/").status_code == 404
