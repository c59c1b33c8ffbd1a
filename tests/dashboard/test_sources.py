"""What tables and logs say, and what they say to nobody who may not know it."""

from __future__ import annotations

import csv
import io
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from chat import services as chat
from chat.shapes import BesideView
from dashboard import services
from dashboard.api.files import safe
from dashboard.models import Alert, Process, Rule, Sample, Series
from dashboard.selectors import boards as selectors
from dashboard.selectors import sources
from dashboard.selectors.rights import places_of, viewers
from dashboard.services.boards import series_ids
from dashboard.services.recording import database_now, record
from editor import services as editor
from tests import factories
from tests.chat.uploading import stored
from tests.dashboard.boarding import own_board, put, series_of, showing, snapshot
from tests.editor.conftest import make_document, write
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in
from tests.people import teo as teo

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def rosa(db):
    return factories.make_person("rosa", display_name="Rosa Almeida", is_staff=True)


def listed(actor, board, name):
    seen = snapshot(actor, board)
    found = {one.source: one for one in [*seen.tables, *seen.logs]}
    return found[name]


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_rooms_tables_say_who_edits_what(mina, teo, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    document = make_document(mina, room, name="session.py", text="one\ntwo\n")
    for number in range(3):
        write(mina, document, number, number, "x")
    write(teo, document, 0, 0, "y")
    assert texts(listed(mina, board, "edits-per-author")) == [["Mina Okafor", "3"], ["Teo Lindqvist", "1"]]
    hot = listed(mina, board, "hot-files")
    assert texts(hot) == [["session.py", "", "4"]]
    cell, by, _ = hot.rows[0]
    assert (cell.note, cell.url) == ("version 4", f"/rooms/{room.slug}/?doc={document.pk}")
    assert [person.id for person in by.people] == [mina.pk, teo.pk]


def test_a_rooms_tables_cost_the_same_however_many_documents_there_are(mina, room, django_assert_max_num_queries):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    for number in range(6):
        write(mina, make_document(mina, room, name=f"file{number}.py", text="one\n"), 0, 0, "x")
    listed(mina, board, "hot-files")
    place = places_of([selectors.Board.objects.get(pk=board)])[board]
    with django_assert_max_num_queries(8):
        sources.told_to_all(place=place, owner=None, names=["hot-files"])


def test_open_discussions_go_when_they_are_resolved(mina, teo, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    document = make_document(mina, room, name="session.py", text="one\ntwo\nthree\n")
    beside = BesideView(topic=f"document:{document.pk}", seq=0, start=4, end=13)
    asked = factories.say(teo, room, "Is this loop right?", beside=beside)
    editor.bind_messages(document_id=document.pk)
    factories.say(mina, room, "Yes", thread=asked.pk)
    [[cell]] = listed(mina, board, "open-discussions").rows
    assert (cell.text, cell.note, cell.people[0].id) == ("Is this loop right?", "session.py 2–3, 2 messages", teo.pk)
    assert cell.url == f"/rooms/{room.slug}/m/{asked.pk}/"
    editor.resolve_discussion(actor=mina, document_id=document.pk, message_id=asked.pk, resolved=True)
    assert listed(mina, board, "open-discussions").rows == []


def test_a_discussion_is_listed_in_plain_words(mina, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    document = make_document(mina, room, name="session.py", text="one\ntwo\nthree\n")
    beside = BesideView(topic=f"document:{document.pk}", seq=0, start=4, end=13)
    factories.say(mina, room, "Is `_next_` **really** used, or [only here](https://docs.example/)?", beside=beside)
    editor.bind_messages(document_id=document.pk)
    assert texts(listed(mina, board, "open-discussions")) == [["Is _next_ really used, or only here?"]]


# Sources that fail


def no_such_table(*, room_id):
    """A source beside us whose query the database refuses."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")


def works_again(*, room_id):
    """The same, mended."""
    return ["Thing"], [[{"text": "It works"}]]


def other_sources(path):
    """Apps beside us, one of them given by the test."""
    ours = [one for one in settings.DASHBOARD_SOURCES if one[0] != "broken"]
    return [("broken", "Broken", ["room"], f"{__name__}.{path}"), *ours]


@pytest.mark.allow_logged_errors("a source fails")
def test_a_source_that_fails_says_so_in_its_own_panel_and_the_others_go_on(mina, room, settings, caplog):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    settings.DASHBOARD_SOURCES = other_sources("no_such_table")
    broken = put(mina, board, kind="table", source="broken")
    write(mina, make_document(mina, room, name="session.py", text="one\n"), 0, 0, "x")
    seen = snapshot(mina, board)
    tables = {one.source: one for one in seen.tables}
    assert (tables["broken"].rows, texts(tables["hot-files"])) == ([], [["session.py", "", "1"]])
    incident = tables["broken"].incident
    assert f"incident {incident}: the source broken of {room.pk} failed" in caplog.text
    # The log says it once, however often a board asks; a file of it is refused.
    assert listed(mina, board, "broken").incident == incident
    assert caplog.text.count("failed") == 1
    response = signed_in(mina).get(f"/api/boards/{board}/panels/{broken.id}/csv")
    assert (response.status_code, incident in response.json()["message"]) == (500, True)
    settings.DASHBOARD_SOURCES = other_sources("works_again")
    assert texts(listed(mina, board, "broken")) == [["It works"]]
    assert listed(mina, board, "broken").incident == ""


@pytest.mark.allow_logged_errors("a source fails")
def test_what_the_recorder_tells_of_a_board_goes_on_beside_a_source_that_fails(mina, room, settings, caplog):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    settings.DASHBOARD_SOURCES = other_sources("no_such_table")
    place = places_of([selectors.Board.objects.get(pk=board)])[board]
    tables, _ = sources.told_to_all(place=place, owner=None, names=["broken", "edits-per-author"])
    assert [(one.source, bool(one.incident)) for one in tables] == [("broken", True), ("edits-per-author", False)]


def test_happening_now_says_who_and_where_but_no_words(mina, teo, room, rosa):
    board = services.ensure_site_board()
    factories.say(mina, room, "A secret plan")
    factories.say(mina, room, "Another")
    factories.say(teo, room, "", attachments=[stored(teo, room, b"a plan").id])
    document = make_document(mina, room, name="session.py")
    write(teo, document, 0, 0, "x")
    rows = listed(rosa, board, "happening-now").rows
    told = [(row.person.display_name if row.person else "", row.text) for row in rows]
    assert told[:3] == [
        ("Teo Lindqvist", "edited session.py"),
        ("Teo Lindqvist", "uploaded 1 file in #Realtime core"),
        ("Mina Okafor", "wrote in #Realtime core"),
    ]
    assert "secret plan" not in str(rows)


def test_staff_learn_nothing_of_closed_rooms_but_that_they_are_there(mina, teo, secret, rosa):
    board = services.ensure_site_board()
    factories.say(mina, secret, "We hire")
    write(mina, make_document(mina, secret, name="salaries.md"), 0, 0, "x")
    direct = factories.make_direct(mina, teo)
    factories.say(mina, direct, "Psst")
    ids = series_ids({f"room/{secret.pk}/messages", f"room/{direct.pk}/messages"})
    at = int(database_now().timestamp())
    record()
    for pk in ids.values():
        Sample.objects.create(
            series_id=pk, resolution=60, at=at - at % 60, count=1, total=5, low=5, high=5, last=5, last_ms=0
        )
    seen = snapshot(rosa, board)
    told = str(seen.tables) + str(seen.logs)
    for word in ("Hiring", "hiring", "salaries", "We hire", "Mina", "Teo", "Psst"):
        assert word not in told
    assert f"Somebody wrote in private room #{secret.pk}" in told
    assert f"Private room #{secret.pk}" in told
    assert f"room #{direct.pk}" not in told
    assert all(cell.url == "" for table in seen.tables for row in table.rows for cell in row)


def test_processes_are_listed_and_one_that_fell_silent_says_so(rosa):
    board = services.ensure_site_board()
    now = database_now()
    Process.objects.create(
        name="a", label="web-1", number=1, at=now, gauges='{"sockets":12,"cpu":31,"memory":104857600}'
    )
    Process.objects.create(name="b", label="web-2", number=1, at=now.replace(year=now.year - 1), gauges="{}")
    assert texts(listed(rosa, board, "processes")) == [["web-1", "12", "31%", "100 MiB"]]
    Process.objects.filter(name="b").update(at=now - timedelta(minutes=1))
    assert texts(listed(rosa, board, "processes"))[1][:2] == ["web-2", "silent"]


def test_the_busiest_room_comes_first(mina, room, rosa):
    board = services.ensure_site_board()
    record()
    other = factories.make_room(mina, name="Quiet")
    at = int(database_now().timestamp())
    for place, total in ((room, 90.0), (other, 30.0)):
        [pk] = series_ids({f"room/{place.pk}/messages"}).values()
        Sample.objects.create(
            series_id=pk, resolution=60, at=at - at % 60, count=1, total=total, low=1, high=1, last=1, last_ms=0
        )
    table = listed(rosa, board, "busiest-rooms")
    assert texts(table) == [["# Realtime core", "90", "0"], ["# Quiet", "30", "0"]]
    assert [round(row[1].share, 2) for row in table.rows] == [1.0, 0.33]


def test_the_assistants_use_stands_on_a_rooms_board(mina, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    names = [row[0] for row in texts(listed(mina, board, "assistant-use"))]
    assert names == ["Tokens", "Cost", "Answers", "Suggestions taken"]


def test_a_rooms_table_on_ones_own_board_is_for_those_who_are_in_the_room(mina, teo, ines, room, secret):
    board = own_board(mina)
    put(mina, board.id, kind="table", source=f"room/{secret.pk}/hot-files")
    services.share_board(actor=mina, board_id=board.id, room_id=room.pk)
    services.publish_board(actor=mina, board_id=board.id, version=1)
    chat.join_room(actor=ines, room_id=room.pk)
    assert [one.source for one in snapshot(mina, board.id).tables] == [f"room/{secret.pk}/hot-files"]
    assert snapshot(ines, board.id).tables == []
    row = selectors.Board.objects.get(pk=board.id)
    place = places_of([row])[row.pk]
    owner = viewers(user_ids=[mina.pk], room_ids=[secret.pk])[mina.pk]
    assert sources.told_to_all(place=place, owner=owner, names=[f"room/{secret.pk}/hot-files"]) == ([], [])
    assert not any(
        one.name.startswith(f"room/{secret.pk}") for one in sources.sources_for(actor_id=ines.pk, place=place)
    )


def alert(series, place, title, **given):
    rule = Rule.objects.create(series=series, room=place, title=title, threshold=5, level="danger")
    now = timezone.now()
    usual = {"since": now, "fired_at": now, "told_at": now, "value": 9, "peak": 9}
    return Alert.objects.create(rule=rule, **(usual | given))


def test_a_rooms_alerts_are_a_log_and_those_that_fire_come_first(mina, teo, room, secret):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    put(mina, board, kind="log", source="alerts")
    series = series_of(room=room.pk)
    now = timezone.now()
    alert(series, room, "Quiet", state="resolved", resolved_at=now, fired_at=now + timedelta(seconds=5))
    alert(series, room, "Loud", acknowledged_by=teo, message=uuid4())
    alert(series_of(room=secret.pk), secret, "Elsewhere")
    rows = listed(mina, board, "alerts").rows
    assert [(row.text, row.level) for row in rows] == [
        ("Loud, Teo Lindqvist has it", "danger"),
        ("Over: Quiet", "info"),
    ]
    assert rows[0].url.startswith(f"/rooms/{room.slug}/m/")


def test_staff_see_alerts_of_the_site_but_not_the_closed_room_that_has_them(mina, secret, rosa):
    board = services.ensure_site_board()
    put(rosa, board, kind="log", source="alerts")
    alert(series_of(name="sockets2"), secret, "Sockets above 5", acknowledged_by=mina, message=uuid4())
    alert(series_of(room=secret.pk), secret, "Secret load")
    [row] = listed(rosa, board, "alerts").rows
    assert (row.text, row.url) == ("Sockets above 5", "")


# Files


def download(user, board, panel, **query):
    response = signed_in(user).get(f"/api/boards/{board}/panels/{panel}/csv", query)
    return response, list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_chart_is_a_file_of_times_and_figures(mina):
    board = own_board(mina)
    series = series_of(mina)
    shown = put(mina, board.id, title="Load", series=showing(series, label="=cmd()", divide=2))
    record()
    at = int(time.time()) - 5
    Sample.objects.create(series=series, resolution=1, at=at, count=1, total=8, low=8, high=8, last=8, last_ms=0)
    response, rows = download(mina, board.id, shown.id, seconds=900)
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert 'filename="Load.csv"' in response["Content-Disposition"]
    assert rows[0] == ["time", "'=cmd() ÷ 2"]
    assert [row[1] for row in rows[1:] if row[1]] == ["4.0"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\tx", "\rx"], ids=repr)
def test_words_that_a_spreadsheet_would_run_are_marked_as_text(cell):
    assert safe(cell) == f"'{cell}"
    assert safe(-1.5) == -1.5


def test_a_table_is_a_file_too_and_only_for_who_sees_it(mina, teo, room):
    board = services.ensure_room_board(actor=mina, room_id=room.pk)
    write(mina, make_document(mina, room, name="=evil.py"), 0, 0, "x")
    shown = next(one for one in snapshot(mina, board).panels if one.source == "hot-files")
    _, rows = download(mina, board, shown.id)
    assert (rows[0], rows[1][0], rows[1][2]) == (["Document", "By", "Edits"], "'=evil.py", "1")
    stranger = factories.make_person()
    assert download(stranger, board, shown.id)[0].status_code == 404
    assert download(mina, board, uuid4())[0].status_code == 404
    assert Series.objects.filter(room=room.pk).exists()
