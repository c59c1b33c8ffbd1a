"""Boards and figures read by a script: what its owner may see, and no more."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.models import Room
from dashboard import services
from dashboard.services import recording
from tests.api.conftest import Script

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def test_a_script_reads_what_it_pushed(mina: User) -> None:
    script = Script(mina)
    script.told("POST", "metrics", {"samples": [{"name": "load", "value": 0.5}]})
    recording.record()
    [series] = script.told("GET", "series")["series"]
    assert (series["name"], series["last_value"], series["outside"]) == ("load", 0.5, True)
    found = script.told("GET", f"series/{series['id']}/samples?seconds=900")
    [bucket] = found["series"][str(series["id"])]
    assert (bucket[1:], found["step"]) == ([1, 0.5, 0.5, 0.5, 0.5], 1)
    assert found["start"] <= bucket[0] < found["end"]
    wide = script.told("GET", f"series/{series['id']}/samples?from={bucket[0] - 86_400}&to={bucket[0] + 60}")
    assert wide["step"] == 60


def test_a_script_reads_the_board_of_its_rooms(mina: User, ines: User, secret: Room) -> None:
    board = services.ensure_room_board(actor=mina, room_id=secret.pk)
    told = Script(mina).told("GET", f"boards/{board}")
    assert (told["board"]["kind"], told["board"]["room"]) == ("room", secret.pk)
    assert [one["board"]["id"] for one in Script(mina).told("GET", "boards")["boards"]] == [board]
    assert Script(mina).told("GET", f"boards/{board}/samples")["step"] == 1
    for path in (f"boards/{board}", f"boards/{board}/samples", f"series?room={secret.pk}", "series/1/samples"):
        assert Script(ines).refused("GET", path) == (404, "not_found")
    assert Script(ines).told("GET", "boards")["boards"] == []


@pytest.mark.parametrize("query", ["seconds=5", "from=1", "from=5&to=4", "seconds=99999999999", "since=-1"])
def test_a_range_that_cannot_be_is_told(mina: User, room: Room, query: str) -> None:
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    assert Script(mina).refused("GET", f"boards/{board}/samples?{query}") == (400, "invalid")
