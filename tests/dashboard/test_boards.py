"""Boards: made, drawn, published, shared and deleted; who may see and change them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from msgspec.structs import replace

from accounts.services import delete_permanently
from chat import services as chat
from dashboard import services
from dashboard.defaults import site_panels
from dashboard.models import Board, Panel, Series
from dashboard.selectors import board_list, told_to_all, who_sees
from dashboard.selectors.boards import BOARDS_MOST
from realtime import log
from realtime.protocol import Refused
from tests import factories
from tests.dashboard.boarding import change, own_board, panel, put, series_of, showing, snapshot
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.code, caught.value.field


def staff(username="rosa"):
    person = factories.make_person(username)
    person.is_staff = True
    person.save()
    return person


# Own boards


def test_mina_makes_a_board_draws_on_it_and_publishes(mina):
    board = own_board(mina, "Health")
    assert (board.kind, board.url, board.version, board.shared) == ("own", f"/boards/{board.id}/", 1, False)
    put(mina, board.id, title="One")
    seen = snapshot(mina, board.id)
    assert (seen.panels, [one.title for one in seen.draft], seen.board.changed_by.id) == ([], ["One"], mina.pk)
    services.publish_board(actor=mina, board_id=board.id, version=1)
    seen = snapshot(mina, board.id)
    assert ([one.title for one in seen.panels], seen.draft, seen.board.version) == (["One"], seen.panels, 2)
    assert (seen.board.changed_at, seen.board.changed_by, seen.as_of_seq) == (None, None, 2)


def test_mina_publishes_twice_because_the_answer_was_lost(mina):
    board = own_board(mina)
    put(mina, board.id)
    services.publish_board(actor=mina, board_id=board.id, version=1)
    services.publish_board(actor=mina, board_id=board.id, version=1)
    assert snapshot(mina, board.id).board.version == 2


def test_mina_publishes_what_teo_published_meanwhile(mina, teo, room):
    board = own_board(mina)
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk, may_edit=True)
    put(teo, board.id)
    services.publish_board(actor=teo, board_id=board.id, version=1)
    put(mina, board.id)
    assert refused(services.publish_board, actor=mina, board_id=board.id, version=1) == ("conflict", "version")
    assert len(snapshot(mina, board.id).draft or []) == 2


def test_mina_discards_her_draft(mina):
    board = own_board(mina)
    first = put(mina, board.id, title="Stays")
    services.publish_board(actor=mina, board_id=board.id, version=1)
    change(mina, board.id, first.id, title="Goes")
    put(mina, board.id, title="Goes too")
    services.discard_draft(actor=mina, board_id=board.id)
    seen = snapshot(mina, board.id)
    assert [one.title for one in seen.draft] == ["Stays"]
    assert (seen.draft == seen.panels, seen.board.changed_at) == (True, None)


def test_mina_takes_everything_back_by_hand_and_no_draft_is_left(mina):
    board = own_board(mina)
    first = put(mina, board.id)
    assert snapshot(mina, board.id).board.changed_at is not None
    services.remove_panel(actor=mina, board_id=board.id, panel_id=first.id)
    assert snapshot(mina, board.id).board.changed_at is None


def test_a_panel_added_twice_is_there_once_and_comes_back_after_it_was_removed(mina):
    board = own_board(mina)
    view = panel(title="One")
    first = services.add_panel(actor=mina, board_id=board.id, panel=view)
    again = services.add_panel(actor=mina, board_id=board.id, panel=replace(view, title="Other"))
    assert (first.duplicate, again.duplicate, again.panel.title) == (False, True, "One")
    for _ in range(2):
        services.remove_panel(actor=mina, board_id=board.id, panel_id=view.id)
    assert Panel.objects.count() == 0
    assert services.add_panel(actor=mina, board_id=board.id, panel=view).duplicate is False
    other = own_board(mina, "Other")
    assert refused(services.add_panel, actor=mina, board_id=other.id, panel=view) == ("conflict", "id")


def test_mina_and_teo_change_the_same_panel_and_both_keep_their_change(mina, teo, room):
    board = own_board(mina)
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk, may_edit=True)
    shown = put(mina, board.id, title="Old")
    change(mina, board.id, shown.id, title="New")
    change(teo, board.id, shown.id, x=3, y=2)
    [after] = snapshot(mina, board.id).draft or []
    assert (after.title, after.x, after.y, after.version) == ("New", 3, 2, 3)


def test_nothing_is_told_of_a_change_that_changes_nothing(mina):
    board = own_board(mina)
    shown = put(mina, board.id, title="Same")
    head = log.heads([f"dashboard:{board.id}"])
    change(mina, board.id, shown.id, title="Same")
    services.change_board(actor=mina, board_id=board.id, name="Mine")
    assert log.heads([f"dashboard:{board.id}"]) == head


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "pie"}, "kind"),
        ({"x": 12}, "x"),
        ({"x": 7, "w": 6}, "w"),
        ({"w": 0}, "w"),
        ({"h": 41}, "h"),
        ({"y": 401}, "y"),
        ({"title": "a\u202eb"}, "title"),
        ({"title": "a" * 81}, "title"),
        ({"low": 5.0, "high": 5.0}, "high"),
        ({"low": float("inf")}, "low"),
        ({"source": "nothing", "kind": "table"}, "source"),
        ({"text": "a" * 8001}, "body"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, dict) else "",
)
def test_a_panel_that_cannot_be_is_refused_with_its_field(mina, given, field):
    board = own_board(mina)
    assert refused(put, mina, board.id, **given)[1] == field
    assert snapshot(mina, board.id).draft == []


def test_text_of_a_panel_is_made_safe(mina):
    board = own_board(mina)
    shown = put(mina, board.id, kind="text", text="**Hi** <script>alert(1)</script> [x](javascript:alert(1))")
    assert "<strong>Hi</strong>" in shown.html
    assert "<script" not in shown.html
    assert "href" not in shown.html


def test_the_forty_first_panel_and_the_thirty_first_board_are_too_many(mina):
    board = own_board(mina)
    for _ in range(40):
        put(mina, board.id)
    assert refused(put, mina, board.id)[0] == "too_large"
    for number in range(1, BOARDS_MOST):
        own_board(mina, f"Board {number}")
    assert refused(own_board, mina)[0] == "too_large"
    assert board_list(actor=mina).may_create is False


def test_nobody_else_sees_a_board_of_ones_own(mina, teo):
    board = own_board(mina)
    assert refused(snapshot, teo, board.id) == ("not_found", None)
    assert refused(put, teo, board.id) == ("not_found", None)
    assert board_list(actor=teo).boards == []
    assert refused(snapshot, mina, 2**80) == ("not_found", None)


# Series


def test_a_board_shows_only_series_that_one_may_see(mina, teo, ines, room, secret):
    chat.join_room(actor=ines, room_id=room.pk)
    board = own_board(mina)
    mine, theirs, closed = series_of(mina), series_of(teo), series_of(room=secret.pk, name="messages")
    put(mina, board.id, series=showing(mine))
    for other in (theirs, series_of(name="sockets2")):
        assert refused(put, mina, board.id, series=showing(other)) == ("invalid", "series")
    put(mina, board.id, series=showing(closed))
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    services.publish_board(actor=mina, board_id=board.id, version=1)
    seen = snapshot(ines, board.id)
    assert ([one.id for one in seen.series], seen.apart, seen.draft, seen.may_edit) == ([mine.pk], [], None, False)
    assert (snapshot(mina, board.id).apart, len(snapshot(mina, board.id).series)) == ([closed.pk], 2)


def test_what_ticks_tell_is_what_everybody_may_see(mina, teo, room, secret):
    board = own_board(mina)
    row = Board.objects.get(pk=board.id)
    mine, open_, closed = series_of(mina), series_of(room=room.pk, name="a"), series_of(room=secret.pk, name="a")
    ids = [mine.pk, open_.pk, closed.pk]
    assert told_to_all([(row, ids)])[board.id] == ids
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    assert told_to_all([(row, ids)])[board.id] == [mine.pk, open_.pk]
    services.unshare_board(actor=mina, board_id=board.id, room_id=room.pk)
    factories.give_role(room, teo, "owner")
    chat.leave_room(actor=mina, room_id=room.pk)
    assert told_to_all([(row, ids)])[board.id] == [mine.pk, closed.pk]


def test_an_editor_cannot_bring_up_another_series_of_the_owner(mina, teo, room):
    board = own_board(mina)
    shown, hidden = series_of(mina, name="shown"), series_of(mina, name="hidden")
    held = put(mina, board.id, series=showing(shown))
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk, may_edit=True)
    change(teo, board.id, held.id, series=showing(shown, aggregate="highest"))
    assert refused(change, teo, board.id, held.id, series=showing(shown, hidden)) == ("invalid", "series")
    assert refused(change, teo, board.id, held.id, series=showing(series_of(teo))) == ("invalid", "series")


# Shares


def test_mina_shares_a_board_and_takes_it_back(mina, teo, ines, room):
    board = own_board(mina)
    put(mina, board.id)
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    assert [one.board.shared for one in board_list(actor=teo).boards] == [True]
    assert refused(put, teo, board.id)[0] == "forbidden"
    assert refused(services.share_board, actor=teo, board_id=board.id, room_id=room.pk)[0] == "forbidden"
    assert refused(services.delete_board, actor=teo, board_id=board.id)[0] == "forbidden"
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk, may_edit=True)
    put(teo, board.id)
    services.unshare_board(actor=mina, board_id=board.id, room_id=room.pk)
    assert refused(snapshot, teo, board.id)[0] == "not_found"
    assert who_sees(board_id=board.id, user_ids=[mina.pk, teo.pk]) == {mina.pk}


def test_a_board_is_not_shared_with_a_room_that_one_is_not_in(mina, ines, secret, room):
    board = own_board(ines)
    assert refused(services.share_board, actor=ines, board_id=board.id, room_id=secret.pk)[0] == "not_found"


# Rooms and the site


def test_a_room_has_a_board_for_its_members(mina, teo, secret, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    assert services.ensure_room_board(actor=teo, room_id=room.pk) == board
    seen = snapshot(teo, board)
    assert (seen.board.url, seen.may_edit, len(seen.panels), seen.apart) == (f"/rooms/{room.slug}/board/", True, 9, [])
    assert {one.scope for one in seen.series} == {"room"}
    outsider = factories.make_person()
    assert refused(snapshot, outsider, board) == ("not_found", None)
    assert refused(services.ensure_room_board, actor=outsider, room_id=room.pk) == ("not_member", None)
    assert refused(services.ensure_room_board, actor=outsider, room_id=secret.pk) == ("not_found", None)
    assert refused(services.delete_board, actor=mina, board_id=board) == ("forbidden", None)


def test_a_room_board_shows_what_all_its_members_may_see(mina, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    assert refused(put, mina, board, series=showing(series_of(mina))) == ("invalid", "series")
    put(mina, board, series=showing(series_of(room=room.pk)))


def test_who_may_not_write_in_a_room_does_not_change_its_board(mina, teo, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    factories.change(mina, room, read_only=True)
    assert refused(put, teo, board)[0] == "forbidden"
    assert (snapshot(teo, board).draft, snapshot(mina, board).may_edit) == (None, True)


def test_the_platforms_board_is_for_staff_as_they_are_now(mina):
    rosa = staff()
    board = services.ensure_site_board()
    assert services.ensure_site_board() == board
    assert (snapshot(rosa, board).may_edit, len(snapshot(rosa, board).panels)) == (True, len(site_panels()))
    assert [one.board.id for one in board_list(actor=rosa).boards] == [board]
    assert refused(snapshot, mina, board)[0] == "not_found"
    type(rosa).objects.filter(pk=rosa.pk).update(is_staff=False)
    assert refused(snapshot, rosa, board)[0] == "not_found"


def test_rosa_copies_the_platforms_board(mina, teo, room):
    rosa = staff()
    board = services.ensure_site_board()
    copy = services.create_board(actor=rosa, name="Copy", copy=board)
    assert [one.title for one in snapshot(rosa, copy.id).panels] == [one.title for one in snapshot(rosa, board).panels]
    assert refused(services.create_board, actor=mina, name="Copy", copy=board)[0] == "not_found"
    rooms = services.ensure_room_board(actor=mina, room_id=room.pk)
    copied = snapshot(mina, services.create_board(actor=mina, name="Copy", copy=rooms).id)
    assert {one.room for one in copied.series} == {room.pk}
    assert f"room/{room.pk}/" in "".join(one.source for one in copied.panels) or not copied.tables


def test_mina_deletes_her_board(mina):
    board = own_board(mina)
    put(mina, board.id)
    services.delete_board(actor=mina, board_id=board.id)
    assert refused(snapshot, mina, board.id)[0] == "not_found"
    assert refused(services.delete_board, actor=mina, board_id=board.id)[0] == "not_found"
    assert Panel.objects.count() == 0


def test_nobody_changes_a_panel_that_is_gone(mina):
    board = own_board(mina)
    assert refused(change, mina, board.id, uuid4(), title="Gone")[0] == "gone"


def test_staff_begin_with_how_the_site_is_doing_and_others_may_not(mina):
    rosa = staff()
    assert [one.name for one in board_list(actor=rosa).templates] == ["health"]
    board = services.create_board(actor=rosa, name="Realtime health", template="health")
    assert [len(one.series) for one in snapshot(rosa, board.id).panels][:3] == [1, 1, 1]
    assert refused(services.create_board, actor=mina, name="Mine", template="health") == ("forbidden", "template")
    assert refused(services.create_board, actor=mina, name="Mine", template="nothing") == ("invalid", "template")


def test_a_member_begins_with_the_figures_of_a_room_and_others_may_not(mina, room, secret):
    factories.make_direct(mina, factories.make_person())
    templates = {one.title: one for one in board_list(actor=mina).templates}
    assert set(templates) == {room.name, secret.name}
    wanted = templates[room.name]
    made = services.create_board(actor=mina, name="Core", template=wanted.name, room=wanted.room)
    seen = snapshot(mina, made.id)
    assert (len(seen.panels), seen.board.range_seconds) == (wanted.panels, 86_400)
    assert {one.room for one in seen.series} == {room.pk}
    assert f"room/{room.pk}/hot-files" in {one.source for one in seen.tables}
    stranger = factories.make_person()
    given = {"actor": stranger, "name": "Core", "template": "room"}
    assert refused(services.create_board, **given, room=room.pk) == ("not_member", "template")
    assert refused(services.create_board, **given, room=secret.pk)[0] in {"not_found", "not_member"}
    assert refused(services.create_board, **given) == ("invalid", "template")
    assert refused(services.create_board, actor=mina, name="Core", room=room.pk) == ("invalid", "template")


def test_what_somebody_measured_goes_with_their_account(mina, teo, room):
    board = own_board(mina)
    series = series_of(mina)
    put(mina, board.id, series=showing(series))
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    room_board = services.ensure_room_board(actor=mina, room_id=room.pk)
    delete_permanently(actor=factories.make_person(is_staff=True, is_superuser=True), user=mina)
    assert refused(snapshot, teo, board.id)[0] == "not_found"
    assert not Series.objects.filter(pk=series.pk).exists()
    assert snapshot(teo, room_board).board.kind == "room"
    assert log.heads([f"dashboard:{board.id}"])[f"dashboard:{board.id}"][0] == 3
