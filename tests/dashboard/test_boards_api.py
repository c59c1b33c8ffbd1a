"""Boards over HTTP: what the page's script asks, and what is answered to whoever may not."""

import json

import pytest

from chat import services as chat
from chat.api import answers
from dashboard import services
from dashboard.models import Board, Rule, Sample, Series
from dashboard.services.recording import database_now, record
from realtime.ratelimit import Limit
from tests import factories
from tests.dashboard.boarding import own_board, put, series_of, showing
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def ask(user, method, address, data=None):
    given = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
    response = getattr(signed_in(user), method)(address, **given)
    return response.status_code, (json.loads(response.content) if response.content else None)


def test_a_board_is_made_renamed_shared_and_deleted(mina, teo, room):
    status, made = ask(mina, "post", "/api/boards/", {"name": "  Health   now "})
    assert (status, made["name"], made["kind"]) == (201, "Health now", "own")
    address = made["url"].replace("/boards/", "/api/boards/")
    assert ask(mina, "post", address, {"name": "Other", "range_seconds": 3600})[0] == 200
    status, seen = ask(mina, "get", address)
    assert (status, seen["board"]["name"], seen["board"]["range_seconds"], seen["may_edit"]) == (
        200,
        "Other",
        3600,
        True,
    )
    assert ask(teo, "get", address)[0] == 404
    status, shares = ask(mina, "post", f"{address}shares/", {"room": room.pk, "may_edit": True})
    assert (status, shares["shares"][0]["name"], shares["shares"][0]["may_edit"]) == (200, "Realtime core", True)
    assert ask(teo, "get", address)[0] == 200
    assert ask(teo, "get", f"{address}shares/")[0] == 403
    assert ask(mina, "delete", f"{address}shares/{room.pk}/")[1] == {"shares": []}
    assert ask(teo, "get", address)[0] == 404
    assert ask(mina, "delete", address)[0] == 200
    assert ask(mina, "get", address)[0] == 404


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": "a" * 81}, 413, "name"),
        ({}, 400, None),
        ({"name": "a", "owner": 7}, 400, None),
        ({"name": "a", "copy": 2**70}, 404, None),
        ({"name": "a", "copy": 12345}, 404, None),
    ],
    ids=["empty", "long", "nothing", "more", "huge", "unknown"],
)
def test_a_board_that_cannot_be_made_says_why(mina, data, status, field):
    found, told = ask(mina, "post", "/api/boards/", data)
    assert (found, told["field"]) == (status, field)
    assert not Board.objects.exists()


def test_a_range_is_one_of_those_that_pages_know(mina):
    board = own_board(mina)
    found, told = ask(mina, "post", f"/api/boards/{board.id}/", {"range_seconds": 7})
    assert (found, told["field"]) == (400, "range_seconds")


def test_who_is_not_signed_in_gets_nothing(client, mina):
    board = own_board(mina)
    for address in ("/api/boards/", f"/api/boards/{board.id}/", f"/api/boards/{board.id}/samples/", "/api/series/"):
        assert client.get(address).status_code == 401


def test_a_rooms_board_is_made_when_a_member_first_asks(mina, teo, ines, room, secret):
    status, seen = ask(teo, "get", f"/api/rooms/{room.pk}/board/")
    assert (status, seen["board"]["room"], len(seen["panels"])) == (200, room.pk, 9)
    assert [one["title"] for one in seen["panels"]][:4] == ["Messages", "People", "Edits", "Assistant"]
    assert ask(ines, "get", f"/api/rooms/{room.pk}/board/")[0] == 403
    assert ask(ines, "get", f"/api/rooms/{secret.pk}/board/") == ask(ines, "get", "/api/rooms/99999/board/")
    assert Board.objects.count() == 1


def test_staff_find_the_platforms_board_in_their_list(mina):
    rosa = factories.make_person(is_staff=True)
    assert [one["board"]["kind"] for one in ask(rosa, "get", "/api/boards/")[1]["boards"]] == ["site"]
    assert ask(mina, "get", "/api/boards/")[1] == {"boards": [], "may_create": True, "templates": []}


def test_the_samples_of_a_board_are_those_that_the_reader_may_see(mina, ines, room, secret):
    chat.join_room(actor=ines, room_id=room.pk)
    board = own_board(mina)
    mine, closed = series_of(mina), series_of(room=secret.pk, name="messages")
    put(mina, board.id, series=showing(mine, closed))
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    services.publish_board(actor=mina, board_id=board.id, version=1)
    record()
    at = int(database_now().timestamp()) - 2
    for series in (mine, closed):
        Sample.objects.create(series=series, resolution=1, at=at, count=1, total=8, low=8, high=8, last=8, last_ms=0)
    status, seen = ask(ines, "get", f"/api/boards/{board.id}/samples/?seconds=900")
    assert (status, seen["step"], seen["series"]) == (200, 1, {str(mine.pk): [[at, 1, 8, 8, 8, 8]]})
    assert set(ask(mina, "get", f"/api/boards/{board.id}/samples/?seconds=900")[1]["series"]) == {
        str(mine.pk), str(closed.pk),
    }  # fmt: skip
    assert ask(ines, "get", f"/api/series/{closed.pk}/samples/")[0] == 404
    assert ask(ines, "get", f"/api/series/{mine.pk}/samples/")[0] == 404
    assert ask(mina, "get", f"/api/series/{mine.pk}/samples/?seconds=3600")[1]["step"] == 10


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("seconds=5", "seconds"),
        ("seconds=99999999999", "seconds"),
        ("from=10&to=5000", "from"),
        ("from=10", "to"),
        ("to=10", "from"),
        ("from=9&to=3", "to"),
        ("seconds=x", "seconds"),
        ("since=-1", "since"),
    ],
)
def test_a_range_that_cannot_be_says_why(mina, query, field):
    board = own_board(mina)
    status, told = ask(mina, "get", f"/api/boards/{board.id}/samples/?{query}")
    assert (status, told["field"]) == (400, field)


def test_series_to_choose_from_are_those_that_may_stand_on_the_board(mina, teo, room):
    mine, theirs = series_of(mina), series_of(teo)
    of_room, of_site = series_of(room=room.pk), series_of()
    board = own_board(mina)
    assert [one["id"] for one in ask(mina, "get", "/api/series/")[1]["series"]] == [mine.pk, of_room.pk]
    assert [one["id"] for one in ask(mina, "get", f"/api/series/?board={board.id}")[1]["series"]] == [
        mine.pk,
        of_room.pk,
    ]
    rooms = services.ensure_room_board(actor=mina, room_id=room.pk)
    ids = {one["id"] for one in ask(mina, "get", f"/api/series/?board={rooms}")[1]["series"]}
    assert (of_room.pk in ids, mine.pk in ids, of_site.pk in ids, theirs.pk in ids) == (True, False, False, False)
    assert ask(teo, "get", f"/api/series/?board={board.id}")[0] == 404


def test_rules_of_a_board_are_shown_to_those_who_are_in_the_room_they_tell(mina, ines, room, secret):
    chat.join_room(actor=ines, room_id=room.pk)
    board = own_board(mina)
    series = series_of(mina)
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    for place in (room, secret):
        Rule.objects.create(board_id=board.id, series=series, room=place, title=place.name, threshold=5, made_by=mina)
    titles = {
        user: [one["title"] for one in ask(user, "get", f"/api/boards/{board.id}/")[1]["rules"]]
        for user in (mina, ines)
    }
    assert titles == {mina: ["Realtime core", "Hiring"], ines: ["Realtime core"]}


def test_pages_of_boards_are_the_shell_and_unknown_ones_say_so(mina, teo, room):
    board = own_board(mina)
    for address in ("/boards/", f"/boards/{board.id}/", f"/rooms/{room.slug}/board/"):
        assert signed_in(mina).get(address).status_code == 200
    assert signed_in(teo).get(f"/boards/{board.id}/").status_code == 404
    assert signed_in(factories.make_person()).get("/boards/99999999999999999999/").status_code == 404
    assert Series.objects.count() == 0


def test_a_flood_of_writes_is_slowed_down(mina, monkeypatch):
    # On a busy machine forty writes may take longer than what is allowed in that time.
    monkeypatch.setattr(answers, "WRITES", Limit(burst=3, per_second=0.001))
    board = own_board(mina)
    found = [ask(mina, "post", f"/api/boards/{board.id}/", {"name": f"Name {n}"})[0] for n in range(4)]
    assert found == [200, 200, 200, 429]


def test_markdown_is_made_ready_while_it_is_typed_for_whoever_may_edit(mina, teo, ines, room):
    board = own_board(mina)
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    address = f"/api/boards/{board.id}/text/"
    status, ready = ask(mina, "post", address, {"text": "**Ines** <script>alert(1)</script>"})
    assert (status, "<strong>Ines</strong>" in ready["html"], "<script" in ready["html"]) == (200, True, False)
    assert ask(mina, "post", address, {"text": ""}) == (200, {"html": ""})
    assert ask(teo, "post", address, {"text": "x"})[0] == 403
    assert ask(ines, "post", address, {"text": "x"})[0] == 404
    status, refused = ask(mina, "post", address, {"text": "x" * 8001})
    assert (status, refused["code"]) == (413, "too_large")
