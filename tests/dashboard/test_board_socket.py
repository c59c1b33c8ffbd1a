"""The socket of a board: two people change it together, and whoever may no longer see it is out at once."""

import asyncio
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from chat import services as chat
from collab.asgi import application
from dashboard import services, watching
from dashboard.models import Watch
from realtime import consumers, testing
from tests import factories
from tests.dashboard.boarding import own_board, put, snapshot
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("realtime")]

on_a_thread = sync_to_async(thread_sensitive=True)


@pytest.fixture
async def realtime(transactional_db, settings):
    """A hub of this test's own."""
    settings.ALLOWED_HOSTS = ["testserver"]
    consumers._buckets.clear()
    yield
    await testing.stop_realtime()


def opened(user, board):
    return testing.connected(user, path=f"/ws/dashboard/{board}/", application=application)


async def subscribe(socket, board, after=None):
    answer = await socket.command("subscribe", {"topics": {f"dashboard:{board}": after}})
    return answer["data"][f"dashboard:{board}"]["mode"]


def say(board, socket, type, **data):
    return socket.command(type, data, topic=f"dashboard:{board}")


def new_panel(**given):
    return {"id": str(uuid4()), "kind": "line", "title": "New", "x": 0, "y": 0, "w": 6, "h": 4} | given


@pytest.fixture
def board(mina, teo, room):
    made = own_board(mina)
    services.share_board(actor=mina, board_id=made.id, room_id=room.pk, may_edit=True)
    return made.id


async def test_two_people_draw_and_each_hears_both(mina, teo, board):
    async with opened(mina, board) as one, opened(teo, board) as two:
        assert [await subscribe(one, board), await subscribe(two, board)] == ["snapshot", "snapshot"]
        view = new_panel()
        ack = await say(board, one, "panel.add", panel=view)
        assert (ack["data"]["panel"]["title"], ack["data"]["duplicate"]) == ("New", False)
        for socket in (one, two):
            heard = await socket.expect("panel.changed")
            assert (heard["data"]["panel"]["id"], heard["data"]["board"]["changed_by"]["id"]) == (view["id"], mina.pk)
        await say(board, two, "panel.change", panel=view["id"], title="Teo's", x=2)
        await say(board, one, "panel.change", panel=view["id"], w=4)
        told = [await one.expect("panel.changed") for _ in range(2)][-1]["data"]["panel"]
        assert (told["title"], told["x"], told["w"], told["version"]) == ("Teo's", 2, 4, 3)
        await say(board, two, "board.publish", version=1)
        assert [one["title"] for one in (await one.expect("board.published"))["data"]["panels"]] == ["Teo's"]
        refused = await say(board, one, "board.publish", version=1)
        assert (refused["type"], refused["code"]) == ("error", "conflict")


async def test_a_command_without_rights_or_sense_is_answered_in_words(mina, ines, room, board):
    await on_a_thread(chat.join_room)(actor=ines, room_id=room.pk)
    await on_a_thread(services.share_board)(actor=mina, board_id=board, room_id=room.pk)
    async with opened(ines, board) as socket:
        await subscribe(socket, board)
        assert (await say(board, socket, "panel.add", panel=new_panel()))["code"] == "forbidden"
        assert (await say(board + 1, socket, "panel.add", panel=new_panel()))["code"] == "invalid"
        wrong = await say(board, socket, "panel.add", panel={"kind": "line"})
        assert (wrong["code"], wrong["type"]) == ("invalid", "error")
        assert (await socket.command("subscribe", {"topics": {f"room:{room.pk}": None}}))["code"] == "invalid"


async def test_who_may_not_see_a_board_is_told_that_there_is_nothing(ines, board):
    for number in (board, board + 1000):
        async with opened(ines, number) as socket:
            await socket.send("subscribe", {"topics": {f"dashboard:{number}": None}})
            told = await socket.expect("error")
            assert told["code"] == "not_found"
            await socket.expect_closed(4404)


async def test_a_member_who_is_removed_is_out_of_the_rooms_board_at_once(mina, teo, room):
    board = await on_a_thread(services.ensure_room_board)(actor=mina, room_id=room.pk)
    async with opened(teo, board) as socket:
        await subscribe(socket, board)
        await on_a_thread(chat.remove_member)(actor=mina, room_id=room.pk, user_id=teo.pk)
        assert (await socket.expect("error"))["code"] == "not_member"
        await socket.expect_closed(4403)
    async with opened(teo, board) as socket:
        await socket.send("subscribe", {"topics": {f"dashboard:{board}": 0}})
        await socket.expect_closed(4404)


async def test_a_member_who_is_removed_comes_back_to_a_shared_board_only_by_another_room(mina, teo, room, board):
    async with opened(teo, board) as socket:
        await subscribe(socket, board)
        await on_a_thread(chat.remove_member)(actor=mina, room_id=room.pk, user_id=teo.pk)
        await socket.expect_closed(1012)
    async with opened(teo, board) as socket:
        await socket.send("subscribe", {"topics": {f"dashboard:{board}": 0}})
        await socket.expect_closed(4404)


async def test_a_board_taken_back_closes_and_its_owner_comes_back(mina, teo, room, board):
    async with opened(teo, board) as one, opened(mina, board) as two:
        await subscribe(one, board)
        await subscribe(two, board)
        await on_a_thread(services.unshare_board)(actor=mina, board_id=board, room_id=room.pk)
        for socket in (one, two):
            await socket.expect_closed(1012)
    async with opened(mina, board) as again:
        assert await subscribe(again, board, 1) == "resume"
        assert (await again.expect("board.changed"))["data"]["board"]["shared"] is False


async def test_a_deleted_board_says_so_and_closes(mina, board):
    async with opened(mina, board) as socket:
        await subscribe(socket, board)
        await on_a_thread(services.delete_board)(actor=mina, board_id=board)
        await socket.expect("board.removed")
        await socket.expect_closed(4404)


async def test_who_is_no_longer_staff_is_out_of_the_platforms_board(monkeypatch, mina):
    monkeypatch.setattr(watching, "RENEW_SECONDS", 0.1)
    await on_a_thread(User.objects.filter(pk=mina.pk).update)(is_staff=True)
    board = await on_a_thread(services.ensure_site_board)()
    async with opened(mina, board) as socket:
        assert await subscribe(socket, board) == "snapshot"
        await on_a_thread(User.objects.filter(pk=mina.pk).update)(is_staff=False)
        assert (await say(board, socket, "panel.add", panel=new_panel()))["code"] == "not_found"
        await socket.expect_closed(4403)


async def test_a_board_is_watched_while_somebody_looks(mina, teo, board):
    async with opened(mina, board) as one:
        await subscribe(one, board)
        async with opened(teo, board) as two:
            await subscribe(two, board)
            assert await on_a_thread(Watch.objects.filter(board=board).count)() == 1
        assert await on_a_thread(Watch.objects.filter(board=board).count)() == 1
    async with asyncio.timeout(20):
        while await on_a_thread(Watch.objects.filter(board=board).count)():
            await asyncio.sleep(0.02)


async def test_a_page_that_was_away_goes_on_from_what_it_holds(mina, board):
    async with opened(mina, board) as socket:
        await subscribe(socket, board)
    await on_a_thread(put)(mina, board, title="Meanwhile")
    async with opened(mina, board) as socket:
        assert await subscribe(socket, board, 1) == "resume"
        assert (await socket.expect("panel.changed"))["data"]["panel"]["title"] == "Meanwhile"


async def test_a_person_with_many_rooms_hears_none_of_them_here(mina, teo, room, board):
    async with opened(teo, board) as socket:
        await subscribe(socket, board)
        await on_a_thread(factories.say)(mina, room, "Not here")
        await on_a_thread(put)(mina, board, title="Here")
        assert (await socket.expect("panel.changed"))["data"]["panel"]["title"] == "Here"
        await socket.expect_silence()


async def test_commands_of_two_people_that_cross_all_count(mina, teo, board):
    async with opened(mina, board) as one, opened(teo, board) as two:
        await subscribe(one, board)
        await subscribe(two, board)
        view = new_panel()
        await say(board, one, "panel.add", panel=view)

        async def turn(socket, fields):
            for field, value in fields:
                assert (await say(board, socket, "panel.change", panel=view["id"], **{field: value}))["type"] == "ack"

        mine = [(field, f"{field}{number}") for number in range(5) for field in ("title", "unit")]
        theirs = [(field, number) for number in range(5) for field in ("x", "y")]
        added = [new_panel(title=str(number)) for number in range(6)]

        async def add(socket, views):
            for one in views:
                assert (await say(board, socket, "panel.add", panel=one))["type"] == "ack"

        await asyncio.gather(turn(one, mine), turn(two, theirs))
        await asyncio.gather(add(one, added), add(two, added))
        after = {str(one.id): one for one in (await on_a_thread(snapshot)(mina, board)).draft}
    changed = after.pop(view["id"])
    assert (changed.title, changed.unit, changed.x, changed.y) == ("title4", "unit4", 4, 4)
    assert set(after) == {one["id"] for one in added}
